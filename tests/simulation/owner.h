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
// old etags, other people's items, the same request again and again. What was answered to them must stay true.
class Owner {
 public:
  struct Parts {
    Dice* dice = nullptr;
    Cloud* cloud = nullptr;
    MemoryStore* store = nullptr;
    Judge* judge = nullptr;
    const Clock* clock = nullptr;
    const SecretKey* secret_key = nullptr;
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

  std::optional<internal::v1::ClosureData> Newest() const;
  void ChangeTheWorld();
  void Create(ClosureEngine& engine);
  // What leads on from here.
  void GoOn(ClosureEngine& engine, const internal::v1::ClosureData& data);
  // Anything, whether it is allowed or not.
  void Meddle(ClosureEngine& engine, const internal::v1::ClosureData& data);
  void Repeat(ClosureEngine& engine);
  void Give(ClosureEngine& engine, const internal::v1::ClosureData& data, ClosureCommand command);
  void Send(ClosureEngine& engine, std::size_t given);

  VerifyIdentity Codes(const internal::v1::ClosureData& data, bool right);
  DiscardItems Selection(const internal::v1::ClosureData& data, bool right);
  ConfirmClosure Confirmation(const internal::v1::ClosureData& data);
  ClosureCommand Anything(const internal::v1::ClosureData& data);
  CallContext NewContext();

  const Parts parts_;
  const std::string account_id_;
  const std::string other_account_id_;
  std::vector<Given> given_;
  std::int64_t epoch_ = 0;
};

}  // namespace closure::simulation

#endif  // CLOSURE_TESTS_SIMULATION_OWNER_H_
