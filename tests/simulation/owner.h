// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SIMULATION_OWNER_H_
#define CLOSURE_TESTS_SIMULATION_OWNER_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "server/closure_engine.h"
#include "tests/simulation/cloud.h"
#include "tests/simulation/judge.h"
#include "tests/simulation/memory_store.h"
#include "tests/simulation/schedule.h"

namespace closure::simulation {

// An owner who wants to leave, does not quite know how, changes their mind, and is now and then hostile: wrong codes,
// old etags, other people's codes and items, a second closure beside an open one, the same request again and again.
// What was answered to them must stay true.
class Owner {
 public:
  struct Parts {
    Dice* dice = nullptr;
    Cloud* cloud = nullptr;
    MemoryStore* store = nullptr;
    Judge* judge = nullptr;
    const Agreements* agreements = nullptr;
  };

  Owner(const Parts& parts, std::string account_id, std::string other_account_id)
      : parts_(parts), account_id_(std::move(account_id)), other_account_id_(std::move(other_account_id)) {}

  const std::string& account_id() const { return account_id_; }

  // Does one thing, with the service that runs at present; null while none does.
  void Act(ClosureEngine* engine);
  // The process died: answers under way never come.
  void ForgetCalls() { ++epoch_; }

 private:
  // A command as it was given, to be given again.
  struct Given {
    ClosureKey key;
    ClosureCommand command;
    std::string etag;
    CallContext context;
    // The answer, once there was one.
    std::optional<v1::Closure> answer;
  };

  // A closure that was asked for.
  struct Creation {
    v1::Channel channel = v1::CHANNEL_UNSPECIFIED;
    CallContext context;
    std::optional<v1::Closure> answer;
  };

  // A request that was answered before may be one of these.
  template <typename Asked>
  void Refused(const std::vector<Asked>& asked, const std::string& request_id, const absl::Status& status);
  std::optional<internal::v1::ClosureData> NewestOf(const std::string& account_id) const;
  // Asks for a closure, or once more for one that was asked for before.
  void Create(ClosureEngine& engine);
  void SendCreation(ClosureEngine& engine, const Creation& creation);
  // What leads on from here.
  void GoOn(ClosureEngine& engine, const internal::v1::ClosureData& data);
  // Anything, whether it is allowed or not.
  void Meddle(ClosureEngine& engine, const internal::v1::ClosureData& data);
  void Repeat(ClosureEngine& engine);
  void Give(ClosureEngine& engine, const internal::v1::ClosureData& data, ClosureCommand command);
  void Send(ClosureEngine& engine, std::size_t given);

  VerifyIdentity Codes(const internal::v1::ClosureData& data, bool right);
  // The newest codes that were mailed for a closure, whoever's it is.
  std::map<v1::Channel, std::string> MailedCodes(const internal::v1::ClosureData& data) const;
  // What another owner would give, if they have a closure.
  std::optional<ClosureCommand> Stolen(const internal::v1::ClosureData& data);
  std::string Etag(const internal::v1::ClosureData& data);
  DiscardItems Selection(const internal::v1::ClosureData& data, bool right);
  ConfirmClosure Confirmation(const internal::v1::ClosureData& data);
  ClosureCommand Anything(const internal::v1::ClosureData& data);
  CallContext NewContext();

  const Parts parts_;
  const std::string account_id_;
  const std::string other_account_id_;
  std::vector<Given> given_;
  std::vector<Creation> creations_;
  // One that was in force some time ago.
  std::string old_etag_;
  std::int64_t epoch_ = 0;
};

}  // namespace closure::simulation

#endif  // CLOSURE_TESTS_SIMULATION_OWNER_H_
