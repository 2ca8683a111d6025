// SPDX-License-Identifier: Apache-2.0
// Shows absl::Mutex, absl::CondVar, absl::Notification and what copies of an absl::Status share to ThreadSanitizer.
// Debian's Abseil is compiled without it, so a lock taken in the library would not count as one and everything it
// guards would be reported. The functions here take the place of the library's, in gRPC too, call them, and tell the
// sanitizer about it. Linked into programs of the preset tsan only.
#include <dlfcn.h>

#include <cstdint>

#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"

extern "C" {
void __tsan_acquire(void* address);
void __tsan_release(void* address);
void AnnotateIgnoreReadsBegin(const char* file, int line);
void AnnotateIgnoreReadsEnd(const char* file, int line);
}

namespace {

// Calls the library's function of this mangled name. What a Condition reads meanwhile is read under
// the lock, which the sanitizer cannot know, so reads are not looked at.
template <typename Result, typename... Arguments>
Result CallLibrary(const char* name, Arguments... arguments) {
  using Function = Result (*)(Arguments...);
  auto* function = reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
  struct ReadsIgnored {
    ReadsIgnored() { AnnotateIgnoreReadsBegin(__FILE__, __LINE__); }
    ~ReadsIgnored() { AnnotateIgnoreReadsEnd(__FILE__, __LINE__); }
  } ignored;
  return function(arguments...);
}

}  // namespace

#define CLOSURE_MUTEX "_ZN4absl7debian35Mutex"
#define CLOSURE_CONDVAR "_ZN4absl7debian37CondVar"
#define CLOSURE_NOTIFICATION "_ZN4absl7debian312Notification"
#define CLOSURE_CONST_NOTIFICATION "_ZNK4absl7debian312Notification"

namespace absl {
ABSL_NAMESPACE_BEGIN

void Mutex::Lock() {
  CallLibrary<void>(CLOSURE_MUTEX "4LockEv", this);
  __tsan_acquire(this);
}

void Mutex::Unlock() {
  __tsan_release(this);
  CallLibrary<void>(CLOSURE_MUTEX "6UnlockEv", this);
}

bool Mutex::TryLock() {
  const bool locked = CallLibrary<bool>(CLOSURE_MUTEX "7TryLockEv", this);
  if (locked) __tsan_acquire(this);
  return locked;
}

void Mutex::ReaderLock() {
  CallLibrary<void>(CLOSURE_MUTEX "10ReaderLockEv", this);
  __tsan_acquire(this);
}

void Mutex::ReaderUnlock() {
  __tsan_release(this);
  CallLibrary<void>(CLOSURE_MUTEX "12ReaderUnlockEv", this);
}

bool Mutex::ReaderTryLock() {
  const bool locked = CallLibrary<bool>(CLOSURE_MUTEX "13ReaderTryLockEv", this);
  if (locked) __tsan_acquire(this);
  return locked;
}

void Mutex::LockWhen(const Condition& condition) {
  CallLibrary<void>(CLOSURE_MUTEX "8LockWhenERKNS0_9ConditionE", this, &condition);
  __tsan_acquire(this);
}

void Mutex::Await(const Condition& condition) {
  __tsan_release(this);
  CallLibrary<void>(CLOSURE_MUTEX "5AwaitERKNS0_9ConditionE", this, &condition);
  __tsan_acquire(this);
}

bool Mutex::AwaitWithTimeout(const Condition& condition, Duration timeout) {
  __tsan_release(this);
  const bool held =
      CallLibrary<bool>(CLOSURE_MUTEX "16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE", this, &condition, timeout);
  __tsan_acquire(this);
  return held;
}

bool Mutex::AwaitWithDeadline(const Condition& condition, Time deadline) {
  __tsan_release(this);
  const bool held =
      CallLibrary<bool>(CLOSURE_MUTEX "17AwaitWithDeadlineERKNS0_9ConditionENS0_4TimeE", this, &condition, deadline);
  __tsan_acquire(this);
  return held;
}

bool Mutex::LockWhenWithTimeout(const Condition& condition, Duration timeout) {
  const bool held = CallLibrary<bool>(CLOSURE_MUTEX "19LockWhenWithTimeoutERKNS0_9ConditionENS0_8DurationE", this,
                                      &condition, timeout);
  __tsan_acquire(this);
  return held;
}

bool Mutex::LockWhenWithDeadline(const Condition& condition, Time deadline) {
  const bool held =
      CallLibrary<bool>(CLOSURE_MUTEX "20LockWhenWithDeadlineERKNS0_9ConditionENS0_4TimeE", this, &condition, deadline);
  __tsan_acquire(this);
  return held;
}

void CondVar::Wait(Mutex* mutex) {
  __tsan_release(mutex);
  CallLibrary<void>(CLOSURE_CONDVAR "4WaitEPNS0_5MutexE", this, mutex);
  __tsan_acquire(mutex);
}

bool CondVar::WaitWithTimeout(Mutex* mutex, Duration timeout) {
  __tsan_release(mutex);
  const bool timed_out =
      CallLibrary<bool>(CLOSURE_CONDVAR "15WaitWithTimeoutEPNS0_5MutexENS0_8DurationE", this, mutex, timeout);
  __tsan_acquire(mutex);
  return timed_out;
}

bool CondVar::WaitWithDeadline(Mutex* mutex, Time deadline) {
  __tsan_release(mutex);
  const bool timed_out =
      CallLibrary<bool>(CLOSURE_CONDVAR "16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE", this, mutex, deadline);
  __tsan_acquire(mutex);
  return timed_out;
}

void Notification::Notify() {
  __tsan_release(this);
  CallLibrary<void>(CLOSURE_NOTIFICATION "6NotifyEv", this);
}

// One that was given before is seen without a lock.
void Notification::WaitForNotification() const {
  CallLibrary<void>(CLOSURE_CONST_NOTIFICATION "19WaitForNotificationEv", this);
  __tsan_acquire(const_cast<Notification*>(this));
}

bool Notification::WaitForNotificationWithTimeout(Duration timeout) const {
  const bool given =
      CallLibrary<bool>(CLOSURE_CONST_NOTIFICATION "30WaitForNotificationWithTimeoutENS0_8DurationE", this, timeout);
  __tsan_acquire(const_cast<Notification*>(this));
  return given;
}

// Whoever gives up the last copy frees it, after everybody else has.
void Status::UnrefNonInlined(uintptr_t rep) {
  void* const shared = reinterpret_cast<void*>(rep);
  __tsan_release(shared);
  __tsan_acquire(shared);
  CallLibrary<void>("_ZN4absl7debian36Status15UnrefNonInlinedEm", rep);
}

ABSL_NAMESPACE_END
}  // namespace absl
