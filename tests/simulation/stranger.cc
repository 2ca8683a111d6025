// SPDX-License-Identifier: Apache-2.0
#include "tests/simulation/stranger.h"

#include <utility>
#include <vector>

#include "checkers/proto_time.h"
#include "fmt/format.h"

namespace closure::simulation {
namespace {

v1::ReportedItem License(int number) {
  v1::ReportedItem item;
  item.set_native_id(fmt::format("license/{}", number));
  item.set_kind(v1::OTHER_ITEM);
  item.set_disposition(v1::MUST_HANDLE);
  item.set_type("license/seat");
  item.set_display_name("A license");
  item.set_why("It is in use.");
  item.set_resolver(v1::OWNER);
  item.set_instructions("Give it back.");
  item.set_process_uri("https://licenses.example.com/");
  return item;
}

CheckAnswer AnswerOf(const v1::CheckRequest& request, int items) {
  CheckAnswer answer{.items = {}, .as_of = FromProto(request.check_time())};
  for (int i = 0; i < items; ++i) answer.items.push_back(License(i));
  return answer;
}

}  // namespace

// It as one life of the service sees it.
class Stranger::Asked final : public Checker {
 public:
  Asked(Stranger& stranger, Life life) : stranger_(stranger), life_(life) {
    description_.set_name(kName);
    description_.set_version("0");
    for (const v1::CheckPhase phase : {v1::PREVIEW, v1::SCAN, v1::CONFIRM, v1::FINAL}) description_.add_phases(phase);
  }
  const v1::CheckerDescription& description() const override { return description_; }
  void Check(const v1::CheckRequest& request, const CallOptions& options, CheckDone done) override {
    stranger_.Answer(life_, request, options.timeout, std::move(done));
  }
  void Discard(const v1::DiscardRequest&, const CallOptions&, DiscardDone done) override {
    std::move(done)(absl::UnimplementedError("nothing of a stranger can be renounced"));
  }

 private:
  Stranger& stranger_;
  const Life life_;
  v1::CheckerDescription description_;
};

std::shared_ptr<Checker> Stranger::CheckerFor(Life life) { return std::make_shared<Asked>(*this, life); }

bool Stranger::SaidNothing(std::string_view closure_name, const v1::CheckerResult& result) const {
  const auto said = said_.find({std::string(closure_name), FromProto(result.as_of_time())});
  return said != said_.end() && said->second == Said::kNothing;
}

std::optional<absl::Duration> Stranger::AskedFor(const v1::Closure& closure) const {
  for (const v1::CheckerResult& result : closure.scan().checkers()) {
    if (result.checker() != kName) continue;
    const auto asked = asked_.find({closure.name(), FromProto(result.as_of_time())});
    if (asked != asked_.end()) return asked->second;
  }
  return std::nullopt;
}

void Stranger::Answer(Life life, const v1::CheckRequest& request, absl::Duration timeout, Checker::CheckDone done) {
  asked_[{request.closure(), FromProto(request.check_time())}] = schedule_.now();
  const absl::Duration soon = dice_.Between(absl::Milliseconds(1), absl::Seconds(2));
  if (!dice_.Chance(mischief)) return Say(life, soon, request, AnswerOf(request, 0), Said::kNothing, std::move(done));
  ++mischiefs_;
  switch (dice_.Below(7)) {
    case 0:  // dead
      said_[{request.closure(), FromProto(request.check_time())}] = Said::kNoAnswer;
      return;
    case 1:  // slow
      return Say(life, timeout + soon, request, AnswerOf(request, 0), Said::kNoAnswer, std::move(done));
    case 2:
      return Say(life, soon, request, absl::InternalError("stranger: out of order"), Said::kNoAnswer, std::move(done));
    case 3:
      return Say(life, soon, request, Malformed(request), Said::kNoAnswer, std::move(done));
    case 4:
      return Say(life, soon, request, AnswerOf(request, kItemsMax + 1), Said::kNoAnswer, std::move(done));
    case 5: {  // facts from another time
      CheckAnswer answer = AnswerOf(request, 0);
      answer.as_of += dice_.Chance(0.5) ? absl::Hours(24) : -absl::Hours(24);
      return Say(life, soon, request, std::move(answer), Said::kNoAnswer, std::move(done));
    }
    default: {  // a lie: nothing of the kind is there
      const int items = 1 + static_cast<int>(dice_.Below(kItemsMax));
      return Say(life, soon, request, AnswerOf(request, items), Said::kItems, std::move(done));
    }
  }
}

void Stranger::Say(Life life, absl::Duration delay, const v1::CheckRequest& request, absl::StatusOr<CheckAnswer> answer,
                   Said said, Checker::CheckDone done) {
  said_[{request.closure(), FromProto(request.check_time())}] = said;
  schedule_.After(delay, life, [answer = std::move(answer), done = std::move(done)]() mutable {
    std::move(done)(std::move(answer));
  });
}

CheckAnswer Stranger::Malformed(const v1::CheckRequest& request) {
  CheckAnswer answer = AnswerOf(request, 1);
  v1::ReportedItem& item = answer.items.front();
  switch (dice_.Below(7)) {
    case 0:
      item.clear_native_id();
      break;
    case 1:
      item.set_display_name("\xc3\x28");
      break;
    case 2:
      item.set_kind(v1::BALANCE);
      item.set_disposition(v1::RENOUNCEABLE);
      item.mutable_amount()->set_currency_code("USD");
      item.mutable_amount()->set_units(5);
      break;
    case 3:
      item.set_process_uri("javascript:alert(1)");
      break;
    case 4:
      item.set_why(std::string(501, 'x'));
      break;
    case 5:
      answer.items.push_back(item);
      break;
    default:
      item.set_disposition(static_cast<v1::Disposition>(99));
  }
  return answer;
}

}  // namespace closure::simulation
