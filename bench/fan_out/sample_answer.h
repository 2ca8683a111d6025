// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_BENCH_FAN_OUT_SAMPLE_ANSWER_H_
#define CLOSURE_BENCH_FAN_OUT_SAMPLE_ANSWER_H_

#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "checkers/proto_time.h"
#include "closure/v1/checker_service.pb.h"

namespace closure::bench {

// How many items a checker reports here.
inline constexpr int kItemsEach = 3;

inline v1::ReportedItem SampleItem(const std::string& native_id) {
  v1::ReportedItem item;
  item.set_native_id(native_id);
  item.set_kind(v1::OTHER_ITEM);
  item.set_disposition(v1::MUST_HANDLE);
  item.set_type("bench/item");
  item.set_display_name("an item");
  item.set_why("It is there.");
  item.set_resolver(v1::OWNER);
  item.set_instructions("Remove it, then recheck.");
  item.set_process_uri("https://console.example.com/bench");
  return item;
}

inline v1::CheckRequest SampleRequest(const std::string& account_id) {
  v1::CheckRequest request;
  request.set_account_id(account_id);
  request.set_phase(v1::SCAN);
  *request.mutable_check_time() = ToProto(absl::Now());
  return request;
}

// The pieces of a remote checker's stream, as of the time at which it was asked.
inline std::vector<v1::CheckResponse> SampleAnswer(const v1::CheckRequest& request) {
  std::vector<v1::CheckResponse> pieces(kItemsEach + 1);
  for (int number = 0; number < kItemsEach; ++number)
    *pieces[static_cast<size_t>(number)].mutable_item() = SampleItem("item-" + std::to_string(number));
  v1::CheckSummary& summary = *pieces.back().mutable_summary();
  summary.set_item_count(kItemsEach);
  *summary.mutable_as_of_time() = request.check_time();
  summary.set_account_id(request.account_id());
  return pieces;
}

}  // namespace closure::bench

#endif  // CLOSURE_BENCH_FAN_OUT_SAMPLE_ANSWER_H_
