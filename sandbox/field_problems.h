// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SANDBOX_FIELD_PROBLEMS_H_
#define CLOSURE_SANDBOX_FIELD_PROBLEMS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace closure {

// An INVALID_ARGUMENT about one request field, which FieldOf finds in it again; `field` is its path.
absl::Status BadField(std::string_view field, std::string_view message);
// Empty when the error is about no one field.
std::string FieldOf(const absl::Status& status);

// Collects what is wrong with a message, field by field, so that whoever wrote it sees everything at once.
class FieldProblems {
 public:
  // How paths are shown: as a request's fields (expire_time), or as the JSON of a file has them (expireTime).
  enum class Spelling { kProto, kJson };
  explicit FieldProblems(Spelling spelling = Spelling::kProto) : spelling_(spelling) {}

  // `subject` is what the fields belong to, for example `account "1000000001"`.
  void SetSubject(std::string subject);

  // `field` is a path such as "funds[0].balance"; `what` a clause such as "is missing".
  void Add(std::string_view field, std::string_view what);
  // Adds a problem unless the rule holds.
  void Require(bool holds, std::string_view field, std::string_view what);

  // OK, or INVALID_ARGUMENT that begins with `who`: the one problem behind it, or the first twenty of several, each on
  // a line of its own. Its field is that of the first.
  absl::Status ToStatus(std::string_view who) const;

 private:
  const Spelling spelling_;
  std::string subject_;
  std::string first_field_;
  std::vector<std::string> problems_;
};

}  // namespace closure

#endif  // CLOSURE_SANDBOX_FIELD_PROBLEMS_H_
