// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_CLOSURECTL_PREVIEW_COMMAND_H_
#define CLOSURE_CLIENT_CLOSURECTL_PREVIEW_COMMAND_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "client/closurectl/exit_code.h"
#include "client/closurectl/session.h"

namespace closure {

// What a preview found and what to do about it.
struct PreviewResult {
  v1::ClosurePlan plan;
  v1::PreviewItems items;
};

// Whether jsonl streams what arrives to the data; a command whose data is something else keeps it to itself.
enum class PreviewStream { kData, kQuiet };

// Runs a preview of "accounts/{account}" with progress on the message stream, and returns what it found. Takes up to
// ten minutes unless --timeout says otherwise: a scan may take five (R16). Errors: those of PreviewClosure.
absl::StatusOr<PreviewResult> RunPreview(Session& session, const std::string& account, PreviewStream stream);

// The short of a preview: whether the account can be closed, and when at the earliest.
std::string VerdictText(const PreviewResult& preview, const Style& style);

// A preview for people: the verdict, what to do in which order, what blocks, why and where to go about it; many items
// of a sort together.
std::string PlanText(const PreviewResult& preview, const Style& style);

// The same, then how the checkers fared; where something blocks, or with `checklist`, also what the scan checks, advice
// and what is often asked.
std::string FullPlanText(const PreviewResult& preview, const Style& style, bool checklist);

// The closure that is open beside a preview for people, which cannot be read by itself then; nothing where none is, for
// a script, and for an identity that may not see it. Errors: those of ListClosures.
absl::StatusOr<std::optional<v1::Closure>> FindShownClosure(Session& session, const std::string& account);

// A preview of an account with an open closure: first that closure and its next step, then what a scan would find now.
// There is no verdict: a preview knows neither what was renounced nor that nothing can be started.
std::string OpenClosureText(Session& session, const v1::Closure& open, const PreviewResult& preview);

// What `close --dry-run` does: shows a preview of the account that was typed and starts nothing. Errors: those of
// UseAccount, ListClosures and PreviewClosure.
absl::StatusOr<ExitCode> DryRun(Session& session, const std::string& typed);

// Where an eligible owner reads what to save before the account is gone: "advice:" and the command line below it.
std::string ChecklistPointer(const Session& session, absl::string_view account_id);

}  // namespace closure

#endif  // CLOSURE_CLIENT_CLOSURECTL_PREVIEW_COMMAND_H_
