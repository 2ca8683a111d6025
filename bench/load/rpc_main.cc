// SPDX-License-Identifier: Apache-2.0
// closure_bench_load: a number of callers, each with one call under way at a time, against any server. Every answer is
// looked at: its status, and that it is about what was asked, or is the canned answer of a yardstick.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/fixture/canned_answer.h"
#include "bench/fixture/locking.h"
#include "bench/load/closed_loop.h"
#include "bench/load/connections.h"
#include "bench/load/loop_arguments.h"
#include "bench/load/rpc_calls.h"
#include "google/protobuf/io/coded_stream.h"

namespace closure::bench {
namespace {

// So many connections share the streams: one would have all its frames read by one thread of the server.
constexpr int kConnectionsMax = 4;

struct LoadOptions {
  std::string target;
  std::string call;
  std::string canned_path;
  // The answer that alone is right; empty where the call's mark decides.
  std::string canned;
  LoopArguments loop;
  int64_t closures = 1;
  int items = 0;
};

// One call under way.
struct PendingCall {
  grpc::ClientContext context;
  grpc::ByteBuffer request;
  grpc::ByteBuffer answer;
  std::string mark;
  int entries = 0;
  OperationEnded ended;
};

// How many entries a serialized list has in its field 1, up to the first one without the mark. Each begins with its
// name, so the mark is found at once: a search through all bytes would be seen in what is measured.
int CountEntries(std::string_view list, std::string_view mark) {
  constexpr uint32_t kEntryTag = 1 << 3 | 2;  // protobuf.dev/programming-guides/encoding
  google::protobuf::io::CodedInputStream input(reinterpret_cast<const uint8_t*>(list.data()),
                                               static_cast<int>(list.size()));
  int count = 0;
  uint32_t bytes = 0;
  while (input.ReadTag() == kEntryTag && input.ReadVarint32(&bytes)) {
    const std::string_view entry = list.substr(static_cast<size_t>(input.CurrentPosition()), bytes);
    if (entry.find(mark) == std::string_view::npos || !input.Skip(static_cast<int>(bytes))) break;
    ++count;
  }
  return count;
}

// What is wrong with an answer; empty when it is right.
std::string Fault(const grpc::Status& status, const PendingCall& call, const std::string& canned) {
  if (!status.ok()) return "status " + std::to_string(status.error_code()) + ": " + status.error_message();
  grpc::Slice bytes;
  if (!call.answer.DumpToSingleSlice(&bytes).ok()) return "an answer without a message";
  const std::string_view text(reinterpret_cast<const char*>(bytes.begin()), bytes.size());
  if (!canned.empty()) return text == canned ? "" : "an answer that is not the canned one";
  if (call.entries > 0) {
    const int found = CountEntries(text, call.mark);
    return found == call.entries ? "" : "a list with " + std::to_string(found) + " entries of " + call.mark;
  }
  return text.find(call.mark) != std::string_view::npos ? "" : "an answer without " + call.mark;
}

// After the last of them the channels are let go, which is not for one of gRPC's threads to do: so the call's context,
// which holds its channel, goes first.
void End(std::unique_ptr<PendingCall> call, const grpc::Status& status, const std::string& canned) {
  const std::string fault = Fault(status, *call, canned);
  const OperationEnded ended = std::move(call->ended);
  call = nullptr;
  ended(fault);
}

LoopResult Run(const LoadOptions& options, const CallKind& kind) {
  const auto stubs = Connect(options.target, std::min(options.loop.streams, kConnectionsMax));
  std::vector<int64_t> turns(static_cast<size_t>(options.loop.streams));
  return RunClosedLoop(options.loop.options(), [&](int stream, OperationEnded ended) {
    const auto index = static_cast<size_t>(stream);
    CallKind::Call call = kind.Make(stream, turns[index]++);
    auto* const pending =
        new PendingCall{.mark = std::move(call.mark), .entries = call.entries, .ended = std::move(ended)};
    if (!call.actor.empty()) pending->context.AddMetadata("closure-actor", call.actor);
    const grpc::Slice bytes(call.request);
    pending->request = grpc::ByteBuffer(&bytes, 1);
    stubs[index % stubs.size()]->UnaryCall(&pending->context, std::string(call.method), grpc::StubOptions(),
                                           &pending->request, &pending->answer,
                                           [pending, &options](const grpc::Status& status) {
                                             End(std::unique_ptr<PendingCall>(pending), status, options.canned);
                                           });
  });
}

int Main(int argc, char** argv) {
  LockAsReleased();
  LoadOptions options;
  CLI::App app("Calls a server and measures how it answers.", "closure_bench_load");
  app.add_option("--target", options.target, "Where the server listens")->required();
  app.add_option("--call", options.call, "check-access, get-closure, list-items or hold")->required();
  app.add_option("--closures", options.closures, "How many sample closures the server has")
      ->check(CLI::Range(int64_t{1}, int64_t{100'000'000}));
  app.add_option("--items", options.items, "How many blocking items each of them has, at most a page")
      ->check(CLI::Range(0, 100));
  app.add_option("--canned", options.canned_path, "A file with the answer that a yardstick gives to every call");
  options.loop.AddTo(app);
  CLI11_PARSE(app, argc, argv);
  const std::unique_ptr<CallKind> kind = FindCallKind(
      options.call, {.closures = options.closures, .streams = options.loop.streams, .items = options.items});
  if (kind == nullptr || options.closures < options.loop.streams) {
    std::fprintf(stderr, "closure_bench_load: there is no such call, or there are fewer closures than streams\n");
    return 2;
  }
  if (!options.canned_path.empty()) {
    absl::StatusOr<std::string> canned = ReadCannedAnswer(options.canned_path);
    if (!canned.ok()) {
      std::fprintf(stderr, "closure_bench_load: %s: %s\n", options.canned_path.c_str(),
                   std::string(canned.status().message()).c_str());
      return 2;
    }
    options.canned = *std::move(canned);
  }
  return Report(Run(options, *kind));
}

}  // namespace
}  // namespace closure::bench

int main(int argc, char** argv) { return closure::bench::Main(argc, argv); }
