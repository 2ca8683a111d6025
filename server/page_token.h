// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_PAGE_TOKEN_H_
#define CLOSURE_SERVER_PAGE_TOKEN_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"

// Page tokens (AIP-158): opaque to callers, versioned, and bound to the list and the filter that they were made for.
// They are no secret and grant nothing: every page is authorized like the first. Every function is pure.
namespace closure {

// What a token is bound to: the list's request with the account, parent and filters but without page_size and
// page_token.
std::string PageScope(const google::protobuf::Message& request);

// The longest cursor whose token is read again; names of entries are far shorter.
inline constexpr std::size_t kCursorBytesMax = 751;

// The token of the page that starts behind `cursor`, which names the last entry of this page.
std::string MakePageToken(std::string_view scope, std::string_view cursor);

// The cursor in a token that was made for the same scope; "" for the empty token, which asks for the first page.
// Errors: INVALID_ARGUMENT with PAGE_TOKEN_INVALID, on the field page_token.
absl::StatusOr<std::string> ReadPageToken(std::string_view scope, std::string_view token);

// As above for cursors that are one number; 0 for the empty token.
absl::StatusOr<int64_t> ReadNumberedPageToken(std::string_view scope, std::string_view token);

}  // namespace closure

#endif  // CLOSURE_SERVER_PAGE_TOKEN_H_
