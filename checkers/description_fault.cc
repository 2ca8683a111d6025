// SPDX-License-Identifier: Apache-2.0
#include "checkers/description_fault.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "checkers/renounced_kinds.h"
#include "checkers/text.h"
#include "fmt/format.h"

namespace closure {
namespace {

constexpr std::size_t kNameMax = 40;
constexpr std::size_t kVersionMax = 40;
constexpr int kStageMax = 9;

bool IsNameCharacter(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return absl::ascii_islower(byte) || absl::ascii_isdigit(byte) || c == '_';
}

std::string NameFault(std::string_view name) {
  if (IsPluginName(name)) return "";
  return fmt::format("the name {} is not 1 to 40 of [a-z0-9_], starting with a letter", Quoted(name));
}

std::string VersionFault(std::string_view version) {
  const std::optional<std::size_t> length = CountCharacters(version);
  if (length.has_value() && *length > 0 && *length <= kVersionMax && !HasControlCharacters(version)) return "";
  return fmt::format("the version {} is not 1 to 40 characters", Quoted(version));
}

template <typename List>
std::string ListFault(std::string_view what, const List& list, bool (*is_valid)(int)) {
  std::set<int> seen;
  for (const int value : list) {
    if (value == 0 || !is_valid(value)) return fmt::format("{} has {}, which closure.v1 does not know", what, value);
    if (!seen.insert(value).second) return fmt::format("{} has {} twice", what, value);
  }
  return "";
}

std::string PhasesFault(const v1::CheckerDescription& description) {
  const auto& phases = description.phases();
  if (phases.empty()) return "it takes part in no phase";
  for (const v1::CheckPhase phase : {v1::PREVIEW, v1::SCAN, v1::CONFIRM, v1::FINAL}) {
    const bool has = std::find(phases.begin(), phases.end(), phase) != phases.end();
    if (description.name() == kBillingName && !has)
      return fmt::format("billing takes part in {}", v1::CheckPhase_Name(phase));
  }
  return ListFault("phases", phases, v1::CheckPhase_IsValid);
}

std::string UndoingFault(const v1::ParticipantDescription& description) {
  std::set<int> phases;
  for (const auto& each : description.stages()) phases.insert(each.phase());
  for (const auto& [done, undone] : kUndoings) {
    if (phases.contains(done) && !phases.contains(undone))
      return fmt::format("it has {} without {}, which undoes it", v1::ParticipantPhase_Name(done),
                         v1::ParticipantPhase_Name(undone));
  }
  return "";
}

std::string StagesFault(const v1::ParticipantDescription& description) {
  if (description.stages().empty()) return "it takes part in no phase";
  std::set<std::pair<int, int>> seen;
  for (const auto& each : description.stages()) {
    const int phase = each.phase();
    if (phase == 0 || !v1::ParticipantPhase_IsValid(phase))
      return fmt::format("stages has the phase {}, which closure.v1 does not know", phase);
    const std::string name = fmt::format("{} {}", v1::ParticipantPhase_Name(each.phase()), each.stage());
    if (each.stage() < 1 || each.stage() > kStageMax) return fmt::format("{}: a stage is 1 to {}", name, kStageMax);
    if (!seen.insert({phase, each.stage()}).second) return fmt::format("stages has {} twice", name);
  }
  return UndoingFault(description);
}

std::string First(std::initializer_list<std::string> faults) {
  for (const std::string& fault : faults) {
    if (!fault.empty()) return fault;
  }
  return "";
}

}  // namespace

bool IsPluginName(std::string_view name) {
  return !name.empty() && name.size() <= kNameMax && absl::ascii_islower(static_cast<unsigned char>(name[0])) &&
         std::all_of(name.begin(), name.end(), IsNameCharacter);
}

std::string DescriptionFault(const v1::CheckerDescription& description) {
  return First({NameFault(description.name()), VersionFault(description.version()), PhasesFault(description),
                ListFault("kinds", description.kinds(), v1::ItemKind_IsValid)});
}

std::string DescriptionFault(const v1::ParticipantDescription& description) {
  return First({NameFault(description.name()), VersionFault(description.version()), StagesFault(description)});
}

}  // namespace closure
