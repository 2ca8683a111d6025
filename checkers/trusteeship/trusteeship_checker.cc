// SPDX-License-Identifier: Apache-2.0
#include "checkers/trusteeship/trusteeship_checker.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "checkers/answer_fault.h"
#include "checkers/ask_once.h"
#include "checkers/builtin.h"
#include "checkers/check_run.h"
#include "checkers/item_facts.h"
#include "checkers/page_walk.h"
#include "checkers/text.h"
#include "fmt/format.h"

namespace closure {
namespace {

namespace up = upstream::v1;

using Stub = std::shared_ptr<up::TrusteeshipService::StubInterface>;
using Items = absl::StatusOr<std::vector<v1::ReportedItem>>;

constexpr std::string_view kGetTrusteeship = "trusteeship: GetTrusteeship";
constexpr std::string_view kListMembers = "trusteeship: ListTrusteeshipMembers";
// How many members the item names, and how long a name may be there.
constexpr size_t kNamedMembersMax = 5;
constexpr size_t kNamedMemberLength = 40;

// Counts the members over all pages; the last page brings the item.
class MemberReader {
 public:
  MemberReader(std::string account_id, std::string console)
      : account_id_(std::move(account_id)), console_(std::move(console)) {}

  Items Read(const up::ListTrusteeshipMembersResponse& page) {
    for (const std::string& member : page.member_account_ids()) {
      if (auto valid = ValidateId(kListMembers, "member_account_id", member); !valid.ok()) {
        return valid;
      }
      ++count_;
      if (named_.size() < kNamedMembersMax) {
        named_.push_back(PrintableText(member, kNamedMemberLength));
      }
    }
    if (!page.next_page_token().empty() || count_ == 0) return std::vector<v1::ReportedItem>();
    return std::vector{AdministratorItem()};
  }

 private:
  v1::ReportedItem AdministratorItem() const {
    const std::string members = count_ == 1 ? "1 member" : fmt::format("{} members", count_);
    const size_t unnamed = count_ - named_.size();
    v1::ReportedItem item;
    item.set_native_id(fmt::format("trusteeship/{}", account_id_));
    item.set_kind(v1::TRUSTEESHIP_ADMINISTRATOR);
    item.set_disposition(v1::MUST_HANDLE);
    item.set_type("trusteeship/administrator");
    item.set_display_name(fmt::format("Finance trusteeship of {}", members));
    item.set_why(fmt::format("This account administers a finance trusteeship and pays for {}: {}{}.", members,
                             absl::StrJoin(named_, ", "), unnamed == 0 ? "" : fmt::format(" and {} more", unnamed)));
    item.set_resolver(v1::OWNER);
    item.set_instructions("Remove every member account from the finance trusteeship, then recheck.");
    item.set_process_uri(ConsoleLink(console_, "/trusteeship/members", account_id_));
    item.set_native_state(fmt::format("ADMINISTRATOR of {}", members));
    return item;
  }

  const std::string account_id_;
  const std::string console_;
  size_t count_ = 0;
  std::vector<std::string> named_;
};

void ReadTrusteeship(const up::Trusteeship& trusteeship, const Stub& stub, const std::string& console,
                     const std::shared_ptr<CheckRun>& run) {
  switch (trusteeship.role()) {
    case up::Trusteeship::NONE:
    case up::Trusteeship::MEMBER:
      return run->PartDone();
    case up::Trusteeship::ADMINISTRATOR:
      break;
    default:
      return run->Fail(MalformedAnswer(
          fmt::format("{}: the unknown role {}", kGetTrusteeship, static_cast<int>(trusteeship.role()))));
  }
  auto reader = std::make_shared<MemberReader>(run->request().account_id(), console);
  WalkPages<up::ListTrusteeshipMembersRequest, up::ListTrusteeshipMembersResponse>(
      run, 0,
      {
          .who = std::string(kListMembers),
          .start =
              [stub](auto* context, auto* list, auto* page, auto on_done) {
                stub->async()->ListTrusteeshipMembers(context, list, page, std::move(on_done));
              },
          .read = [reader](const auto& page) { return reader->Read(page); },
      });
}

}  // namespace

TrusteeshipChecker::TrusteeshipChecker(Stub trusteeship, CheckerSettings settings)
    : ReportingChecker(DescribeBuiltin("trusteeship", {v1::TRUSTEESHIP_ADMINISTRATOR})),
      trusteeship_(std::move(trusteeship)),
      settings_(std::move(settings)) {}

void TrusteeshipChecker::Check(const v1::CheckRequest& request, const CallOptions& options, CheckDone done) {
  auto run = CheckRun::Start(request, options, 1, settings_.items_max, std::move(done));
  if (run == nullptr) return;
  AskOnce<up::GetTrusteeshipRequest, up::Trusteeship>(
      run, kGetTrusteeship,
      [stub = trusteeship_](auto* context, auto* get, auto* response, auto on_done) {
        stub->async()->GetTrusteeship(context, get, response, std::move(on_done));
      },
      [run, stub = trusteeship_, console = settings_.console_base_uri](const up::Trusteeship& trusteeship) {
        ReadTrusteeship(trusteeship, stub, console, run);
      });
}

}  // namespace closure
