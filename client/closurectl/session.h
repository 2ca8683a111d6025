// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_CLOSURECTL_SESSION_H_
#define CLOSURE_CLIENT_CLOSURECTL_SESSION_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "client/closure_client.h"
#include "client/closure_follower.h"
#include "client/closurectl/environment.h"
#include "client/closurectl/next_step.h"
#include "client/closurectl/printer.h"

namespace closure {

// The flags that every command takes, after flag, environment and default were put in order.
struct GlobalOptions {
  std::string server = "127.0.0.1:7443";
  std::string actor;
  // Nothing for plain text.
  std::optional<ClientTls> tls;
  OutputFormat format = OutputFormat::kTable;
  std::optional<absl::Duration> timeout;
  bool no_input = false;
  std::string color = "auto";
  // What a next command line has to repeat: "closurectl", --server and --as root:ACCOUNT where they were given as
  // flags, and always the identity of an operator.
  std::string command = "closurectl";
  // The same without an identity, for what another identity has to do.
  std::string command_of_another = "closurectl";
  // The command that runs, without flags and arguments: "closurectl sandbox load".
  std::string running = "closurectl";
};

// One run of a command: its flags, its streams and its client. Not for several threads.
class Session {
 public:
  Session(GlobalOptions options, Environment& environment);

  const GlobalOptions& options() const { return options_; }
  Environment& environment() { return environment_; }
  Printer& printer() { return printer_; }
  ClosureClient& client() { return client_; }
  // What the command is about, for the hints that go with an error: a closure or account as it was typed or resolved.
  const std::string& subject() const { return subject_; }

  // As whom the session acts: as an operator with --as or CLOSURE_AS operator:NAME, else as an owner.
  Role role() const;

  // The command line that goes on where this run stops; empty while there is nothing to go on with. It is told with an
  // error that ends the run, and at Ctrl-C.
  const std::string& resume_command() const { return resume_command_; }
  void set_resume_command(std::string command);

  // Flags of this run that the command line of a hint repeats: " --via sms"; empty where there are none.
  const std::string& repeated_flags() const { return repeated_flags_; }
  void set_repeated_flags(std::string flags) { repeated_flags_ = std::move(flags); }

  // Whether a question can be asked: somebody sits at a terminal and --no-input is not given.
  bool interactive() const { return environment_.in_is_tty && !options_.no_input; }

  // Settles as whom the calls are made: --as, else CLOSURE_AS, else "root:ACCOUNT" for the account that the command
  // names, and that only where the server is on this machine. Returns the account's full name. Errors: INVALID_ARGUMENT
  // when nothing settles it, the account's id is none, or something below an account is named; nothing was called then.
  absl::StatusOr<std::string> UseAccount(absl::string_view typed);

  // The full name of a closure, typed so or as its account, which means the account's open closure, else its newest;
  // settles the identity as UseAccount does. Errors: those of UseAccount and ListClosures, NOT_FOUND when the account
  // has no closure.
  absl::StatusOr<std::string> UseClosure(absl::string_view typed);

  // For the commands of operators, which act for no account. Whether the identity is an operator's is for the server to
  // say. Errors: INVALID_ARGUMENT without --as and CLOSURE_AS.
  absl::Status RequireOperator();

  // For reads that are open to every identity and about no account: --as, else CLOSURE_AS, else "operator:closurectl",
  // and that only where the server is on this machine. Errors: INVALID_ARGUMENT when nothing settles it.
  absl::Status UseAnyReader();

  // Whether the server plays the cloud around it (`closured dev`) and has this account; false when it does not answer.
  bool HasSandboxAccount(const std::string& account_id);

  // Watches a closure with this session's clocks; `limit` bounds the whole. Tells on the message stream when it lost
  // the connection. Errors: those of ClosureFollower, and of CheckWritten as soon as data did not arrive.
  absl::Status Follow(const std::string& closure, absl::Duration limit,
                      const std::function<bool(const v1::Closure&)>& on_change);

  // Calls client().GetClosure.
  absl::StatusOr<v1::Closure> GetClosure(const std::string& name);
  // The closure of an account that has not ended; nothing when there is none.
  absl::StatusOr<std::optional<v1::Closure>> FindOpenClosure(const std::string& account);
  // Every page of a closure's items.
  absl::StatusOr<v1::ListBlockingItemsResponse> ListItems(v1::ListBlockingItemsRequest request);

 private:
  // UseAccount for an account, or for what is below it.
  absl::StatusOr<std::string> UseAccountOf(absl::string_view typed);
  // Settles the identity as `fallback` where nothing else does.
  absl::Status SettleActor(const std::string& fallback);

  GlobalOptions options_;
  Environment& environment_;
  Printer printer_;
  ClosureClient client_;
  std::string subject_;
  std::string resume_command_;
  std::string repeated_flags_;
};

// Whether a closure in this state has ended.
bool IsTerminal(v1::Closure::State state);

// Whether a closure in this state still comes to Confirm, so that its owner decides how it goes on.
bool IsBeforeConfirm(v1::Closure::State state);

}  // namespace closure

#endif  // CLOSURE_CLIENT_CLOSURECTL_SESSION_H_
