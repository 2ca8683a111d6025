// SPDX-License-Identifier: Apache-2.0
#include "checkers/resources/resources_checker.h"

#include <optional>
#include <utility>
#include <vector>

#include "checkers/builtin.h"
#include "checkers/check_run.h"
#include "checkers/page_walk.h"
#include "checkers/resources/resource_items.h"
#include "checkers/upstream_call.h"

namespace closure {
namespace {

namespace up = upstream::v1;

absl::StatusOr<std::vector<v1::ReportedItem>> ReadResources(const up::ListResourcesResponse& page,
                                                            absl::Time check_time) {
  std::vector<v1::ReportedItem> items;
  items.reserve(static_cast<size_t>(page.resources_size()));
  for (const up::Resource& resource : page.resources()) {
    absl::StatusOr<std::optional<v1::ReportedItem>> item = ResourceItem(resource, check_time);
    if (!item.ok()) return item.status();
    if (item->has_value()) items.push_back(**std::move(item));
  }
  return items;
}

}  // namespace

ResourcesChecker::ResourcesChecker(std::shared_ptr<up::ResourceService::StubInterface> resources,
                                   CheckerSettings settings)
    : resources_(std::move(resources)),
      settings_(std::move(settings)),
      description_(DescribeBuiltin("resources", {v1::PAY_AS_YOU_GO_RESOURCE, v1::SUBSCRIPTION_RESOURCE})) {}

void ResourcesChecker::Check(const v1::CheckRequest& request, const CallOptions& options, CheckDone done) {
  auto run = CheckRun::Start(request, options, 1, settings_.items_max, std::move(done));
  if (run == nullptr) return;
  WalkPages<up::ListResourcesRequest, up::ListResourcesResponse>(
      run, 0,
      {
          .who = "resources: ListResources",
          .start = [resources = resources_](
                       auto* context, auto* list, auto* page,
                       auto on_done) { resources->async()->ListResources(context, list, page, std::move(on_done)); },
          .read = [check_time = run->check_time()](const auto& page) { return ReadResources(page, check_time); },
      });
}

void ResourcesChecker::Discard(const v1::DiscardRequest& request, const CallOptions& options, DiscardDone done) {
  absl::StatusOr<up::ReleaseResourceRequest> release = ReleaseRequest(request);
  if (!release.ok()) return std::move(done)(release.status());
  if (!IsReleasable(request)) {
    v1::DiscardResponse moved;
    moved.set_outcome(v1::DiscardResponse::FACTS_MOVED);
    moved.set_detail("There is no such resource that can be released.");
    return std::move(done)(std::move(moved));
  }
  CallUpstream<up::ActResult>(
      "resources: ReleaseResource", *release, options,
      [resources = resources_](auto* context, auto* act, auto* result, auto on_done) {
        resources->async()->ReleaseResource(context, act, result, std::move(on_done));
      },
      [done = std::move(done)](absl::StatusOr<up::ActResult> result) mutable {
        std::move(done)(ReleaseOutcome(result));
      });
}

}  // namespace closure
