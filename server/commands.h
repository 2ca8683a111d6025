// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_COMMANDS_H_
#define CLOSURE_SERVER_COMMANDS_H_

#include <google/protobuf/timestamp.pb.h>

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "closure/v1/closure.pb.h"
#include "server/actor.h"

// What people ask of one closure or of the system. Syntax has been checked; existence, replay, etag and state have not.
namespace closure {

// What comes with every command of people.
struct CallContext {
  Actor actor;
  // A UUID (AIP-155).
  std::string request_id;
  // SHA-256 over method, actor and body, so that a request id cannot be used for another request.
  std::string body_hash;
};

struct ResendCode {
  // Unspecified keeps the present channel.
  v1::Channel channel = v1::CHANNEL_UNSPECIFIED;
};
struct VerifyIdentity {
  struct Code {
    // Unspecified when only one code is demanded.
    v1::Channel channel = v1::CHANNEL_UNSPECIFIED;
    std::string code;
  };
  std::vector<Code> codes;
};
struct AcceptAgreement {
  std::string version;
  std::string language_code;
};
struct Recheck {};
struct DiscardItems {
  struct Selection {
    std::string item_id;
    std::string fingerprint;
  };
  std::vector<Selection> selections;
  std::string risk_digest;
};
struct ConfirmClosure {
  v1::Closure::Reason reason = v1::Closure::REASON_UNSPECIFIED;
  std::string reason_text;
  std::string risk_digest;
  bool late_settlement_consent = false;
};
struct CancelClosure {};
struct PlaceHold {
  std::string reason;
};
struct ReleaseHold {
  std::string reason;
};

using ClosureCommand = std::variant<ResendCode, VerifyIdentity, AcceptAgreement, Recheck, DiscardItems, ConfirmClosure,
                                    CancelClosure, PlaceHold, ReleaseHold>;

// What operators ask of the whole system.
struct SystemCommand {
  enum class Kind { kPause, kResume, kReleaseBreaker, kAcknowledgeClockJump };
  Kind kind;
  std::string reason;
  // Of an acknowledgement: when the jump came that was looked at; any where absent.
  std::optional<google::protobuf::Timestamp> jump_create_time = std::nullopt;
};

}  // namespace closure

#endif  // CLOSURE_SERVER_COMMANDS_H_
