// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_SERVER_STREAM_H_
#define CLOSURE_SERVER_SERVER_STREAM_H_

#include <algorithm>
#include <iterator>
#include <list>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "grpcpp/support/server_callback.h"

namespace closure {

// A server stream that sends what it is given, in order, one message at a time, and then ends. It is made by Open,
// which gives gRPC a share in it until the call is over, so that others may hold and call it for longer: what comes too
// late is dropped.
//
// Thread-safe. The On… methods are called without locks, on gRPC's threads.
template <typename Response>
class ServerStream : public grpc::ServerWriteReactor<Response> {
 public:
  // Gives gRPC its share and returns what the service's method returns.
  static grpc::ServerWriteReactor<Response>* Open(const std::shared_ptr<ServerStream>& stream) {
    stream->self_ = stream;
    return stream.get();
  }

  void Push(Response response) {
    {
      absl::MutexLock lock(&mutex_);
      if (end_ || abandoned_) return;
      queue_.push_back(std::move(response));
    }
    Go();
  }
  // Several, of which OnIdle is called once, after the last.
  void PushAll(std::vector<Response> responses) {
    {
      absl::MutexLock lock(&mutex_);
      if (end_ || abandoned_) return;
      std::move(responses.begin(), responses.end(), std::back_inserter(queue_));
    }
    Go();
  }
  // Ends a call that is refused, before anything was sent.
  static grpc::ServerWriteReactor<Response>* Refuse(const grpc::Status& status) {
    const auto stream = std::make_shared<ServerStream>();
    stream->Close(status);
    return Open(stream);
  }

  // Ends the call when everything that was pushed has been sent. The first end counts.
  void Close(const grpc::Status& status) {
    {
      absl::MutexLock lock(&mutex_);
      if (!end_) end_ = status;
    }
    Go();
  }

  void OnWriteDone(bool ok) final {
    {
      // An idle stream keeps nothing of what it sent.
      Response sent;
      absl::MutexLock lock(&mutex_);
      std::swap(sent, sending_);
      writing_ = false;
      if (!ok) abandoned_ = true;
    }
    if (!Go()) OnIdle();
  }

  void OnCancel() final {
    {
      absl::MutexLock lock(&mutex_);
      abandoned_ = true;
    }
    OnAbandoned();
    Go();
  }

  void OnDone() final {
    // gRPC calls this after all others have returned. A sanitizer that does not see into gRPC sees it by the lock.
    { const absl::MutexLock lock(&mutex_); }
    OnOver();
    const std::shared_ptr<ServerStream> last = std::move(self_);
  }

 protected:
  // Everything that was pushed has been sent.
  virtual void OnIdle() {}
  // The caller went away. The call is not over yet.
  virtual void OnAbandoned() {}
  // The call is over.
  virtual void OnOver() {}

 private:
  // Starts what is next; false when there is nothing to start. Whoever sets writing_ or finished_ starts it after
  // leaving the lock.
  bool Go() {
    bool write = false;
    grpc::Status end;
    {
      absl::MutexLock lock(&mutex_);
      if (writing_ || finished_) return true;
      if (!abandoned_ && !queue_.empty()) {
        sending_ = std::move(queue_.front());
        queue_.pop_front();
        write = writing_ = true;
      } else if (abandoned_ || end_) {
        finished_ = true;
        end = end_.value_or(grpc::Status::CANCELLED);
      } else {
        return false;
      }
    }
    if (write) {
      this->StartWrite(&sending_);
    } else {
      this->Finish(end);
    }
    return true;
  }

  absl::Mutex mutex_;
  // Takes no memory while it is empty, as nearly always.
  std::list<Response> queue_ ABSL_GUARDED_BY(mutex_);
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  bool abandoned_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<grpc::Status> end_ ABSL_GUARDED_BY(mutex_);
  // Written by the one who sets writing_, then left alone until it is sent.
  Response sending_;
  std::shared_ptr<ServerStream> self_;
};

// Lets one thread at a time look, and remembers that it has to look again. Thread-safe.
class LookTurn {
 public:
  // True for the caller that may look now; false when another does, which then looks once more.
  bool Take() {
    absl::MutexLock lock(&mutex_);
    again_ = looking_;
    return !std::exchange(looking_, true);
  }
  // By the one who looks: it has to look once more.
  void Again() {
    absl::MutexLock lock(&mutex_);
    again_ = true;
  }
  // By the one who looks: true when it has to look once more, else its turn is over.
  bool Keep() {
    absl::MutexLock lock(&mutex_);
    looking_ = std::exchange(again_, false);
    return looking_;
  }

 private:
  absl::Mutex mutex_;
  bool looking_ ABSL_GUARDED_BY(mutex_) = false;
  bool again_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace closure

#endif  // CLOSURE_SERVER_SERVER_STREAM_H_
