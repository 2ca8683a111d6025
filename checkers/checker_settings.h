// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_CHECKER_SETTINGS_H_
#define CLOSURE_CHECKERS_CHECKER_SETTINGS_H_

#include <cstdint>
#include <string>

namespace closure {

// What the built-in checkers are told by the configuration.
struct CheckerSettings {
  // Process links are this absolute https address and a path; at most 1,000 characters.
  std::string console_base_uri = "https://console.example.com";
  // The largest balance that can be forfeited and the largest debt that can be voided, in units of any settlement
  // currency, inclusive (R23, R24). Used when a CheckRequest does not bring the numbers of its closure.
  int64_t forfeit_limit_units = 1000;
  int64_t void_limit_units = 10;
  // How many items a checker reports at most; more is an answer of TooMuchAnswer (D16).
  int items_max = 10000;
};

}  // namespace closure

#endif  // CLOSURE_CHECKERS_CHECKER_SETTINGS_H_
