// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_CLOSURECTL_ITEM_VIEW_H_
#define CLOSURE_CLIENT_CLOSURECTL_ITEM_VIEW_H_

#include <google/protobuf/repeated_ptr_field.h>

#include <string>

#include "client/closurectl/style.h"
#include "closure/v1/closure.pb.h"

namespace closure {

// How blocking items are shown to people. The texts are escaped and end with a line end.

// An amount with its currency, "1000.01 USD"; the raw numbers where the server's amount breaks the rules of money.
std::string AmountText(const v1::Money& amount);

// One row an item, named by its last segment.
std::string ItemTableText(const google::protobuf::RepeatedPtrField<v1::BlockingItem>& items, const Style& style);

// What a table has no room for: why an item blocks, who has to act, what to do and where, or that nothing is to be done
// any more.
std::string ItemDetailText(const v1::BlockingItem& item, const Style& style);

// The same for each item, under its name.
std::string ItemDetailText(const google::protobuf::RepeatedPtrField<v1::BlockingItem>& items, const Style& style);

// Items for people who want to know what there is, not to name one: up to three of a sort one by one, more of them,
// alike in checker, kind, type, region, who has to act and what is to be done, together with their number, the names of
// the first and the details of the first. Ends with a line end unless there are none.
std::string ItemGroupsText(const google::protobuf::RepeatedPtrField<v1::BlockingItem>& items, const Style& style);

}  // namespace closure

#endif  // CLOSURE_CLIENT_CLOSURECTL_ITEM_VIEW_H_
