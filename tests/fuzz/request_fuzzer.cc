// SPDX-License-Identifier: Apache-2.0
// Requests of every method, sent to a running server that has a closure in every state. An input is one or more calls
// with a line "---" between them; a call is a line "METHOD STATE ACTOR" and the request in text format, in which words
// such as @name stand for what the closure in that state has. What is no text format is sent as it is.
//
// Promises: every call ends; a refusal has its reason, with the code that this reason always has, and is never the
// server's own fault; nothing that a caller asked for is committed by a call that was refused, except what counts
// wrong codes; what is answered can be read; who may not call is refused whatever else the request says, and before
// the closure is looked at.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "google/protobuf/text_format.h"
#include "server/errors.h"
#include "tests/fuzz/call_texts.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/message_mutator.h"
#include "tests/fuzz/text_messages.h"
#include "tests/support/api_calls.h"
#include "tests/support/every_state.h"
#include "tests/support/faulty_store.h"

namespace closure::fuzz {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;

// After so many inputs the closures have moved on too far, and begin anew.
constexpr int kInputsOfOneServer = 3000;

std::vector<const MethodDescriptor*> Methods() {
  std::vector<const MethodDescriptor*> methods = ClosureMethods();
  for (const MethodDescriptor* method : OperatorMethods()) methods.push_back(method);
  for (const MethodDescriptor* method : GateMethods()) methods.push_back(method);
  return methods;
}

struct Call {
  std::string method;
  std::string state;
  std::string actor;
  std::string request;
};

Call ReadCall(const std::string& text) {
  const std::pair<std::string, std::string> parts = absl::StrSplit(text, absl::MaxSplits('\n', 1));
  std::vector<std::string> words = absl::StrSplit(parts.first, ' ');
  words.resize(3);
  return {words[0], words[1], words[2], parts.second};
}

std::string WriteCall(const Call& call) {
  return fmt::format("{} {} {}\n{}", call.method, call.state, call.actor, call.request);
}

// A watch of what comes after a revision says nothing until something comes, and nothing would be learned by waiting.
void WatchFromNow(Message& request) {
  const FieldDescriptor* const field = request.GetDescriptor()->FindFieldByName("after_revision");
  if (field != nullptr && request.GetReflection()->GetInt64(request, field) > 0)
    request.GetReflection()->SetInt64(&request, field, 0);
}

std::string Bytes(const MethodDescriptor& method, const std::string& text) {
  const std::unique_ptr<Message> request = ReadTextRequest(method, text);
  if (request == nullptr) return text;
  WatchFromNow(*request);
  return request->SerializeAsString();
}

// The accounts that the resource names in a request are of, in repeated messages too; a name of no account counts as
// one of "".
void AddAccounts(const Message& message, std::set<std::string>& accounts) {
  static const std::set<std::string> kNames = {"name", "parent", "account", "item"};
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* const field = message.GetDescriptor()->field(i);
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && field->is_repeated()) {
      for (int k = 0; k < reflection.FieldSize(message, field); ++k)
        AddAccounts(reflection.GetRepeatedMessage(message, field, k), accounts);
    } else if (kNames.count(field->name()) > 0) {
      const std::vector<std::string> parts = absl::StrSplit(reflection.GetString(message, field), '/');
      accounts.insert(parts.size() > 1 && parts[0] == "accounts" ? parts[1] : "");
    }
  }
}

// Whether such a call may succeed at all, told without the code that decides it. An account's root alone drives its
// closures, and operators may read them too (R41, R42); what operators do is theirs alone; the texts of agreements are
// for whoever is somebody, and the gate has no callers of its own.
bool MayCall(const MethodDescriptor& method, const std::string& actor, const Message& request) {
  const bool is_operator = absl::StartsWith(actor, "operator:");
  if (method.service()->name() == "AccountGateService") return true;
  if (method.service()->name() == "OperatorService") return is_operator;
  if (method.name() == "GetAgreement")
    return is_operator || absl::StartsWith(actor, "root:") || absl::StartsWith(actor, "ram:");
  if (is_operator) return !IsMutation(&method);
  std::set<std::string> accounts;
  AddAccounts(request, accounts);
  return accounts.size() == 1 && actor == "root:" + *accounts.begin();
}

// The item that is worth selecting: one that can be renounced, or else any.
v1::BlockingItem ItemOf(Owner& owner) {
  const std::vector<v1::BlockingItem> items = owner.Items(/*show_resolved=*/true);
  const auto item =
      std::find_if(items.begin(), items.end(), [](const auto& each) { return each.disposition() == v1::RENOUNCEABLE; });
  if (item != items.end()) return *item;
  if (!items.empty()) return items.front();
  v1::BlockingItem none;
  none.set_name(owner.name() + "/blockingItems/none");
  none.set_fingerprint("none");
  return none;
}

// A server with a closure in every state, and what stands for the words of inputs.
class Service {
 public:
  Service() {
    for (const v1::Closure::State state : EveryState::All()) {
      Owner& owner = states_.In(state);
      const v1::BlockingItem item = ItemOf(owner);
      const v1::Closure& closure = owner.closure();
      words_[v1::Closure::State_Name(state)] = {
          {"@account", closure.account()},
          {"@name", closure.name()},
          {"@etag", closure.etag()},
          {"@digest", closure.risk_prompt().digest()},
          {"@item", item.name()},
          {"@fingerprint", item.fingerprint()},
          {"@task", TaskName(closure.name())},
          {"@code", state == v1::Closure::IDENTITY_PENDING ? owner.Code() : "000000"},
      };
    }
  }

  void Make(const Call& call) {
    const MethodDescriptor* const method = Find(call.method);
    const auto words = words_.find(call.state);
    if (method == nullptr || words == words_.end()) return;
    const std::string bytes = Bytes(*method, Replace(words->second, call.request));
    const std::string actor = Actor(call.actor, words->second);
    const std::unique_ptr<Message> request = NewMessage(method->input_type());
    const bool is_request = request->ParseFromString(bytes);
    const int committed = faults_->asked_commits();
    const Reply reply = SendBytes(server_, actor, method, bytes, /*messages_max=*/1);
    INFO(WriteCall(call) << "\nanswered " << reply.status.error_code() << ": " << reply.status.error_message());
    // A stream that was left after its first message was not refused.
    if (reply.messages.empty() && !reply.ok()) {
      JudgeRefusal(reply, is_request);
      if (call.method != "VerifyIdentity") REQUIRE(faults_->asked_commits() == committed);
    }
    if (!MayCall(*method, actor, *request)) {
      INFO("by \"" << actor << "\", who may not");
      JudgeForbidden(reply, is_request);
      REQUIRE(faults_->asked_commits() == committed);
    }
    for (const std::string& message : reply.messages) Remember(*method, message, words->second);
  }

 private:
  using Words = std::map<std::string, std::string>;

  static const MethodDescriptor* Find(const std::string& name) {
    for (const MethodDescriptor* method : Methods()) {
      if (method->name() == name) return method;
    }
    return nullptr;
  }

  std::string TaskName(const std::string& closure) {
    const std::vector<v1::Task> tasks = TasksOf(server_, closure);
    return tasks.empty() ? "tasks/1" : tasks.front().name();
  }

  static std::string Replace(Words words, const std::string& text) {
    words["@new"] = NewRequestId();
    // An etag has quotes.
    for (auto& [word, value] : words) value = absl::CEscape(value);
    return absl::StrReplaceAll(text, words);
  }

  static std::string Actor(const std::string& word, const Words& words) {
    const std::string account = words.at("@account").substr(std::string("accounts/").size());
    if (word == "root") return "root:" + account;
    if (word == "ram") return "ram:ann@" + account;
    if (word == "role") return "role:admin@" + account;
    if (word == "operator") return "operator:ann";
    if (word == "other") return "root:state-ready-2";
    // Who has a closure too.
    if (word == "neighbour") return account == "state-ready" ? "root:state-blocked" : "root:state-ready";
    if (word == "nobody") return "";
    // Any other word is taken for the identity itself, where gRPC lets it through.
    return word.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789:@-_.") == std::string::npos ? word : "";
  }

  // gRPC itself refuses what is no request of the method; it knows no reasons.
  static void JudgeRefusal(const Reply& reply, bool is_request) {
    if (!is_request && reply.reason() == v1::ERROR_REASON_UNSPECIFIED) return;
    REQUIRE(reply.reason() != v1::ERROR_REASON_UNSPECIFIED);
    REQUIRE(reply.reason() != v1::INTERNAL_FAULT);
    REQUIRE(static_cast<int>(CodeOf(reply.reason())) == static_cast<int>(reply.status.error_code()));
    REQUIRE_FALSE(reply.status.error_message().empty());
  }

  // Any other code would tell the caller something of the closure, or that a code was compared with the one sent.
  static void JudgeForbidden(const Reply& reply, bool is_request) {
    REQUIRE_FALSE(reply.ok());
    REQUIRE(reply.messages.empty());
    if (!is_request) return;
    const grpc::StatusCode code = reply.status.error_code();
    REQUIRE((code == grpc::StatusCode::UNAUTHENTICATED || code == grpc::StatusCode::PERMISSION_DENIED ||
             code == grpc::StatusCode::INVALID_ARGUMENT));
  }

  // An answer must be readable; what it tells is what the next call of an input may speak of.
  static void Remember(const MethodDescriptor& method, const std::string& bytes, Words& words) {
    const std::unique_ptr<Message> answer = NewMessage(method.output_type());
    REQUIRE(answer->ParseFromString(bytes));
    for (const auto& [field_name, word] : {std::pair("etag", "@etag"), std::pair("next_page_token", "@token")}) {
      const FieldDescriptor* const field = answer->GetDescriptor()->FindFieldByName(field_name);
      if (field != nullptr) words[word] = answer->GetReflection()->GetString(*answer, field);
    }
  }

  const std::shared_ptr<StoreFaults> faults_ = std::make_shared<StoreFaults>();
  RunningServer server_{{.wrap_store = [this](std::unique_ptr<ClosureStore> store) {
    return std::make_unique<FaultyStore>(std::move(store), faults_);
  }}};
  EveryState states_{server_};
  std::map<std::string, Words> words_;
};

class RequestTarget final : public Target {
 public:
  void Try(std::string_view input) override {
    if (service_ == nullptr || ++inputs_ == kInputsOfOneServer) {
      service_.reset();
      service_ = std::make_unique<Service>();
      inputs_ = 0;
    }
    std::vector<std::string> calls = SplitCalls(input);
    if (calls.size() > kCallsMax) calls.resize(kCallsMax);
    for (const std::string& call : calls) service_->Make(ReadCall(call));
  }

  std::string Mutate(std::string_view input, size_t size_max, std::mt19937& random) override {
    std::vector<std::string> calls = SplitCalls(input);
    Call call = ReadCall(calls[random() % calls.size()]);
    switch (random() % 8) {
      case 0:
        call.method = AnyOf(Methods(), random)->name();
        break;
      case 1:
        call.state = v1::Closure::State_Name(AnyOf(EveryState::All(), random));
        break;
      case 2:
        call.actor =
            AnyOf(std::vector<std::string>{"root", "ram", "role", "operator", "other", "neighbour", "nobody"}, random);
        break;
      default:
        call.request = MutateRequest(call, random);
    }
    return WithCall(std::move(calls), WriteCall(call), size_max, random);
  }

 private:
  template <typename Element>
  static Element AnyOf(const std::vector<Element>& elements, std::mt19937& random) {
    return elements[random() % elements.size()];
  }

  static std::string MutateRequest(const Call& call, std::mt19937& random) {
    for (const MethodDescriptor* method : Methods()) {
      if (method->name() != call.method) continue;
      std::unique_ptr<Message> request = ReadTextRequest(*method, call.request);
      if (request == nullptr) break;
      const MessageMutator mutator({"@account", "@name", "@etag", "@digest", "@item", "@fingerprint", "@task", "@code",
                                    "@new", "@token", "accounts/-", "-", "/", "\n", "en", "2026-01", "billing"},
                                   random);
      mutator.Mutate(*request);
      std::string text;
      google::protobuf::TextFormat::PrintToString(*request, &text);
      return text;
    }
    return MutateBytes(call.request, 4096);
  }

  std::unique_ptr<Service> service_;
  int inputs_ = 0;
};

}  // namespace

std::unique_ptr<Target> MakeTarget() { return std::make_unique<RequestTarget>(); }

}  // namespace closure::fuzz
