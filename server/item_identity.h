// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_ITEM_IDENTITY_H_
#define CLOSURE_SERVER_ITEM_IDENTITY_H_

#include <string>
#include <string_view>

#include "closure/v1/checker_service.pb.h"
#include "closure/v1/closure.pb.h"

// Which item is which, over scans, and which facts a discard is bound to (D11). Every function is pure and can be
// called from any thread.
namespace closure {

// The checker's name, a hyphen and the first 32 hexadecimal digits of the SHA-256 of the native id: the same in every
// scan.
std::string ItemId(std::string_view checker, std::string_view native_id);

// "{closure}/blockingItems/{item}".
std::string ItemName(std::string_view closure_name, std::string_view item_id);

// SHA-256, in lower-case hexadecimal, of the facts of an item: the six lines
//
//   closure-item-facts-1
//   native_id <bytes>:<native id>
//   kind <number>
//   disposition <number>
//   amount <currency> <units> <nanos>      or, where it is not about money:  amount none
//   native_state <bytes>:<native state>
//
// each ended by a line feed. The byte counts keep any text from being taken for another line. Why, instructions, links
// and names are no facts: they may be reworded while a discard is being decided on.
std::string Fingerprint(const v1::ReportedItem& item);

// A reported item as the API shows it, with name, checker, fingerprint and resolution OPEN; change and first_seen_time
// are not set.
v1::BlockingItem MakeBlockingItem(std::string_view closure_name, std::string_view checker, v1::ReportedItem item);

// What follows the closure's name in the stable key of the item's release. The same finding with the same facts has the
// same key, so that a release whose outcome was unknown is not done twice.
std::string ReleaseKey(const v1::BlockingItem& item);

// The facts of a stored item as a discard expects them: native id, kind, disposition, amount and state. Its Fingerprint
// is the item's.
v1::ReportedItem ExpectedFacts(const v1::BlockingItem& item);

}  // namespace closure

#endif  // CLOSURE_SERVER_ITEM_IDENTITY_H_
