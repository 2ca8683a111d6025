// SPDX-License-Identifier: Apache-2.0
#include "queues_checker.h"

#include <map>
#include <memory>
#include <utility>

#include "checkers/proto_time.h"
#include "checkers/text.h"

namespace queues {
namespace {

namespace v1 = closure::v1;

v1::ReportedItem ItemOf(const Queue& queue) {
  v1::ReportedItem item;
  // The same over all scans, so that the owner sees what is new and what is gone.
  item.set_native_id("queue/" + queue.name);
  item.set_kind(v1::PAY_AS_YOU_GO_RESOURCE);
  item.set_disposition(v1::MUST_HANDLE);
  item.set_type("queues/queue");
  item.set_display_name(queue.name);
  item.set_why("Messages wait in this queue, and would be lost.");
  item.set_resolver(v1::OWNER);
  item.set_instructions("Read the messages, or delete the queue.");
  item.set_process_uri("https://console.example.com/queues/" + closure::PercentEncode(queue.name));
  item.set_native_state(std::to_string(queue.messages) + " messages");
  return item;
}

// What a client of a system does that does not answer: it ends when nobody waits for it any more, and holds no thread.
void WaitUntilLeft(const closure::CallOptions& options, closure::Checker::CheckDone done) {
  if (options.cancel == nullptr) return std::move(done)(absl::DeadlineExceededError("the queues do not answer"));
  auto kept = std::make_shared<closure::Checker::CheckDone>(std::move(done));
  options.cancel->OnCancel([kept] { std::move (*kept)(absl::CancelledError("nobody waits for the queues any more")); });
}

}  // namespace

QueuesChecker::QueuesChecker(std::string queue_file)
    : ReportingChecker(closure::DescribeChecker("queues", "1.0", {v1::PAY_AS_YOU_GO_RESOURCE})),
      queue_file_(std::move(queue_file)) {}

void QueuesChecker::Check(const v1::CheckRequest& request, const closure::CallOptions& options, CheckDone done) {
  std::map<std::string, Account> accounts;
  // Never an empty answer where one does not know: that would let the account close.
  if (const std::string fault = ReadQueueFile(queue_file_, accounts); !fault.empty())
    return std::move(done)(absl::UnavailableError(fault));
  const Account& account = accounts[request.account_id()];
  if (account.hangs) return WaitUntilLeft(options, std::move(done));
  if (account.is_down) return std::move(done)(absl::UnavailableError("the queues are down"));
  closure::CheckAnswer answer;
  for (const Queue& queue : account.queues) {
    if (queue.messages > 0) answer.items.push_back(ItemOf(queue));
  }
  // Read after the question came, so not older than it.
  answer.as_of = closure::FromProto(request.check_time());
  std::move(done)(std::move(answer));
}

}  // namespace queues
