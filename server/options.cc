// SPDX-License-Identifier: Apache-2.0
#include "server/options.h"

#include <deque>
#include <utility>

#include "checkers/text.h"
#include "protos/suggestion.h"
#include "server/strings.h"
#include "storage/status_macros.h"

namespace closure {
namespace {

constexpr std::string_view kUsage = R"(Usage:
  closured --config FILE [--check-config | --print-config | --backup COPY]
  closured dev [--data-dir DIR] [--listen ADDRESS] [--load CLOUD_FILE]... [--config FILE]
  closured --help | --version

The account closure server.

  --config FILE        the configuration, in protobuf text format; see docs/configuration.md.
                       Without it the file that the environment variable CLOSURE_CONFIG names is taken
  --check-config       check the configuration and end: 0 when it is right, 78 when not, with every fault on a line
                       of its own. Checked are keys and values, how targets are written, and on this machine: the
                       secret key (there, mode 0600, long enough), the agreements, the database (its folder is
                       writable, the file is the server's user's alone), the folder of a unix socket. Nothing is
                       made or opened for writing, and nobody is called: whether an upstream answers, an address
                       is free or the database is a good one shows at the start
  --print-config       print the whole configuration with its defaults and end
  --backup COPY        copy the database to a file that is not there yet, also while a server uses it, read the copy
                       through, and end

closured dev runs everything on this machine: a sandbox cloud that plays every other system, and a clock
that can be moved forward. Nothing in it is real.

  --data-dir DIR       keep the data here; without it in a temporary folder that is removed at the end
  --listen ADDRESS     listen here, for example 127.0.0.1:0 for a free port; default 127.0.0.1:7443
  --load CLOUD_FILE    load a cloud file (JSON) at the start; may be given several times
  --config FILE        policy, checkers and limits other than the defaults

Exit codes: 0 ended in order, 64 usage, 70 internal fault, 71 out of memory, 75 try again later, 78 configuration.
)";

absl::Status Wrong(std::string_view what) {
  return absl::InvalidArgumentError(Concat(what, "; closured --help tells more"));
}

// The arguments one after another, "--flag=value" taken apart.
class ArgumentReader {
 public:
  explicit ArgumentReader(const std::vector<std::string>& arguments) : left_(arguments.begin(), arguments.end()) {}

  bool Next() {
    if (left_.empty()) return false;
    flag_ = std::move(left_.front());
    left_.pop_front();
    value_.reset();
    if (const std::size_t equals = flag_.find('='); flag_.starts_with("--") && equals != std::string::npos) {
      value_ = flag_.substr(equals + 1);
      flag_.resize(equals);
    }
    return true;
  }
  const std::string& flag() const { return flag_; }

  absl::StatusOr<std::string> Value() {
    if (!value_ && !left_.empty() && !left_.front().starts_with("--")) {
      value_ = std::move(left_.front());
      left_.pop_front();
    }
    if (!value_ || value_->empty()) return Wrong(Concat(flag_, " needs a value"));
    return *value_;
  }
  absl::Status NoValue() const { return value_ ? Wrong(Concat(flag_, " takes no value")) : absl::OkStatus(); }

 private:
  std::deque<std::string> left_;
  std::string flag_;
  std::optional<std::string> value_;
};

absl::Status SetCommand(Options& options, Options::Command command, const ArgumentReader& reader) {
  // Who asks for help gets it, whatever else was asked.
  if (options.command == Options::Command::kHelp) return absl::OkStatus();
  if (command != Options::Command::kHelp && options.command != Options::Command::kServe)
    return Wrong(Concat(reader.flag(), " does not go with what stands before it"));
  options.command = command;
  return absl::OkStatus();
}

absl::Status ReadDevFlag(Options& options, ArgumentReader& reader) {
  const std::string flag = reader.flag();
  if (options.command != Options::Command::kDev) return Wrong(Concat(flag, " is for closured dev"));
  CLOSURE_ASSIGN_OR_RETURN(std::string value, reader.Value());
  if (flag == "--data-dir")
    options.data_dir = std::move(value);
  else if (flag == "--listen")
    options.listen_address = std::move(value);
  else
    options.cloud_files.push_back(std::move(value));
  return absl::OkStatus();
}

template <Options::Command kCommand>
absl::Status ReadCommand(Options& options, ArgumentReader& reader) {
  CLOSURE_RETURN_IF_ERROR(reader.NoValue());
  return SetCommand(options, kCommand, reader);
}

absl::Status ReadBackupFlag(Options& options, ArgumentReader& reader) {
  CLOSURE_ASSIGN_OR_RETURN(options.backup_path, reader.Value());
  return SetCommand(options, Options::Command::kBackUp, reader);
}

absl::Status ReadConfigFlag(Options& options, ArgumentReader& reader) {
  CLOSURE_ASSIGN_OR_RETURN(options.config_path, reader.Value());
  return absl::OkStatus();
}

// Every word that the command line knows, and what reads it.
struct Word {
  std::string_view word;
  absl::Status (*read)(Options&, ArgumentReader&);
};
constexpr Word kWords[] = {{"--help", ReadCommand<Options::Command::kHelp>},
                           {"-h", ReadCommand<Options::Command::kHelp>},
                           {"--version", ReadCommand<Options::Command::kVersion>},
                           {"--check-config", ReadCommand<Options::Command::kCheckConfig>},
                           {"--print-config", ReadCommand<Options::Command::kPrintConfig>},
                           {"--backup", ReadBackupFlag},
                           {"dev", ReadCommand<Options::Command::kDev>},
                           {"--data-dir", ReadDevFlag},
                           {"--listen", ReadDevFlag},
                           {"--load", ReadDevFlag},
                           {"--config", ReadConfigFlag}};

absl::Status ReadArgument(Options& options, ArgumentReader& reader) {
  const std::string& flag = reader.flag();
  std::vector<std::string> known;
  for (const Word& word : kWords) {
    if (word.word == flag) return word.read(options, reader);
    known.emplace_back(word.word);
  }
  const std::string nearest = NearestWord(flag, known);
  return Wrong(Concat(flag.starts_with("-") ? "there is no option " : "there is no command ", Quoted(flag),
                      nearest.empty() ? "" : Concat("; did you mean ", nearest, "?")));
}

}  // namespace

absl::StatusOr<Options> ParseOptions(const std::vector<std::string>& arguments,
                                     const std::optional<std::string>& config_environment) {
  Options options;
  ArgumentReader reader(arguments);
  while (reader.Next()) CLOSURE_RETURN_IF_ERROR(ReadArgument(options, reader));
  using Command = Options::Command;
  if (options.command == Command::kHelp || options.command == Command::kVersion || options.command == Command::kDev)
    return options;
  if (options.config_path.empty()) options.config_path = config_environment.value_or("");
  if (options.config_path.empty())
    return Wrong("--config FILE is missing; to try the service without one, run closured dev");
  return options;
}

std::string_view UsageText() { return kUsage; }

}  // namespace closure
