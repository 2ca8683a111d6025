// SPDX-License-Identifier: Apache-2.0
#include "sandbox/cloud_file.h"

#include <set>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "closure/sandbox/v1/cloud_file.pb.h"
#include "fmt/format.h"
#include "protos/json_reading.h"
#include "sandbox/cloud_account_rules.h"
#include "sandbox/field_problems.h"

namespace closure {

absl::StatusOr<sandbox::v1::CloudFile> ParseCloudFile(std::string_view json) {
  sandbox::v1::CloudFile file;
  if (const absl::Status read = ReadJson(json, file); !read.ok())
    return absl::InvalidArgumentError(fmt::format("cloud file: {}", std::string(read.message())));
  if (absl::Status status = ValidateCloudFile(file); !status.ok()) return status;
  return file;
}

absl::Status ValidateCloudFile(const sandbox::v1::CloudFile& file) {
  FieldProblems problems(FieldProblems::Spelling::kJson);
  std::set<std::string> ids;
  problems.Require(
      !file.accounts().empty(), "accounts",
      R"(there is none, so there is nothing to load; write for example {"accounts": [{"accountId": "a-1", )"
      R"("email": {"address": "owner@example.com"}}]})");
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
