// SPDX-License-Identifier: Apache-2.0
#include "sandbox/hanging_calls.h"

#include <memory>
#include <set>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "grpcpp/support/server_callback.h"
#include "grpcpp/support/status.h"

namespace closure {

struct HangingCalls::Shared {
  absl::Mutex mutex;
  bool released ABSL_GUARDED_BY(mutex) = false;
  std::set<Call*> calls ABSL_GUARDED_BY(mutex);  // those that nobody has ended
};

class HangingCalls::Call final : public grpc::ServerUnaryReactor {
 public:
  explicit Call(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}

  // Ends the call, if it is still among those that hang: whoever takes it out of the set ends it, once.
  static void End(Shared& shared, Call* call, const grpc::Status& status) {
    {
      absl::MutexLock lock(&shared.mutex);
      if (shared.calls.erase(call) == 0) return;
    }
    call->Finish(status);
  }

 private:
  void OnCancel() override { End(*shared_, this, grpc::Status::CANCELLED); }
  void OnDone() override { delete this; }

  const std::shared_ptr<Shared> shared_;
};

HangingCalls::HangingCalls() : shared_(std::make_shared<Shared>()) {}

HangingCalls::~HangingCalls() { ReleaseAll(); }

grpc::ServerUnaryReactor* HangingCalls::Hang() {
  Call* const call = new Call(shared_);
  {
    absl::MutexLock lock(&shared_->mutex);
    if (!shared_->released) {
      shared_->calls.insert(call);
      return call;
    }
  }
  call->Finish(grpc::Status(grpc::StatusCode::UNAVAILABLE, "sandbox: stopping"));
  return call;
}

bool HangingCalls::released() const {
  absl::MutexLock lock(&shared_->mutex);
  return shared_->released;
}

void HangingCalls::ReleaseAll() {
  std::set<Call*> calls;
  {
    absl::MutexLock lock(&shared_->mutex);
    shared_->released = true;
    calls.swap(shared_->calls);
  }
  for (Call* call : calls) call->Finish(grpc::Status(grpc::StatusCode::UNAVAILABLE, "sandbox: stopping"));
}

}  // namespace closure
