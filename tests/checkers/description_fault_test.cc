// SPDX-License-Identifier: Apache-2.0
#include "checkers/description_fault.h"

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "checkers/catalog.h"
#include "checkers/checker_settings.h"
#include "checkers/upstreams.h"

namespace closure {
namespace {

v1::CheckerDescription Described(const std::string& name) {
  v1::CheckerDescription description;
  description.set_name(name);
  description.set_version("1.0");
  description.add_phases(v1::SCAN);
  return description;
}

// A checker that a closured of somebody's own has compiled in.
class Compiled final : public Checker {
 public:
  explicit Compiled(v1::CheckerDescription description) : description_(std::move(description)) {}
  const v1::CheckerDescription& description() const override { return description_; }
  void Check(const v1::CheckRequest&, const CallOptions&, CheckDone done) override { std::move(done)(CheckAnswer()); }
  void Discard(const v1::DiscardRequest&, const CallOptions&, DiscardDone done) override {
    std::move(done)(absl::UnimplementedError("none"));
  }

 private:
  const v1::CheckerDescription description_;
};

TEST_CASE("a name of a checker or participant is 1 to 40 of [a-z0-9_], starting with a letter") {
  for (const std::string& good : std::vector<std::string>{"a", "backups", "a_1", std::string(40, 'z')})
    CHECK(IsPluginName(good));
  for (const std::string& bad : std::vector<std::string>{"", "1a", "_a", "A", "a-b", "a b", "ä", std::string(41, 'z')})
    CHECK_FALSE(IsPluginName(bad));
}

TEST_CASE("a description of a checker is judged by its contract") {
  CHECK(DescriptionFault(Described("backups")).empty());
  v1::CheckerDescription description = Described("backups");
  description.set_version(std::string(41, '1'));
  CHECK_THAT(DescriptionFault(description), Catch::Contains("version"));
  description = Described("backups");
  description.add_phases(v1::SCAN);
  CHECK(DescriptionFault(description) == "phases has 2 twice");
  description.clear_phases();
  CHECK(DescriptionFault(description) == "it takes part in no phase");
  CHECK(DescriptionFault(Described("billing")) == "billing takes part in PREVIEW");
  description = Described("backups");
  description.add_kinds(static_cast<v1::ItemKind>(99));
  CHECK(DescriptionFault(description) == "kinds has 99, which closure.v1 does not know");
}

TEST_CASE("a description of a participant is judged by its contract") {
  v1::ParticipantDescription description;
  description.set_name("mail");
  description.set_version("1.0");
  CHECK(DescriptionFault(description) == "it takes part in no phase");
  auto& stage = *description.add_stages();
  stage.set_phase(v1::FREEZE);
  CHECK(DescriptionFault(description) == "FREEZE 0: a stage is 1 to 9");
  stage.set_stage(9);
  CHECK(DescriptionFault(description) == "it has FREEZE without THAW, which undoes it");
  stage.set_phase(v1::DELETE);
  CHECK(DescriptionFault(description).empty());
  stage.set_phase(v1::FREEZE);
  *description.add_stages() = description.stages(0);
  CHECK(DescriptionFault(description) == "stages has FREEZE 9 twice");
}

TEST_CASE("a compiled-in checker that is none, or has the name of another, is refused, and nothing is added") {
  const auto refusal = [](std::vector<v1::CheckerDescription> descriptions) {
    std::vector<std::shared_ptr<Checker>> checkers;
    for (auto& description : descriptions) checkers.push_back(std::make_shared<Compiled>(std::move(description)));
    const absl::Status status = AddCompiledCheckers(std::move(checkers));
    CHECK(absl::IsInvalidArgument(status));
    return std::string(status.message());
  };
  CHECK_THAT(refusal({Described("Backups")}), Catch::Contains("\"Backups\": the name"));
  CHECK_THAT(refusal({Described("domains")}), Catch::Contains("another checker has its name"));
  CHECK_THAT(refusal({Described("backups"), Described("backups")}), Catch::Contains("another checker has its name"));
  CHECK(MakeBuiltinCheckers(Upstreams{}, CheckerSettings{}).size() == 6);
}

}  // namespace
}  // namespace closure
