// SPDX-License-Identifier: Apache-2.0
#include "tests/io_faults/faulty_closure.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <utility>

#include "absl/time/time.h"
#include "fmt/format.h"
#include "grpcpp/client_context.h"
#include "server/machine.h"
#include "storage/damage.h"
#include "tests/io_faults/closure_books.h"
#include "tests/io_faults/patient_owner.h"
#include "tests/io_faults/restartable_server.h"

namespace closure {
namespace {

namespace fs = std::filesystem;

// A task whose result could not be stored comes back when its lease is over.
constexpr absl::Duration kLease = absl::Minutes(2);
constexpr absl::Duration kSilentPeriod = absl::Hours(168);
// Without a new fault time passes only at every so many quiet looks.
constexpr int kQuietLooks = 3;
// More than any way has.
constexpr int kStepsMax = 40;

bool IsFrozen(const v1::Closure& closure) {
  const auto& all = closure.participants();
  return std::all_of(all.begin(), all.end(),
                     [](const auto& each) { return each.status() == v1::ParticipantProgress::DONE; });
}

// Whether it is for somebody outside to go on.
bool IsSettled(const v1::Closure& closure) {
  switch (closure.state()) {
    case v1::Closure::IDENTITY_PENDING:
    case v1::Closure::AGREEMENT_PENDING:
    case v1::Closure::BLOCKED:
    case v1::Closure::READY:
      return true;
    case v1::Closure::SILENT_PERIOD:
      return IsFrozen(closure);
    default:
      return IsTerminal(closure.state());
  }
}

class Life {
 public:
  explicit Life(const ClosureOptions& options)
      : options_(options),
        server_(options.directory),
        owner_(server_, {.on_refusal = [this](int times) { return OnRefusal(times); },
                         .on_quiet = [this] { return OnQuiet(); }}) {}

  ClosureReport Live() {
    vfs_.SetDecide([this](FileCall call, int64_t number, FileRole role) {
      return has_passed_ || !options_.decide ? FileFailure::kNone : options_.decide(call, number, role);
    });
    if (Start() && owner_.Create() && GoToEnd()) StopAndJudge();
    server_.Stop();
    if (report_.given_up > 0) JudgeUnfinished();
    vfs_.SetDecide(nullptr);
    return Report();
  }

 private:
  // ---- the way ----

  bool GoToEnd() {
    for (int step = 0; step < kStepsMax; ++step) {
      // Looked at anew: an answer that was repeated may be older than what happened since.
      if (!owner_.Await(IsSettled) || !owner_.Refresh()) return false;
      if (IsTerminal(owner_.closure().state()))
        return owner_.Await([](const v1::Closure& closure) { return closure.has_personal_data_erase_time(); });
      if (options_.comes_back) has_passed_ = false;
      if (IsSettled(owner_.closure()) && !TakeStep()) return false;
    }
    return Break("there is no end to the steps");
  }

  bool TakeStep() {
    switch (owner_.closure().state()) {
      case v1::Closure::IDENTITY_PENDING:
        return owner_.Verify();
      case v1::Closure::AGREEMENT_PENDING:
        return owner_.Agree();
      case v1::Closure::BLOCKED:
        return is_billed_ ? owner_.Cancel() : owner_.Clear();
      case v1::Closure::READY:
        return Confirm();
      default:
        return PassSilentPeriod();
    }
  }

  bool Confirm() {
    if (options_.end == v1::Closure::CANCELLED && !is_billed_) IssueBill();
    if (options_.loses_confirmation && !has_lost_) return LoseConfirmation();
    return owner_.Confirm();
  }

  bool PassSilentPeriod() {
    if (options_.end == v1::Closure::ABORTED && !is_billed_) IssueBill();
    server_.clock().Advance(kSilentPeriod);
    is_silent_period_over_ = true;
    return owner_.Await([](const v1::Closure& closure) { return closure.state() != v1::Closure::SILENT_PERIOD; });
  }

  void IssueBill() {
    is_billed_ = true;
    sandbox::v1::IssueBillRequest request;
    request.set_account_id(RestartableServer::kAccount);
    request.mutable_amount()->set_currency_code("USD");
    request.mutable_amount()->set_units(250);
    sandbox::v1::IssueBillResponse response;
    grpc::ClientContext context;
    if (!server_.sandbox().IssueBill(&context, request, &response).ok()) Break("the bill was not issued");
  }

  // What a disk does that reports syncs and does not do them.
  bool LoseConfirmation() {
    has_lost_ = true;
    server_.Stop();
    KeepFiles();
    const auto is_frozen = [](const v1::Closure& closure) {
      return closure.state() == v1::Closure::SILENT_PERIOD && IsFrozen(closure);
    };
    if (!Start() || !owner_.Confirm() || !owner_.Await(is_frozen)) return false;
    server_.Stop();
    PutFilesBack();
    return Start();
  }

  // The log first: what is moved from it into the database meanwhile is in both.
  void KeepFiles() const {
    for (const char* part : {"-wal", ""}) {
      const std::string file = server_.database_path() + part;
      if (fs::exists(file)) fs::copy_file(file, file + ".kept", fs::copy_options::overwrite_existing);
    }
  }

  void PutFilesBack() const {
    for (const char* part : {"", "-wal"}) {
      const std::string file = server_.database_path() + part;
      fs::remove(file);
      if (fs::exists(file + ".kept")) fs::rename(file + ".kept", file);
    }
  }

  // ---- what the disk did ----

  bool Start() {
    absl::Status started = server_.Start();
    if (started.ok()) return true;
    if (!has_passed_ && IsClear(started)) {
      ++report_.starts_refused;
      has_passed_ = true;
      started = server_.Start();
    }
    if (started.ok()) return true;
    if (!options_.may_damage || !IsDamage(started)) return Break(fmt::format("no start: {}", started.ToString()));
    ++report_.given_up;
    return false;
  }

  // A flipped bit can make a file look like one of another program or version.
  static bool IsClear(const absl::Status& status) {
    return (absl::IsUnavailable(status) || absl::IsFailedPrecondition(status)) && !status.message().empty();
  }

  bool OnRefusal(int times) {
    ++report_.refused;
    has_passed_ = true;
    // The disk is well and the call refused all the same: this server's store met what ends with a new start.
    return times < 2 || Restart();
  }

  bool OnQuiet() {
    // Without a new fault nothing needs time to pass, or only where nothing comes for long: the machine is busy.
    const int64_t failures = vfs_.failures();
    const bool is_new = std::exchange(failures_waited_for_, failures) != failures;
    if (failures == 0 || (!is_new && ++quiet_ % kQuietLooks != 0)) return true;
    has_passed_ = true;
    ++report_.waits;
    if (!server_.TryWrite().ok() && !Restart()) return false;
    server_.clock().Advance(kLease);
    return true;
  }

  bool Restart() {
    ++report_.restarted;
    // Only where nothing is written any more do its files not change under the copy.
    const bool dies = options_.dies && !server_.TryWrite().ok();
    if (dies) KeepFiles();
    server_.Stop();
    if (dies) PutFilesBack();
    return Start();
  }

  // ---- the end ----

  // The server stops on the disk that fails, and what it left behind is judged.
  void StopAndJudge() {
    server_.Stop();
    report_.calls = vfs_.counts();
    has_passed_ = true;
    v1::ClosureRecord record;
    int closures = 0;
    if (!Start() || !owner_.GetRecord(record) || !owner_.CountClosures(closures)) return;
    if (closures != 1) return static_cast<void>(Break(fmt::format("the account has {} closures", closures)));
    way_ = WayOf(record);
    report_.detours = way_.Detours(options_.end);
    Break(JudgeHistory(record, options_.end));
    Break(JudgeTold(record, owner_.told()));
    JudgeCloud();
    server_.Stop();
    Break(JudgeFile(server_.database_path()));
  }

  // What was damaged for good is not read any more; what was done in the cloud by then stands.
  void JudgeUnfinished() {
    Break(JudgeActsSoFar(ShowAccount(), options_.end == v1::Closure::CLOSED && is_silent_period_over_));
  }

  sandbox::v1::ShowAccountResponse ShowAccount() {
    sandbox::v1::ShowAccountRequest show;
    show.set_account_id(RestartableServer::kAccount);
    sandbox::v1::ShowAccountResponse shown;
    grpc::ClientContext context;
    if (!server_.sandbox().ShowAccount(&context, show, &shown).ok()) Break("the cloud does not answer");
    return shown;
  }

  void JudgeCloud() {
    const sandbox::v1::ShowAccountResponse shown = ShowAccount();
    sandbox::v1::ListInboxRequest list;
    list.set_account_id(RestartableServer::kAccount);
    list.set_page_size(1000);
    sandbox::v1::ListInboxResponse inbox;
    grpc::ClientContext listing;
    if (!server_.sandbox().ListInbox(&listing, list, &inbox).ok()) Break("the cloud does not answer");
    way_.more_codes = owner_.codes_asked_again();
    Break(JudgeActs(shown, options_.end, way_));
    Break(JudgeNotices(inbox));
  }

  bool Break(std::string what) {
    if (report_.broken.empty()) report_.broken = std::move(what);
    return false;
  }

  ClosureReport Report() {
    Break(owner_.broken());
    if (!report_.broken.empty())
      report_.broken += fmt::format("\n{}\nwhat failed last: {}", server_.LogEnd(), vfs_.LastFailures());
    report_.failures = vfs_.failures();
    report_.more_codes = owner_.codes_asked_again();
    report_.answered = static_cast<int64_t>(owner_.told().size());
    return std::move(report_);
  }

  const ClosureOptions& options_;
  FaultVfs vfs_;
  // Somebody noticed, and what was wrong with the disk is over.
  std::atomic<bool> has_passed_ = false;
  // How many faults there were when time last passed for them, and how often nothing came since the beginning.
  int64_t failures_waited_for_ = 0;
  int quiet_ = 0;
  bool is_billed_ = false;
  bool is_silent_period_over_ = false;
  bool has_lost_ = false;
  RestartableServer server_;
  PatientOwner owner_;
  Way way_;
  ClosureReport report_;
};

}  // namespace

ClosureReport CloseWithFaults(const ClosureOptions& options) { return Life(options).Live(); }

}  // namespace closure
