// SPDX-License-Identifier: Apache-2.0
// closure_bench_scan: scans of an account with many resources, which an upstream in this process lists in pages; or the
// same pages asked for and parsed, and nothing else.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "bench/fixture/locking.h"
#include "bench/load/closed_loop.h"
#include "bench/load/loop_arguments.h"
#include "bench/load/process_status.h"
#include "checkers/page_walk.h"
#include "checkers/proto_time.h"
#include "checkers/resources/resources_checker.h"
#include "checkers/upstream_call.h"
#include "closure/upstream/v1/resource_service.grpc.pb.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "server/fan_out.h"

namespace closure::bench {
namespace {

namespace up = upstream::v1;

constexpr char kAccount[] = "1000000001";
constexpr char kClosure[] = "accounts/1000000001/closures/0123456789abcdef0123456789abcdef";

up::Resource SampleResource(int number) {
  up::Resource resource;
  resource.set_resource_id("i-2ze" + std::to_string(100'000'000 + number));
  resource.set_product("ecs");
  resource.set_type("instance");
  resource.set_region_code("cn-hangzhou");
  resource.set_display_name("worker " + std::to_string(number) + " of the batch cluster");
  resource.set_charge_type(number % 4 == 0 ? up::Resource::SUBSCRIPTION : up::Resource::PAY_AS_YOU_GO);
  resource.set_state("Running");
  if (number % 4 == 0) *resource.mutable_expire_time() = ToProto(absl::FromUnixSeconds(4'070'908'800));
  resource.set_releasable(number % 2 == 0);
  resource.set_console_uri("https://ecs.console.example.com/instances/" + resource.resource_id());
  return resource;
}

// Answers each page with bytes that were serialized before; a page's token is its number.
class CannedResources final
    : public up::ResourceService::WithRawCallbackMethod_ListResources<up::ResourceService::Service> {
 public:
  explicit CannedResources(int resources) {
    for (int first = 0; first < resources; first += kListPageSize) {
      up::ListResourcesResponse page;
      const int last = std::min(first + kListPageSize, resources);
      for (int number = first; number < last; ++number) *page.add_resources() = SampleResource(number);
      if (last < resources) page.set_next_page_token(std::to_string(pages_.size() + 1));
      const grpc::Slice bytes(page.SerializeAsString());
      pages_.emplace_back(&bytes, 1);
    }
  }

  grpc::ServerUnaryReactor* ListResources(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                          grpc::ByteBuffer* response) override {
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    up::ListResourcesRequest list;
    grpc::ByteBuffer bytes(*request);
    const bool read = grpc::SerializationTraits<up::ListResourcesRequest>::Deserialize(&bytes, &list).ok();
    size_t page = 0;
    const std::string& token = list.page_token();
    std::from_chars(token.data(), token.data() + token.size(), page);
    if (read && page < pages_.size()) *response = pages_[page];
    reactor->Finish(read ? grpc::Status::OK : grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "no request"));
    return reactor;
  }

 private:
  std::vector<grpc::ByteBuffer> pages_;
};

using Stub = up::ResourceService::StubInterface;
// Begins a scan; `ended` gets how many resources it saw, or -1 with what went wrong.
using Scan = std::function<void(std::function<void(int64_t seen, std::string fault)> ended)>;

// One walk over all pages, of which nothing is kept.
class Walk : public std::enable_shared_from_this<Walk> {
 public:
  Walk(std::shared_ptr<Stub> stub, std::function<void(int64_t, std::string)> ended)
      : stub_(std::move(stub)), ended_(std::move(ended)) {
    request_.set_account_id(kAccount);
    request_.set_page_size(kListPageSize);
  }

  void AskForPage() {
    context_ = std::make_unique<grpc::ClientContext>();
    page_ = std::make_unique<up::ListResourcesResponse>();
    CallsToUpstreams().Begin();
    stub_->async()->ListResources(context_.get(), &request_, page_.get(),
                                  [self = shared_from_this()](const grpc::Status& status) mutable {
                                    self->Read(status);
                                    self = nullptr;
                                    CallsToUpstreams().End();
                                  });
  }

 private:
  void Read(const grpc::Status& status) {
    if (!status.ok()) return ended_(-1, status.error_message());
    seen_ += page_->resources_size();
    if (page_->next_page_token().empty()) return ended_(seen_, "");
    request_.set_page_token(page_->next_page_token());
    AskForPage();
  }

  const std::shared_ptr<Stub> stub_;
  const std::function<void(int64_t, std::string)> ended_;
  up::ListResourcesRequest request_;
  std::unique_ptr<grpc::ClientContext> context_;
  std::unique_ptr<up::ListResourcesResponse> page_;
  int64_t seen_ = 0;
};

Scan WalksOver(std::shared_ptr<Stub> stub) {
  return [stub = std::move(stub)](auto ended) { std::make_shared<Walk>(stub, std::move(ended))->AskForPage(); };
}

Scan ScansWith(std::shared_ptr<Stub> stub) {
  auto fan_out = std::make_shared<FanOut>(
      std::vector<CheckerSlot>{{.checker = std::make_shared<ResourcesChecker>(std::move(stub), CheckerSettings())}});
  return [fan_out = std::move(fan_out)](auto ended) {
    FanOutRequest request;
    request.check.set_account_id(kAccount);
    request.check.set_closure(kClosure);
    request.check.set_phase(v1::SCAN);
    *request.check.mutable_check_time() = ToProto(absl::Now());
    fan_out->Run(
        std::move(request), [](const v1::CheckerResult&) {},
        [ended = std::move(ended)](const ScanFindings& findings) {
          ended(static_cast<int64_t>(findings.items.size()), findings.checkers.front().ShortDebugString());
        });
  };
}

int Measure(const Scan& scan, int resources, const LoopOptions& options) {
  const LoopResult result = RunClosedLoop(options, [&](int /*stream*/, const OperationEnded& ended) {
    scan([resources, ended](int64_t seen, const std::string& told) {
      ended(seen == resources ? "" : std::to_string(seen) + " resources were seen: " + told);
    });
  });
  nlohmann::json json = nlohmann::json::parse(ToJson(result));
  json["resident_bytes"] = ProcessStatus("VmRSS:") * 1024;
  std::printf("%s\n", json.dump().c_str());
  return result.faults == 0 ? 0 : 1;
}

int Main(int argc, char** argv) {
  LockAsReleased();
  LoopArguments loop;
  std::string design;
  int resources = 10'000;
  CLI::App app("Scans an account with many resources.", "closure_bench_scan");
  app.add_option("--design", design, "scan, or pages for asking and parsing alone")
      ->required()
      ->check(CLI::IsMember({"scan", "pages"}));
  app.add_option("--resources", resources, "How many the account has")->check(CLI::Range(1, 10'000));
  loop.AddTo(app);
  CLI11_PARSE(app, argc, argv);
  CannedResources upstream(resources);
  grpc::ServerBuilder builder;
  builder.RegisterService(&upstream);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  const std::shared_ptr<Stub> stub = up::ResourceService::NewStub(server->InProcessChannel({}));
  const int code = Measure(design == "scan" ? ScansWith(stub) : WalksOver(stub), resources, loop.options());
  // What holds the channel goes a moment after its scan has ended, and must not be the last to do so.
  CallsToUpstreams().WaitForNone(absl::Minutes(1));
  server->Shutdown();
  return code;
}

}  // namespace
}  // namespace closure::bench

int main(int argc, char** argv) { return closure::bench::Main(argc, argv); }
