// SPDX-License-Identifier: Apache-2.0
#include "client/closurectl/command_set.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/closurectl/error_text.h"
#include "client/closurectl/terminal_text.h"
#include "protos/suggestion.h"

namespace closure {
namespace {

std::vector<std::string> NamesOf(const CLI::App* app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app->get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  return names;
}

const CLI::App* FindCommand(const CLI::App* app, const std::string& name) {
  for (const CLI::App* command : app->get_subcommands([](const CLI::App*) { return true; })) {
    if (command->check_name(name)) return command;
  }
  return nullptr;
}

// Whether an option takes the next word as its value; options of an outer command can stand after an inner one.
bool TakesValue(const CLI::App* app, const std::string& argument) {
  if (absl::StrContains(argument, "=")) return false;
  for (; app != nullptr; app = app->get_parent()) {
    const CLI::Option* option = app->get_option_no_throw(argument);
    if (option != nullptr) return option->get_items_expected_max() > 0;
  }
  return false;
}

absl::Status Unknown(const CLI::App* app, absl::string_view word) {
  const std::vector<std::string> names = NamesOf(app);
  const std::string nearest = NearestWord(absl::AsciiStrToLower(word), names);
  const std::string prefix = app->get_parent() == nullptr ? "" : absl::StrCat(app->get_name(), " ");
  const std::string known = absl::StrCat("the commands are ", absl::StrJoin(names, ", "));
  return UsageError(absl::StrCat("there is no command \"", prefix, EscapeTyped(word), "\"; ",
                                 nearest.empty() ? known : absl::StrCat("did you mean \"", prefix, nearest, "\"?")));
}

}  // namespace

CLI::App* CommandSet::Add(const std::string& name, const std::string& description, const std::string& example) {
  return AddTo(&root_, name, description, example);
}

CLI::App* CommandSet::AddGroup(const std::string& name, const std::string& description) {
  CLI::App* group = root_.add_subcommand(name, description);
  group->require_subcommand(1);
  group->footer(absl::StrCat("\n`closurectl ", name, " COMMAND --help` shows the arguments and an example of each."));
  return group;
}

CLI::App* CommandSet::AddTo(CLI::App* group, const std::string& name, const std::string& description,
                            const std::string& example) {
  CLI::App* command = group->add_subcommand(name, description);
  command->footer(
      absl::StrCat("\nExample:\n  ", example, "\n\n`closurectl --help` lists the flags that every command takes."));
  return command;
}

void CommandSet::Bind(CLI::App* command, Action action) { bound_.push_back({command, std::move(action)}); }

CommandSet::Action CommandSet::Parsed() const {
  for (const Bound& bound : bound_) {
    if (bound.command->parsed()) return bound.action;
  }
  return nullptr;
}

std::string CommandSet::NamesIn(const CLI::App* app) const { return absl::StrJoin(NamesOf(app), ", "); }

std::vector<std::string> CommandSet::TakersOf(const std::string& flag, const CLI::App* command) const {
  std::vector<std::string> takers;
  for (const CLI::App* other : command->get_parent()->get_subcommands([](const CLI::App*) { return true; })) {
    if (other->get_option_no_throw(flag) != nullptr) takers.push_back(other->get_name());
  }
  return takers;
}

absl::Status CommandSet::CheckWords(const std::vector<std::string>& arguments) const {
  const CLI::App* app = &root_;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::vector<std::string> names = NamesOf(app);
    if (names.empty() || arguments[i] == "--") return absl::OkStatus();
    if (absl::StartsWith(arguments[i], "-")) {
      if (TakesValue(app, arguments[i])) ++i;
      continue;
    }
    const CLI::App* next = FindCommand(app, arguments[i]);
    if (next == nullptr) return Unknown(app, arguments[i]);
    app = next;
  }
  return absl::OkStatus();
}

}  // namespace closure
