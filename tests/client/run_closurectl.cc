// SPDX-License-Identifier: Apache-2.0
#include "tests/client/run_closurectl.h"

#include <algorithm>
#include <sstream>

#include "client/closurectl/environment.h"
#include "client/closurectl/run.h"

namespace closure {

namespace {

// A place for data that takes so many bytes and no more, as a pipe whose reader goes away.
class LimitedBuffer : public std::stringbuf {
 public:
  explicit LimitedBuffer(size_t bytes_max) : left_(bytes_max) {}

 protected:
  std::streamsize xsputn(const char* text, std::streamsize count) override {
    const auto fits = static_cast<std::streamsize>(std::min<size_t>(left_, static_cast<size_t>(count)));
    left_ -= static_cast<size_t>(fits);
    return std::stringbuf::xsputn(text, fits);
  }
  int_type overflow(int_type character) override {
    if (left_ == 0) return traits_type::eof();
    --left_;
    return std::stringbuf::overflow(character);
  }

 private:
  size_t left_;
};

}  // namespace

Outcome RunClosurectl(const std::vector<std::string>& arguments, const Terminal& terminal) {
  std::istringstream in(terminal.input);
  LimitedBuffer data(terminal.output_max);
  std::ostream out(&data);
  std::ostringstream err;
  Environment environment{.in = in, .out = out, .err = err};
  environment.in_is_tty = environment.out_is_tty = environment.err_is_tty = terminal.tty;
  environment.variable = [&terminal](const std::string& name) -> std::optional<std::string> {
    const auto found = terminal.variables.find(name);
    if (found == terminal.variables.end()) return std::nullopt;
    return found->second;
  };
  absl::Duration now;
  environment.pause = [&now](absl::Duration span) { now += span; };
  environment.elapsed = [&now] { return now; };
  Outcome outcome;
  environment.columns = terminal.columns;
  environment.on_resume_command = [&outcome](const std::string& command) { outcome.resume_command = command; };
  outcome.code = Run(arguments, environment);
  outcome.out = data.str();
  outcome.err = err.str();
  return outcome;
}

}  // namespace closure
