// SPDX-License-Identifier: Apache-2.0
#include "sandbox/cloud_file.h"

#include <set>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "closure/sandbox/v1/cloud_file.pb.h"
#include "fmt/format.h"
#include "google/protobuf/util/json_util.h"
#include "sandbox/cloud_account_rules.h"
#include "sandbox/field_problems.h"

namespace closure {

absl::StatusOr<sandbox::v1::CloudFile> ParseCloudFile(std::string_view json) {
  sandbox::v1::CloudFile file;
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = false;
  const google::protobuf::util::Status parsed = google::protobuf::util::JsonStringToMessage(
      google::protobuf::StringPiece(json.data(), json.size()), &file, options);
  if (!parsed.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("cloud file: not the JSON of a cloud: {}", std::string(parsed.message())));
  }
  if (absl::Status status = ValidateCloudFile(file); !status.ok()) return status;
  return file;
}

absl::Status ValidateCloudFile(const sandbox::v1::CloudFile& file) {
  FieldProblems problems;
  std::set<std::string> ids;
  for (int i = 0; i < file.accounts_size(); ++i) {
    const sandbox::v1::CloudAccount& account = file.accounts(i);
    problems.SetSubject(account.account_id().empty() ? fmt::format("accounts[{}]", i)
                                                     : fmt::format("account \"{}\"", account.account_id()));
    problems.Require(ids.insert(account.account_id()).second, "account_id", "is in the file twice");
    CheckCloudAccount(account, problems);
  }
  return problems.ToStatus("cloud file");
}

}  // namespace closure
