// SPDX-License-Identifier: Apache-2.0
// Answers with many large items: pages that are cut by their size, and the record that is not.
#include <catch2/catch.hpp>
#include <set>

#include "fmt/format.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/channel_arguments.h"
#include "tests/support/api_calls.h"
#include "tests/support/scripted_checker.h"
#include "tests/support/views.h"

namespace closure {
namespace {

constexpr char kAccount[] = "large-1";
// What ListBlockingItemsRequest.page_size says of a page.
constexpr std::size_t kPageBytesMax = 3 << 20;
// No item of this test is larger.
constexpr std::size_t kItemBytesMax = 16 << 10;
constexpr int kItems = 1200;

// An item with texts as long as they may be, of characters that take three bytes each.
v1::ReportedItem LargeItem(int number) {
  constexpr std::size_t kWhyMax = 500;
  constexpr std::size_t kInstructionsMax = 1000;
  const auto text = [](std::size_t characters) {
    std::string repeated;
    for (std::size_t i = 0; i < characters; ++i) repeated += "账";
    return repeated;
  };
  v1::ReportedItem item = SoundItem(fmt::format("safe-{}", number));
  item.set_why(text(kWhyMax));
  item.set_instructions(text(kInstructionsMax));
  item.set_process_uri("https://console.example.com/" + std::string(1900, 'v'));
  return item;
}

RunningServer::Options WithLargeItems() {
  std::vector<v1::ReportedItem> items;
  for (int number = 0; number < kItems; ++number) items.push_back(LargeItem(number));
  RunningServer::Options options;
  options.extra_checkers = {std::make_shared<ScriptedChecker>("vault", Reports(std::move(items)))};
  return options;
}

TEST_CASE("a page of large items ends below 3 MiB, and its token leads on to the others", "[pages][R48]") {
  RunningServer server(WithLargeItems());
  server.Load(CloudFileOf(kAccount));
  Owner owner(server, kAccount);
  owner.GoToScanResult();
  REQUIRE(owner.closure().item_counts().must_handle() == kItems);
  const int page_size = GENERATE(0, 1000, 100'000);
  INFO("page_size " << page_size);
  const std::size_t most = page_size == 0 ? 100 : 1000;
  std::set<std::string> names;
  std::string last;
  int cut = 0;
  v1::ListBlockingItemsRequest request;
  request.set_page_size(page_size);
  do {
    const v1::ListBlockingItemsResponse page = ListItems(server, owner, request);
    REQUIRE(page.items_size() > 0);
    CHECK(page.ByteSizeLong() <= kPageBytesMax);
    CHECK(page.new_count() == kItems);
    const bool full = static_cast<std::size_t>(page.items_size()) == most;
    if (!full && !page.next_page_token().empty()) {
      ++cut;
      // Another item would have been too much.
      CHECK(page.ByteSizeLong() + kItemBytesMax > kPageBytesMax);
    }
    for (const v1::BlockingItem& item : page.items()) {
      CHECK(last < item.name());
      CHECK(names.insert(item.name()).second);
      last = item.name();
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  CHECK(names.size() == kItems);
  CHECK((cut > 0) == (page_size != 0));
}

TEST_CASE("the record of a closure comes whole, however large, to a client that is ready for it", "[pages]") {
  constexpr std::size_t kReceiveBytesFallback = 4 << 20;
  RunningServer server(WithLargeItems());
  server.Load(CloudFileOf(kAccount));
  Owner owner(server, kAccount);
  owner.GoToScanResult();
  v1::GetClosureRecordRequest request;
  request.set_name(owner.name());
  v1::ClosureRecord record;
  CHECK(server.closures().GetClosureRecord(RunningServer::As(owner.actor()).get(), request, &record).error_code() ==
        grpc::StatusCode::RESOURCE_EXHAUSTED);

  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  const auto channel = grpc::CreateCustomChannel(fmt::format("127.0.0.1:{}", server.server().port()),
                                                 grpc::InsecureChannelCredentials(), arguments);
  const auto ready = v1::ClosureService::NewStub(channel);
  REQUIRE(ready->GetClosureRecord(RunningServer::As(owner.actor()).get(), request, &record).ok());
  CHECK(record.items_size() == kItems);
  CHECK(record.ByteSizeLong() > kReceiveBytesFallback);
}

}  // namespace
}  // namespace closure
