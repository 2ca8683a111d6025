// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_CONFORMANCE_FACTS_H_
#define CLOSURE_CLIENT_CONFORMANCE_FACTS_H_

#include <map>
#include <string>

#include "checkers/checker.h"

// What of an answer decides: two with other facts say another thing. Pure.
namespace closure {

// Of each item by its native id: kind, disposition, amount and state.
using Facts = std::map<std::string, std::string>;
Facts FactsOf(const CheckAnswer& answer);

// What of two answers differs first; empty when nothing does.
std::string FirstDifference(const Facts& first, const Facts& second);

}  // namespace closure

#endif  // CLOSURE_CLIENT_CONFORMANCE_FACTS_H_
