// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SUPPORT_SERVED_STREAM_H_
#define CLOSURE_TESTS_SUPPORT_SERVED_STREAM_H_

#include <functional>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "closure/v1/checker_service.grpc.pb.h"

// What a checker of a test's own sends over a connection.
namespace closure {

// What it sends for one question, and how it ends.
struct ServedAnswer {
  enum class Then { kEnd, kHang, kRepeat };
  std::vector<v1::CheckResponse> pieces;
  // Instead of an end: nothing more until it is cancelled, or the last piece again and again.
  Then then = Then::kEnd;
  grpc::Status status;
};

// Sends an answer. It belongs to gRPC.
class ServedStream final : public grpc::ServerWriteReactor<v1::CheckResponse> {
 public:
  // `on_cancel` is called when it is cancelled before its end.
  explicit ServedStream(
      ServedAnswer answer, std::function<void()> on_cancel = [] {})
      : answer_(std::move(answer)), on_cancel_(std::move(on_cancel)) {
    Next();
  }
  void OnWriteDone(bool ok) override {
    if (ok) Next();
  }
  void OnCancel() override {
    absl::MutexLock lock(&mutex_);
    if (!over_) on_cancel_();
    End(grpc::Status::CANCELLED);
  }
  void OnDone() override { delete this; }

 private:
  void Next() {
    absl::MutexLock lock(&mutex_);
    if (over_) return;
    if (sent_ == answer_.pieces.size() && answer_.then == ServedAnswer::Then::kRepeat) --sent_;
    if (sent_ < answer_.pieces.size()) return StartWrite(&answer_.pieces[sent_++]);
    if (answer_.then == ServedAnswer::Then::kEnd) End(answer_.status);
  }
  void End(const grpc::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!std::exchange(over_, true)) Finish(status);
  }

  const ServedAnswer answer_;
  const std::function<void()> on_cancel_;
  absl::Mutex mutex_;
  std::size_t sent_ ABSL_GUARDED_BY(mutex_) = 0;
  bool over_ ABSL_GUARDED_BY(mutex_) = false;
};

// Ends a unary call.
inline grpc::ServerUnaryReactor* FinishCall(grpc::CallbackServerContext* context,
                                            const grpc::Status& status = grpc::Status::OK) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  reactor->Finish(status);
  return reactor;
}

}  // namespace closure

#endif  // CLOSURE_TESTS_SUPPORT_SERVED_STREAM_H_
