// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_CLOSURECTL_CLOSURE_LINES_H_
#define CLOSURE_CLIENT_CLOSURECTL_CLOSURE_LINES_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "client/closurectl/next_step.h"
#include "client/closurectl/session.h"
#include "client/closurectl/style.h"
#include "closure/v1/closure.pb.h"

namespace closure {

// How a closure is shown to people. The texts are escaped and end with a line end.

// Everything that `status` shows, the next command lines of the one who asks included.
std::string ClosureStatusText(const v1::Closure& closure, absl::string_view program, const Style& style,
                              Role role = Role::kOwner);

// NAME, STATE, how long the silent period still lasts, how many items stand in the way, when it was created.
std::string ClosureTableText(const std::vector<v1::Closure>& closures, const Style& style);

// How each checker fared.
std::string CheckerTableText(const google::protobuf::RepeatedPtrField<v1::CheckerResult>& checkers, const Style& style);

// What the participants of the present phase are doing; empty when there are none.
std::string ParticipantTableText(const v1::Closure& closure, const Style& style);

// What every mutating command ends with: the closure as data, then what changed and the next command line as messages.
void PrintChanged(Session& session, const v1::Closure& closure, absl::string_view what);

// What ended a closure, or last sent it back from CONFIRMING: "IDLE: nothing happened for 30 days"; empty where there
// is nothing to tell. Not escaped yet, and without a line end.
std::string CauseText(const v1::Closure& closure);

// What the owner of a BLOCKED closure does before it is scanned again, without a full stop: "Handle what is listed";
// where nothing is to be handled by hand, what has to be over. Escaped.
std::string BeforeNextScan(const v1::Closure& closure);

// How many items stand in the way: "2 to handle by hand, 1 renounceable, 0 renounced".
std::string CountsText(const v1::ItemCounts& counts);

// A short sentence on what became of the scan, or how a checker fared: "billing ANSWERED, 2 items, 120ms".
std::string CheckerLine(const v1::CheckerResult& checker);

}  // namespace closure

#endif  // CLOSURE_CLIENT_CLOSURECTL_CLOSURE_LINES_H_
