// SPDX-License-Identifier: Apache-2.0
#include "checkers/builtin.h"

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "checkers/text.h"
#include "fmt/format.h"

namespace closure {
namespace {

// Raised when what a built-in checker reports changes in meaning.
constexpr std::string_view kBuiltinVersion = "1";

}  // namespace

v1::CheckerDescription DescribeBuiltin(std::string_view name, std::initializer_list<v1::ItemKind> kinds) {
  v1::CheckerDescription description;
  description.set_name(std::string(name));
  description.set_version(std::string(kBuiltinVersion));
  for (const v1::CheckPhase phase : {v1::PREVIEW, v1::SCAN, v1::CONFIRM, v1::FINAL}) {
    description.add_phases(phase);
  }
  for (const v1::ItemKind kind : kinds) description.add_kinds(kind);
  return description;
}

ReportingChecker::ReportingChecker(std::string_view name, std::initializer_list<v1::ItemKind> kinds)
    : description_(DescribeBuiltin(name, kinds)) {}

void ReportingChecker::Discard(const v1::DiscardRequest& request, const CallOptions& /*options*/, DiscardDone done) {
  std::move(done)(absl::UnimplementedError(fmt::format("checker({}): {} is not released through this checker",
                                                       description_.name(), QuotedExcerpt(request.native_id()))));
}

}  // namespace closure
