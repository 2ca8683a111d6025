// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_CLOSURECTL_COMMAND_SET_H_
#define CLOSURE_CLIENT_CLOSURECTL_COMMAND_SET_H_

#include <CLI/App.hpp>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/closurectl/exit_code.h"
#include "client/closurectl/session.h"

namespace closure {

// The commands of closurectl: what CLI11 parses, and what is then run. Each file of commands adds its own.
class CommandSet {
 public:
  // Runs a command with what was parsed. An error is printed by the caller; every other outcome is an exit code.
  using Action = std::function<absl::StatusOr<ExitCode>(Session&)>;

  explicit CommandSet(CLI::App& root) : root_(root) {}

  // Adds a command and returns it for its arguments. The example is shown by its --help.
  CLI::App* Add(const std::string& name, const std::string& description, const std::string& example);
  // Adds a command that only holds others.
  CLI::App* AddGroup(const std::string& name, const std::string& description);
  CLI::App* AddTo(CLI::App* group, const std::string& name, const std::string& description, const std::string& example);
  // Says what a command does.
  void Bind(CLI::App* command, Action action);

  // The action of the command that was parsed; empty when it was none.
  Action Parsed() const;

  // The names of the commands below a group or below the root, as people read them; empty for a command.
  std::string NamesIn(const CLI::App* app) const;
  // The commands beside this one, of the same group, that take a flag.
  std::vector<std::string> TakersOf(const std::string& flag, const CLI::App* command) const;

  // Looks for a word where a command should stand and there is none of that name. Returns OK when there is no such
  // word, otherwise an INVALID_ARGUMENT with the nearest name: CLI11 says no more than that a subcommand is required.
  absl::Status CheckWords(const std::vector<std::string>& arguments) const;

 private:
  struct Bound {
    CLI::App* command;
    Action action;
  };

  CLI::App& root_;
  std::vector<Bound> bound_;
};

// Each adds the commands of its file.
void AddAgreementCommands(CommandSet& commands);
void AddCloseCommand(CommandSet& commands);
void AddClosureCommands(CommandSet& commands);
void AddConfirmCommand(CommandSet& commands);
void AddConformanceCommands(CommandSet& commands);
void AddGateCommands(CommandSet& commands);
void AddIdentityCommands(CommandSet& commands);
void AddItemCommands(CommandSet& commands);
void AddOperatorCommands(CommandSet& commands);
void AddPreviewCommand(CommandSet& commands);
void AddProgressCommands(CommandSet& commands);
void AddSandboxCommands(CommandSet& commands);
void AddServerCommands(CommandSet& commands);

}  // namespace closure

#endif  // CLOSURE_CLIENT_CLOSURECTL_COMMAND_SET_H_
