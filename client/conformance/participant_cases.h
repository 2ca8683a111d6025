// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_CONFORMANCE_PARTICIPANT_CASES_H_
#define CLOSURE_CLIENT_CONFORMANCE_PARTICIPANT_CASES_H_

#include <vector>

#include "client/conformance/participant_subject.h"
#include "client/conformance/verdict.h"

namespace closure {

using ParticipantCase = ConformanceCase<ParticipantSubject>;

// Every promise that an implementation of closure.v1.ParticipantService makes, in the order in which they are to be
// judged.
std::vector<ParticipantCase> ParticipantCases();

}  // namespace closure

#endif  // CLOSURE_CLIENT_CONFORMANCE_PARTICIPANT_CASES_H_
