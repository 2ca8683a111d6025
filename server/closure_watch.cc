// SPDX-License-Identifier: Apache-2.0
#include "server/closure_watch.h"

#include <algorithm>
#include <utility>

#include "server/closure_engine.h"
#include "server/closure_waits.h"
#include "server/errors.h"
#include "server/find_closure.h"
#include "server/machine.h"
#include "server/resource_names.h"

namespace closure {
namespace {

constexpr int kGatePage = 200;

std::vector<v1::WatchGatesResponse> Responses(const std::vector<GateRow>& rows) {
  std::vector<v1::WatchGatesResponse> responses(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    responses[i].set_account(FormatAccountName(rows[i].account_id));
    responses[i].set_gate_state(rows[i].state);
    responses[i].set_revision(rows[i].revision);
  }
  return responses;
}

}  // namespace

bool IsOver(const v1::Closure& closure) {
  return IsTerminal(closure.state()) && closure.has_personal_data_erase_time();
}

ClosureWatch::ClosureWatch(ClosureStore* store, const Clock* clock, WatchHub* hub, ClosureKey key,
                           int64_t after_revision)
    : WatchStream(hub), store_(store), clock_(clock), key_(std::move(key)), sent_revision_(after_revision) {}

void ClosureWatch::Look() {
  do {
    const absl::StatusOr<internal::v1::ClosureData> data = FindClosure(*store_, key_);
    if (!data.ok()) return Close(ToGrpcStatus(data.status()));
    const bool news = data->closure().revision() > sent_revision_;
    if (news) {
      absl::StatusOr<v1::Closure> closure = PresentWithWaits(*store_, *data, clock_->Now());
      if (!closure.ok()) return Close(ToGrpcStatus(closure.status()));
      v1::WatchClosureResponse response;
      *response.mutable_closure() = *std::move(closure);
      sent_revision_ = data->closure().revision();
      Push(std::move(response));
    }
    if (IsOver(data->closure())) return Close(grpc::Status::OK);
    // The turn is given back by OnIdle, when this has been sent; from here on another thread may have it.
    if (news) return;
  } while (turn_.Keep());
}

GateWatch::GateWatch(ClosureStore* store, WatchHub* hub, int64_t after_revision)
    : WatchStream(hub), store_(store), sent_revision_(after_revision) {}

void GateWatch::Look() {
  do {
    const absl::StatusOr<std::vector<GateRow>> rows = store_->ListGates(sent_revision_, kGatePage);
    if (!rows.ok()) return Close(ToGrpcStatus(rows.status()));
    if (rows->empty()) continue;
    // After a full page there may be more.
    if (rows->size() == static_cast<std::size_t>(kGatePage)) turn_.Again();
    sent_revision_ = rows->back().revision;
    // The turn is given back by OnIdle, when all have been sent; from here on another thread may have it.
    return PushAll(Responses(*rows));
  } while (turn_.Keep());
}

}  // namespace closure
