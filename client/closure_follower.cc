// SPDX-License-Identifier: Apache-2.0
#include "client/closure_follower.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/rpc_status.h"

namespace closure {
namespace {

constexpr absl::Duration kBackoffMin = absl::Milliseconds(100);
constexpr absl::Duration kBackoffMax = absl::Seconds(2);
// Every call has a deadline: a stream that is still quiet after this long is opened again.
constexpr absl::Duration kStreamMax = absl::Minutes(10);

}  // namespace

ClosureFollower::ClosureFollower(ClosureClient& client, Options options)
    : client_(client), options_(std::move(options)), backoff_(kBackoffMin) {}

absl::Status ClosureFollower::Follow(const std::string& name,
                                     const std::function<bool(const v1::Closure&)>& on_change) {
  const absl::Duration start = options_.elapsed();
  heard_ = start;
  v1::WatchClosureRequest request;
  request.set_name(name);
  while (true) {
    const absl::Duration left = options_.limit - (options_.elapsed() - start);
    request.set_after_revision(revision_);
    const absl::Status ended =
        client_.WatchClosure(request, std::min(left, kStreamMax), [&](const v1::Closure& closure) {
          revision_ = std::max(revision_, closure.revision());
          heard_ = options_.elapsed();
          lost_ = false;
          backoff_ = kBackoffMin;
          return on_change(closure);
        });
    if (ended.ok()) return ended;
    if (absl::Status resumed = Resume(ended, start); !resumed.ok()) return resumed;
  }
}

absl::Status ClosureFollower::Resume(const absl::Status& ended, absl::Duration start) {
  const absl::Duration now = options_.elapsed();
  if (now - start >= options_.limit) {
    return ErrorWithReason(absl::StatusCode::kDeadlineExceeded,
                           absl::StrCat("the closure was watched for ", absl::FormatDuration(options_.limit),
                                        " without reaching the state"),
                           "WAIT_TIMED_OUT");
  }
  if (absl::IsDeadlineExceeded(ended)) {
    heard_ = now;
    lost_ = false;
    return absl::OkStatus();
  }
  if (!absl::IsUnavailable(ended) || now - heard_ >= options_.unreachable_max) return ended;
  if (!std::exchange(lost_, true) && options_.on_disconnect) options_.on_disconnect(ended, revision_);
  options_.pause(std::min(backoff_, options_.limit - (now - start)));
  backoff_ = std::min(backoff_ * 2, kBackoffMax);
  return absl::OkStatus();
}

}  // namespace closure
