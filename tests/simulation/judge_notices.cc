// SPDX-License-Identifier: Apache-2.0
#include "tests/simulation/judge_notices.h"

#include <algorithm>
#include <string_view>

#include "absl/strings/match.h"
#include "fmt/format.h"

namespace closure::simulation {
namespace {

using sandbox::v1::InboxMessage;

// The ends as owners read of them.
enum class End { kClosed, kAborted, kCancelled, kExpired, kGone };

// What only the message of one end says, in the subject of a mail and in a text message.
struct Words {
  End end;
  std::string_view english;
  std::string_view chinese;
};
constexpr Words kWords[] = {
    {End::kClosed, "is closed", "已注销"},    {End::kAborted, "was not closed", "未能注销"},
    {End::kCancelled, "cancelled", "已取消"}, {End::kExpired, "has expired", "已过期"},
    {End::kGone, "has ended", "已结束"},
};
// What the body of a success says, and no other.
constexpr Words kSuccess = {End::kClosed, "permanently deleted", "永久删除"};

End EndOf(const v1::Closure& closure) {
  if (closure.state() == v1::Closure::CLOSED) return End::kClosed;
  if (closure.cause() == v1::Closure::ACCOUNT_GONE) return End::kGone;
  if (closure.state() == v1::Closure::CANCELLED) return End::kCancelled;
  return closure.state() == v1::Closure::EXPIRED ? End::kExpired : End::kAborted;
}

bool Says(std::string_view text, const Words& words, const std::string& language_code) {
  const std::string_view said = language_code == "zh" ? words.chinese : words.english;
  return absl::StrContains(absl::string_view(text.data(), text.size()), absl::string_view(said.data(), said.size()));
}

std::string FaultOfText(const v1::Closure& closure, const InboxMessage& message) {
  const End end = EndOf(closure);
  const std::string& headline = message.subject().empty() ? message.body() : message.subject();
  for (const Words& words : kWords) {
    // The reason of an abort is in a text message too, in anybody's words.
    const bool matters = words.end == end || words.end == End::kClosed;
    if (!matters || Says(headline, words, message.language_code()) == (words.end == end)) continue;
    return fmt::format("S6: the message of the end reads \"{}\"", headline);
  }
  if (Says(message.body(), kSuccess, message.language_code()) != (end == End::kClosed))
    return fmt::format("S6: the message of the end reads \"{}\"", message.body());
  return "";
}

std::string FaultOfMessage(const v1::Closure& closure, const Reachable& owner, v1::Channel channel,
                           const InboxMessage& message) {
  const auto address = owner.addresses.find(channel);
  const std::string account_id = closure.account().substr(closure.account().find('/') + 1);
  if (address == owner.addresses.end() || address->second != message.address())
    return "N9: a result went to somebody else";
  if (!absl::StrContains(message.body(), account_id)) return "L2: a result does not name its account";
  if (message.language_code() != owner.language_code) return "L2: a result is in another language than its owner's";
  return FaultOfText(closure, message);
}

// What arrived on one channel, against its notice; null when there is none.
std::string FaultOfChannel(const v1::Closure& closure, const Reachable& owner, v1::Channel channel,
                           const v1::Notice* notice, const std::vector<InboxMessage>& inbox) {
  const std::string& name = v1::Channel_Name(channel);
  const bool reachable = owner.addresses.count(channel) > 0;
  if (reachable && notice == nullptr) return fmt::format("L2: no notice by {}", name);
  if (reachable && notice->status() == v1::Notice::NO_ADDRESS) return fmt::format("L2: {} was not tried", name);
  const std::string prefix = closure.name() + "/notice/";
  int told = 0;
  for (const InboxMessage& message : inbox) {
    if (!absl::StartsWith(message.idempotency_key(), prefix)) continue;
    if ((message.channel() == "email") != (channel == v1::EMAIL)) continue;
    if (std::string fault = FaultOfMessage(closure, owner, channel, message); !fault.empty()) return fault;
    ++told;
  }
  if (told > 1) return fmt::format("S6: {} results were told by {}", told, name);
  // One that was given up may have arrived all the same.
  if (notice != nullptr && notice->status() == v1::Notice::DELIVERED && told == 0)
    return fmt::format("L2: a notice by {} is delivered, and nothing arrived", name);
  return "";
}

}  // namespace

Reachable ReachableOf(const sandbox::v1::CloudAccount& account) {
  Reachable owner{.addresses = {}, .language_code = account.language_code().empty() ? "en" : account.language_code()};
  if (account.has_email()) owner.addresses[v1::EMAIL] = account.email().address();
  if (account.has_phone()) owner.addresses[v1::SMS] = account.phone().address();
  return owner;
}

std::string FaultOfNotices(const v1::Closure& closure, const Reachable& owner, const std::vector<InboxMessage>& inbox) {
  for (const v1::Channel channel : {v1::EMAIL, v1::SMS}) {
    const v1::Notice* found = nullptr;
    for (const v1::Notice& notice : closure.notices()) {
      if (notice.channel() != channel) continue;
      if (found != nullptr) return fmt::format("L2: two notices by {}", v1::Channel_Name(channel));
      found = &notice;
    }
    if (std::string fault = FaultOfChannel(closure, owner, channel, found, inbox); !fault.empty()) return fault;
  }
  return "";
}

}  // namespace closure::simulation
