// SPDX-License-Identifier: Apache-2.0
#include "sandbox/field_problems.h"

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "absl/types/optional.h"
#include "fmt/format.h"
#include "protos/json_reading.h"

namespace closure {
namespace {

constexpr char kFieldUrl[] = "closure.sandbox/field";

}  // namespace

absl::Status BadField(std::string_view field, std::string_view message) {
  absl::Status status = absl::InvalidArgumentError(absl::string_view(message.data(), message.size()));
  status.SetPayload(kFieldUrl, absl::Cord(absl::string_view(field.data(), field.size())));
  return status;
}

std::string FieldOf(const absl::Status& status) {
  const absl::optional<absl::Cord> field = status.GetPayload(kFieldUrl);
  return field ? std::string(*field) : std::string();
}

void FieldProblems::SetSubject(std::string subject) { subject_ = std::move(subject); }

void FieldProblems::Add(std::string_view field, std::string_view what) {
  const std::string path = spelling_ == Spelling::kJson ? JsonPath(field) : std::string(field);
  if (problems_.empty()) first_field_ = path;
  problems_.push_back(fmt::format("{}{}{}: {}", subject_, subject_.empty() ? "" : ": ", path, what));
}

void FieldProblems::Require(bool holds, std::string_view field, std::string_view what) {
  if (!holds) Add(field, what);
}

absl::Status FieldProblems::ToStatus(std::string_view who) const {
  constexpr size_t kShown = 20;
  if (problems_.empty()) return absl::OkStatus();
  if (problems_.size() == 1) return BadField(first_field_, fmt::format("{}: {}", who, problems_[0]));
  std::string text = fmt::format("{}: {} faults", who, problems_.size());
  for (size_t i = 0; i < problems_.size() && i < kShown; ++i) text += "\n" + problems_[i];
  if (problems_.size() > kShown) text += fmt::format("\nand {} more", problems_.size() - kShown);
  return BadField(first_field_, text);
}

}  // namespace closure
