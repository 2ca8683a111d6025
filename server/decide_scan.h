// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_DECIDE_SCAN_H_
#define CLOSURE_SERVER_DECIDE_SCAN_H_

#include <string>

#include "server/decision_builder.h"
#include "server/fan_out.h"
#include "server/scan_merge.h"

// What the decisions about scans have in common.
namespace closure {

// What was found, in numbers, and who did not answer: the detail of the history.
std::string ScanSummary(const ScanMerge& merge, const ScanFindings& findings);

// What stands in the way, for people: the first few by name and amount, how many more there are, and who did not
// answer.
std::string ScanProblems(const ScanMerge& merge, const ScanFindings& findings);

// Writes what the scan found into the closure; the caller moves it on. Takes the items and renunciations of `merge`.
void StoreScan(DecisionBuilder& builder, const ScanFindings& findings, ScanMerge& merge, bool clean);

}  // namespace closure

#endif  // CLOSURE_SERVER_DECIDE_SCAN_H_
