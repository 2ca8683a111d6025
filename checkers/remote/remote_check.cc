// SPDX-License-Identifier: Apache-2.0
#include "checkers/remote/remote_check.h"

#include <algorithm>
#include <utility>

#include "checkers/answer_fault.h"
#include "checkers/remote/check_call.h"
#include "checkers/text.h"
#include "checkers/upstream_call.h"
#include "fmt/format.h"
#include "protos/coverage_mark.h"

namespace closure {
namespace {

// How long what a checker says of itself is believed.
constexpr absl::Duration kIntroductionKept = absl::Minutes(10);
constexpr int kDoublingsMax = 9;

// Whether the checker is away or busy, which passes. A fault of its answer does not, nor does what it refuses.
bool IsPassing(const absl::Status& status) {
  if (FaultOf(status) != v1::CheckerResult::FAILED) return false;
  return absl::IsUnavailable(status) || absl::IsResourceExhausted(status) || absl::IsAborted(status);
}

}  // namespace

RemotePeer::RemotePeer(v1::CheckerDescription description, std::shared_ptr<grpc::ChannelInterface> channel,
                       RemoteChecker::Options options)
    : description_(std::move(description)),
      who_(fmt::format("checker({})", description_.name())),
      stub_(v1::CheckerService::NewStub(channel)),
      streams_(std::move(channel)),
      options_(std::move(options)),
      breaker_(options_.breaker) {}

std::optional<v1::CheckerDescription> RemotePeer::Introduced() const {
  const absl::Duration now = Elapsed();
  absl::MutexLock lock(&mutex_);
  if (!said_.has_value() || now - said_at_ > kIntroductionKept) return std::nullopt;
  return said_;
}

void RemotePeer::Introduce(v1::CheckerDescription said) {
  const absl::Duration now = Elapsed();
  absl::MutexLock lock(&mutex_);
  said_ = std::move(said);
  said_at_ = now;
}

void RemotePeer::ForgetIntroduction() {
  absl::MutexLock lock(&mutex_);
  said_.reset();
}

RemoteCheck::RemoteCheck(std::shared_ptr<RemotePeer> peer, const v1::CheckRequest& request, const CallOptions& options,
                         Checker::CheckDone done)
    : peer_(std::move(peer)), request_(request), options_(options), start_(peer_->Elapsed()), done_(std::move(done)) {}

void RemoteCheck::Start() {
  absl::StatusOr<CircuitBreaker::Admission> admission = peer_->breaker().Admit(start_);
  if (!admission.ok()) {
    return std::move(done_)(absl::Status(
        admission.status().code(), fmt::format("{}: {}", peer_->who(), std::string(admission.status().message()))));
  }
  admission_ = *admission;
  Try();
}

absl::Duration RemoteCheck::Left() const { return options_.timeout - (peer_->Elapsed() - start_); }

CallOptions RemoteCheck::OptionsForCall() const {
  return {.timeout = Left(), .traceparent = options_.traceparent, .cancel = options_.cancel};
}

void RemoteCheck::Try() {
  ++tries_;
  const std::optional<v1::CheckerDescription> said = peer_->Introduced();
  if (!said.has_value()) return AskWhatItIs();
  if (const absl::Status fits = Compare(*said); !fits.ok()) return OnFailure(fits);
  Ask(said->version());
}

void RemoteCheck::AskWhatItIs() {
  CallUpstream<v1::CheckerDescription>(
      peer_->who(), v1::DescribeRequest(), OptionsForCall(),
      [stub = peer_->stub()](auto* context, auto* asked, auto* answer, auto on_done) {
        stub->async()->Describe(context, asked, answer, std::move(on_done));
      },
      [run = shared_from_this()](absl::StatusOr<v1::CheckerDescription> said) {
        if (!said.ok()) return run->OnFailure(said.status());
        if (const absl::Status fits = run->Compare(*said); !fits.ok()) return run->OnFailure(fits);
        run->peer_->Introduce(*said);
        run->Ask(said->version());
      });
}

absl::Status RemoteCheck::Compare(const v1::CheckerDescription& said) const {
  if (said.name() != peer_->description().name()) {
    return absl::FailedPreconditionError(
        fmt::format("{}: the checker at its target says that it is {}", peer_->who(), QuotedExcerpt(said.name())));
  }
  const auto& phases = said.phases();
  if (std::find(phases.begin(), phases.end(), static_cast<int>(request_.phase())) == phases.end()) {
    return absl::FailedPreconditionError(fmt::format("{}: it says that it takes no part in {}, and is configured to",
                                                     peer_->who(), v1::CheckPhase_Name(request_.phase())));
  }
  return absl::OkStatus();
}

void RemoteCheck::Ask(const std::string& version) {
  CallCheck(peer_->streams(), peer_->who(), peer_->options().limits, request_, OptionsForCall(),
            [run = shared_from_this(), version](absl::StatusOr<CheckAnswer> answer) {
              if (!answer.ok()) return run->OnFailure(answer.status());
              answer->version = version;
              run->End(std::move(answer));
            });
}

void RemoteCheck::OnFailure(const absl::Status& status) {
  peer_->ForgetIntroduction();
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
  timer->Start(delay, [run = shared_from_this(), number] {
    const std::shared_ptr<CancelSignal>& signal = run->options_.cancel;
    if (signal == nullptr) return run->Try();
    signal->Forget(number);
    if (!signal->cancelled()) return run->Try();
    run->End(absl::CancelledError(fmt::format("{}: cancelled between two tries", run->peer_->who())));
  });
}

CircuitBreaker::Outcome RemoteCheck::OutcomeOf(const absl::Status& status) const {
  using Outcome = CircuitBreaker::Outcome;
  if (FaultOf(status) == v1::CheckerResult::TIMED_OUT || IsPassing(status)) return Outcome::kSilent;
  if (!absl::IsCancelled(status)) return Outcome::kAnswered;
  // Whoever waits for the answer cancels when the time is over, too.
  return Left() > absl::ZeroDuration() ? Outcome::kUnknown : Outcome::kSilent;
}

void RemoteCheck::End(absl::StatusOr<CheckAnswer> answer) {
  const std::string why(answer.status().message());
  const CircuitBreaker::Turn turn =
      peer_->breaker().Report(admission_, OutcomeOf(answer.status()), why, peer_->Elapsed());
  const auto& on_turn = peer_->options().on_turn;
  if (turn != CircuitBreaker::Turn::kNone && on_turn) on_turn(turn, answer.status());
  std::move(done_)(std::move(answer));
}

}  // namespace closure
