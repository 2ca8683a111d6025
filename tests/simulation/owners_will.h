// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SIMULATION_OWNERS_WILL_H_
#define CLOSURE_TESTS_SIMULATION_OWNERS_WILL_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "closure/internal/v1/closure_data.pb.h"
#include "closure/sandbox/v1/sandbox_service.pb.h"
#include "server/commands.h"

namespace closure::simulation {

// What an owner really did about one closure, recorded where they act and not where it is decided: nothing may happen
// that they did not want (S1, S15, S16). A value; one thread.
class OwnersWill {
 public:
  // What they had before them: the messages of their account, and the items of the closure.
  struct Sight {
    std::vector<sandbox::v1::InboxMessage> inbox;
    std::vector<v1::BlockingItem> items;
  };

  // They give a command, right or wrong, once or again.
  void Gave(const internal::v1::ClosureData& data, const ClosureCommand& command, const Sight& sight);

  // Each answers what is broken, in words; empty when nothing is.
  // The closure changed its state: whether one that only an owner can bring about was brought about by them.
  std::string Moved(const internal::v1::ClosureData& before, const internal::v1::ClosureData& after);
  // Whether money is only renounced as they said, and taken within the limits of the policy, all in all (D8).
  std::string FaultOfMoney(const internal::v1::ClosureData& data) const;
  // Whether only that was released which they discarded.
  std::string FaultOfReleases(const v1::Closure& closure, const sandbox::v1::ShowAccountResponse& account) const;

 private:
  void GaveCodes(const internal::v1::ClosureData& data, const VerifyIdentity& codes, const Sight& sight);
  void Discarded(const DiscardItems& discard, const Sight& sight);
  std::string FaultOfCodes(const internal::v1::ClosureData& before) const;
  std::string FaultOfConfirm(const internal::v1::ClosureData& before, const internal::v1::ClosureData& after) const;
  std::string FaultOfRenunciation(const internal::v1::ClosureData& data, const v1::Renunciation& renunciation) const;

  // The challenges whose code they gave as it was sent to them.
  std::set<std::string> right_codes_;
  bool agreed_ = false;
  bool cancelled_ = false;
  // Kind and amount of the money that they discarded, as it was shown, by its fingerprint.
  std::map<std::string, std::string> money_;
  // Item id to native id of all that they discarded with the facts that were shown.
  std::map<std::string, std::string> items_;
  // Whether they consented to late settlements when they confirmed, by the digest of the risk that they read.
  std::map<std::string, std::set<bool>> confirmed_;
  // Whether they did in the confirmation that the closure is in, or was in last.
  bool consented_ = false;
};

}  // namespace closure::simulation

#endif  // CLOSURE_TESTS_SIMULATION_OWNERS_WILL_H_
