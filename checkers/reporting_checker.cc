// SPDX-License-Identifier: Apache-2.0
#include "checkers/reporting_checker.h"

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "checkers/text.h"
#include "fmt/format.h"

namespace closure {

v1::CheckerDescription DescribeChecker(std::string_view name, std::string_view version,
                                       std::initializer_list<v1::ItemKind> kinds) {
  v1::CheckerDescription description;
  description.set_name(std::string(name));
  description.set_version(std::string(version));
  for (const v1::CheckPhase phase : {v1::PREVIEW, v1::SCAN, v1::CONFIRM, v1::FINAL}) description.add_phases(phase);
  for (const v1::ItemKind kind : kinds) description.add_kinds(kind);
  return description;
}

void ReportingChecker::Discard(const v1::DiscardRequest& request, const CallOptions& /*options*/, DiscardDone done) {
  std::move(done)(absl::UnimplementedError(fmt::format("checker({}): {} is not released through this checker",
                                                       description_.name(), QuotedExcerpt(request.native_id()))));
}

}  // namespace closure
