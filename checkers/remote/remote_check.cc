// SPDX-License-Identifier: Apache-2.0
#include "checkers/remote/remote_check.h"

#include <algorithm>
#include <utility>

#include "checkers/answer_fault.h"
#include "checkers/description_fault.h"
#include "checkers/remote/check_call.h"
#include "checkers/text.h"
#include "checkers/upstream_call.h"
#include "fmt/format.h"
#include "protos/coverage_mark.h"

namespace closure {
namespace {

constexpr int kDoublingsMax = 9;
// By how much whoever waits for an answer may measure the time otherwise.
constexpr absl::Duration kSlack = absl::Milliseconds(100);

}  // namespace

RemoteCheck::RemoteCheck(std::shared_ptr<RemotePeer> peer, const v1::CheckRequest& request, const CallOptions& options,
                         Checker::CheckDone done)
    : peer_(std::move(peer)), request_(request), options_(options), start_(peer_->Elapsed()), done_(std::move(done)) {}

void RemoteCheck::Start() {
  if (!Admit()) return;
  // A probe is to tell soon whether anybody is there.
  if (admission_.is_probe) return Try();
  if (!peer_->slots().TryEnter()) return WaitInLine();
  has_slot_ = true;
  Try();
}

bool RemoteCheck::Admit() {
  absl::StatusOr<CircuitBreaker::Admission> admission = peer_->breaker().Admit(peer_->Elapsed());
  if (admission.ok()) {
    admission_ = *admission;
    return true;
  }
  std::move(done_)(absl::Status(admission.status().code(),
                                fmt::format("{}: {}", peer_->who(), std::string(admission.status().message()))));
  return false;
}

void RemoteCheck::WaitInLine() {
  Reach(Mark::kCheckerWaitedFor);
  // Whoever can cancel does so when the time is over, too; a timer for each costs as much as a call.
  const std::shared_ptr<Timer> timer = options_.cancel == nullptr ? peer_->options().timers->NewTimer() : nullptr;
  const int64_t ticket = peer_->slots().Wait([run = shared_from_this(), timer] {
    if (timer != nullptr) timer->Stop();
    return run->Begin();
  });
  const auto leave = [weak = weak_from_this(), ticket] {
    const std::shared_ptr<RemoteCheck> run = weak.lock();
    if (run != nullptr && run->peer_->slots().Leave(ticket)) run->EndUnasked();
  };
  timer == nullptr ? static_cast<void>(options_.cancel->OnCancel(leave)) : timer->Start(Left(), leave);
}

bool RemoteCheck::Begin() {
  if (Left() <= absl::ZeroDuration()) {
    EndUnasked();
    return false;
  }
  // Meanwhile nobody may have answered the others.
  if (!Admit()) return false;
  has_slot_ = true;
  Try();
  return true;
}

void RemoteCheck::EndUnasked() {
  const std::string why =
      fmt::format("{}: not asked, because {} checks of it were under way", peer_->who(), peer_->options().calls_max);
  std::move(done_)(Left() > absl::ZeroDuration() ? absl::CancelledError(why) : absl::DeadlineExceededError(why));
}

absl::Duration RemoteCheck::Left() const { return options_.timeout - (peer_->Elapsed() - start_); }

CallOptions RemoteCheck::OptionsForCall() const {
  return {.timeout = Left(), .traceparent = options_.traceparent, .cancel = options_.cancel};
}

void RemoteCheck::Try() {
  if (++tries_ == 1) left_when_asked_ = Left();
  std::shared_ptr<const v1::CheckerDescription> said = peer_->introduction().Known(peer_->Elapsed());
  // One that did not fit may have become another meanwhile.
  if (said == nullptr || !Compare(*said).ok()) return AskWhatItIs();
  Ask(std::move(said));
}

void RemoteCheck::AskWhatItIs() {
  AskWhoIsThere(peer_, OptionsForCall(),
                [run = shared_from_this()](absl::StatusOr<std::shared_ptr<const v1::CheckerDescription>> said) {
                  if (!said.ok()) return run->OnFailure(said.status());
                  if (const absl::Status fits = run->Compare(**said); !fits.ok()) return run->OnFailure(fits);
                  run->Ask(*std::move(said));
                });
}

absl::Status RemoteCheck::Compare(const v1::CheckerDescription& said) const {
  const auto& phases = said.phases();
  if (std::find(phases.begin(), phases.end(), static_cast<int>(request_.phase())) != phases.end())
    return absl::OkStatus();
  return absl::FailedPreconditionError(fmt::format("{}: it says that it takes no part in {}, and is configured to",
                                                   peer_->who(), v1::CheckPhase_Name(request_.phase())));
}

void RemoteCheck::Ask(std::shared_ptr<const v1::CheckerDescription> said) {
  peer_->check_method().Call(peer_->who(), peer_->options().limits, request_, OptionsForCall(),
                             [run = shared_from_this(), said = std::move(said)](absl::StatusOr<CheckAnswer> answer) {
                               if (!answer.ok()) return run->OnFailure(answer.status());
                               if (const absl::Status kinds = run->JudgeKinds(*answer, *said); !kinds.ok())
                                 return run->OnFailure(kinds);
                               answer->version = said->version();
                               run->End(std::move(answer));
                             });
}

absl::Status RemoteCheck::JudgeKinds(const CheckAnswer& answer, const v1::CheckerDescription& said) const {
  const auto& kinds = said.kinds();
  if (kinds.empty()) return absl::OkStatus();
  for (const v1::ReportedItem& item : answer.items) {
    if (std::find(kinds.begin(), kinds.end(), static_cast<int>(item.kind())) != kinds.end()) continue;
    return MalformedAnswer(fmt::format("{}: the item {} is a {}, which it says that it does not report", peer_->who(),
                                       QuotedExcerpt(item.native_id()), v1::ItemKind_Name(item.kind())));
  }
  return absl::OkStatus();
}

void RemoteCheck::OnFailure(const absl::Status& status) {
  // Who leaves says nothing about the checker; anything else may be because another took its place.
  if (!absl::IsCancelled(status)) peer_->introduction().Forget();
  const RemoteChecker::Retries& retries = peer_->options().retries;
  if (!IsPassing(status) || tries_ >= retries.tries_max) return End(status);
  const absl::Duration delay =
      peer_->options().retry_factor() * retries.delay * (1 << std::min(tries_ - 1, kDoublingsMax));
  if (delay >= Left()) return End(status);
  Reach(Mark::kCheckerAskedAgain);
  WaitAndTry(delay);
}

void RemoteCheck::WaitAndTry(absl::Duration delay) {
  const std::shared_ptr<Timer> timer = peer_->options().timers->NewTimer();
  const std::shared_ptr<CancelSignal>& cancel = options_.cancel;
  const int64_t number = cancel == nullptr ? 0 : cancel->OnCancel([timer] { timer->Stop(); });
  // The timer lives as long as it is waited for.
  timer->Start(delay, [run = shared_from_this(), number, timer] {
    const std::shared_ptr<CancelSignal>& signal = run->options_.cancel;
    if (signal == nullptr) return run->Try();
    signal->Forget(number);
    if (!signal->cancelled()) return run->Try();
    run->End(absl::CancelledError(fmt::format("{}: cancelled between two tries", run->peer_->who())));
  });
}

CircuitBreaker::Outcome RemoteCheck::OutcomeOf(const absl::Status& status) const {
  using Outcome = CircuitBreaker::Outcome;
  const bool timed_out =
      FaultOf(status) == v1::CheckerResult::TIMED_OUT || (absl::IsCancelled(status) && Left() <= kSlack);
  // Who waited in line until little was left, or had little from the first, has not given it a fair time.
  const absl::Duration usual = std::max(peer_->options().deadline, options_.timeout);
  if (timed_out) return left_when_asked_ < usual / 2 ? Outcome::kUnknown : Outcome::kSilent;
  if (absl::IsCancelled(status)) return Outcome::kUnknown;
  return absl::IsUnavailable(status) ? Outcome::kSilent : Outcome::kAnswered;
}

void RemoteCheck::End(absl::StatusOr<CheckAnswer> answer) {
  // Told to whoever asks next, about any account: the checker's words may be about the owner of this one (D12).
  const std::string why = absl::StatusCodeToString(answer.status().code());
  const CircuitBreaker::Turn turn =
      peer_->breaker().Report(admission_, OutcomeOf(answer.status()), why, peer_->Elapsed());
  const auto& on_turn = peer_->options().on_turn;
  if (turn != CircuitBreaker::Turn::kNone && on_turn) on_turn(turn, answer.status());
  std::move(done_)(std::move(answer));
  // Behind the answer, because those who waited in line are served within.
  if (has_slot_) peer_->slots().Free();
}

}  // namespace closure
