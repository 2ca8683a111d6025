// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_REDACTION_H_
#define CLOSURE_SERVER_REDACTION_H_

#include <string>
#include <string_view>

#include "closure/internal/v1/closure_data.pb.h"

namespace closure {

// What another system said, with *** for every address of the closure's owner in it, whatever the case of its letters
// (D12). For what outlives the addresses: records, and the log. It finds an address that is spelled as
// the account system spells it, whole or cut short by the end of the text. Pure.
std::string WithoutAddresses(const internal::v1::ClosureData& data, std::string_view text);

}  // namespace closure

#endif  // CLOSURE_SERVER_REDACTION_H_
