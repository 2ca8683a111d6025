// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SUPPORT_COMMAND_LINE_H_
#define CLOSURE_TESTS_SUPPORT_COMMAND_LINE_H_

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>

#include "CLI/CLI.hpp"

// What the programs of the proof have in common on their command lines.
namespace closure {

// The exit code where arguments are not understood; 1 says that something was found.
inline constexpr int kMisunderstood = 2;

// A whole number from 0 on that has at most 18 digits. CLI11 by itself takes -3 for a very large one.
inline CLI::Validator WholeNumber() {
  return CLI::Validator(
      [](std::string& text) -> std::string {
        constexpr std::size_t kDigitsMax = 18;
        const bool digits = std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
        if (digits && !text.empty() && text.size() <= kDigitsMax) return "";
        return "\"" + text + "\" is not a whole number from 0 on of at most 18 digits";
      },
      "NUMBER");
}

// The option --seed of every program.
inline void AddSeed(CLI::App& app, std::uint64_t& seed, const std::string& of_what) {
  app.add_option("--seed", seed, of_what)->check(WholeNumber())->capture_default_str();
}

// Reads the arguments. The exit code where there is nothing left to do, because help was asked for or they are not
// understood; said is then what there is to say.
inline std::optional<int> ReadArguments(CLI::App& app, int argc, char** argv) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == EXIT_SUCCESS ? EXIT_SUCCESS : kMisunderstood;
  }
  return std::nullopt;
}

}  // namespace closure

#endif  // CLOSURE_TESTS_SUPPORT_COMMAND_LINE_H_
