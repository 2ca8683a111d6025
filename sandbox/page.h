// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SANDBOX_PAGE_H_
#define CLOSURE_SANDBOX_PAGE_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Pages of a list (AIP-158): a token holds the key of the last row that was given, and which list of which account it
// belongs to. All functions are pure and thread-safe.
namespace closure {

// What to read for one page.
struct Page {
  // The rows after this key; empty for the first page.
  std::string after;
  // The most rows to give.
  int size = 0;
};

// `list` is the method's full name.
// Errors: INVALID_ARGUMENT for a negative size, and for a token that was not made by NextPageToken for this list and
// account.
absl::StatusOr<Page> ReadPage(std::string_view list, std::string_view account_id, int32_t page_size,
                              const std::string& page_token);

// The token of the page after the row `last_key`.
std::string NextPageToken(std::string_view list, std::string_view account_id, std::string_view last_key);

// Reads one page and the row after it, which tells whether there is a next one. `read(after, limit)` gives the rows in
// order, `key_of(row)` a row's key, `add(row)` puts one into the response. Errors: those of ReadPage.
template <typename Request, typename Response, typename Read, typename KeyOf, typename Add>
absl::Status FillPage(std::string_view list, const Request& request, Response& response, Read read, KeyOf key_of,
                      Add add) {
  const absl::StatusOr<Page> page = ReadPage(list, request.account_id(), request.page_size(), request.page_token());
  if (!page.ok()) return page.status();
  auto rows = read(page->after, page->size + 1);
  const bool more = rows.size() > static_cast<size_t>(page->size);
  if (more) rows.pop_back();
  if (more) response.set_next_page_token(NextPageToken(list, request.account_id(), key_of(rows.back())));
  for (auto& row : rows) add(row);
  return absl::OkStatus();
}

}  // namespace closure

#endif  // CLOSURE_SANDBOX_PAGE_H_
