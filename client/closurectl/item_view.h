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

// What a table has no room for: for each item why it blocks, who has to act, what to do and where.
std::string ItemDetailText(const google::protobuf::RepeatedPtrField<v1::BlockingItem>& items);

}  // namespace closure

#endif  // CLOSURE_CLIENT_CLOSURECTL_ITEM_VIEW_H_
