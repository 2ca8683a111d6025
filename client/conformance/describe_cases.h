// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_CONFORMANCE_DESCRIBE_CASES_H_
#define CLOSURE_CLIENT_CONFORMANCE_DESCRIBE_CASES_H_

#include <string>

#include "checkers/description_fault.h"
#include "client/conformance/verdict.h"
#include "client/conformance/words.h"
#include "fmt/format.h"
#include "google/protobuf/util/message_differencer.h"

// What checkers and participants promise alike of what they say of themselves.
namespace closure {

template <typename Subject>
Verdict DescribeComplete(Subject& subject) {
  const auto said = subject.Describe();
  if (!said.ok()) return Broken(Told(said.status()));
  if (const std::string fault = DescriptionFault(*said); !fault.empty()) return Broken(fault);
  return Holds(fmt::format("{} {}", said->name(), said->version()));
}

template <typename Subject>
Verdict DescribeSteady(Subject& subject) {
  const auto first = subject.Describe();
  const auto second = subject.Describe();
  if (!first.ok()) return Broken(Told(first.status()));
  if (!second.ok()) return Broken(Told(second.status()));
  if (!google::protobuf::util::MessageDifferencer::Equals(*first, *second))
    return Broken("two calls describe it differently");
  return Holds("twice the same");
}

}  // namespace closure

#endif  // CLOSURE_CLIENT_CONFORMANCE_DESCRIBE_CASES_H_
