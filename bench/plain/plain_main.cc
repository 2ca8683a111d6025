// SPDX-License-Identifier: Apache-2.0
// closure_bench_plain: the design that is written first: a thread for each call, one connection to the database behind
// a lock, a commit for each change. Ends when its standard input does.
#include <CLI/CLI.hpp>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "bench/fixture/loopback_server.h"
#include "bench/store/raw_database.h"
#include "checkers/proto_time.h"
#include "closure/v1/account_gate_service.grpc.pb.h"
#include "closure/v1/closure_service.grpc.pb.h"
#include "closure/v1/operator_service.grpc.pb.h"
#include "protos/sha256.h"
#include "server/errors.h"
#include "server/resource_names.h"
#include "storage/status_macros.h"

namespace closure::bench {
namespace {

using internal::v1::ClosureData;

// Tells everybody who watches anything that something has changed.
class Changes {
 public:
  void Add() {
    const std::lock_guard lock(mutex_);
    ++count_;
    changed_.notify_all();
  }
  // Waits for another number of changes than was seen, or for a while; how many there were.
  int64_t Wait(int64_t seen) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kCancelledAfter, [&] { return count_ != seen; });
    return count_;
  }

 private:
  // How long a watcher that went away may go unnoticed.
  static constexpr std::chrono::seconds kCancelledAfter{2};
  std::mutex mutex_;
  std::condition_variable changed_;
  int64_t count_ = 0;
};

// All that the services share.
struct Database {
  absl::Mutex mutex;
  std::unique_ptr<RawDatabase> raw ABSL_PT_GUARDED_BY(mutex);
  Changes changes;
};

class Gate final : public v1::AccountGateService::Service {
 public:
  explicit Gate(Database& database) : database_(database) {}

  grpc::Status CheckAccess(grpc::ServerContext* /*context*/, const v1::CheckAccessRequest* request,
                           v1::CheckAccessResponse* response) override {
    const std::string account_id = request->account().substr(sizeof("accounts/") - 1);
    v1::GateState state = v1::GATE_OPEN;
    absl::MutexLock lock(&database_.mutex);
    const absl::Status read = database_.raw->Query(
        R"sql(
        SELECT a.gate_state, c.closure_id, c.silent_period_end_time
        FROM accounts AS a LEFT JOIN closures AS c ON c.closure_row = a.gate_closure_row
        WHERE a.account_id = ?1
        )sql",
        [&](sqlite3_stmt* row) {
          v1::GateState_Parse(RawDatabase::Text(row, 0), &state);
          response->set_closure("accounts/" + account_id + "/closures/" + RawDatabase::Text(row, 1));
          *response->mutable_silent_period_end_time() = ToProto(absl::FromUnixMicros(sqlite3_column_int64(row, 2)));
        },
        account_id);
    response->set_gate_state(state);
    response->set_allowed(state == v1::GATE_OPEN || request->action() != v1::CheckAccessRequest::OTHER);
    return ToGrpcStatus(read);
  }

 private:
  Database& database_;
};

class Closures final : public v1::ClosureService::Service {
 public:
  explicit Closures(Database& database) : database_(database) {}

  grpc::Status GetClosure(grpc::ServerContext* /*context*/, const v1::GetClosureRequest* request,
                          v1::Closure* response) override {
    const absl::StatusOr<ClosureKey> key = ParseClosureName("name", request->name());
    if (!key.ok()) return ToGrpcStatus(key.status());
    absl::MutexLock lock(&database_.mutex);
    const absl::StatusOr<ClosureData> data = database_.raw->LoadClosure(key->account_id, key->closure_id);
    if (data.ok()) *response = data->closure();
    return ToGrpcStatus(data.status());
  }

  grpc::Status WatchClosure(grpc::ServerContext* context, const v1::WatchClosureRequest* request,
                            grpc::ServerWriter<v1::WatchClosureResponse>* writer) override {
    const absl::StatusOr<ClosureKey> key = ParseClosureName("name", request->name());
    if (!key.ok()) return ToGrpcStatus(key.status());
    int64_t sent = 0;
    for (int64_t seen = -1; !context->IsCancelled();) {
      const int64_t changes = database_.changes.Wait(seen);
      if (std::exchange(seen, changes) == changes) continue;
      absl::StatusOr<ClosureData> data;
      {
        absl::MutexLock lock(&database_.mutex);
        data = database_.raw->LoadClosure(key->account_id, key->closure_id);
      }
      if (!data.ok()) return ToGrpcStatus(data.status());
      if (std::exchange(sent, data->version()) == data->version()) continue;
      v1::WatchClosureResponse response;
      *response.mutable_closure() = data->closure();
      if (!writer->Write(response)) break;
    }
    return grpc::Status::CANCELLED;
  }

  grpc::Status ListBlockingItems(grpc::ServerContext* /*context*/, const v1::ListBlockingItemsRequest* request,
                                 v1::ListBlockingItemsResponse* response) override {
    const absl::StatusOr<ClosureKey> key = ParseClosureName("parent", request->parent());
    if (!key.ok()) return ToGrpcStatus(key.status());
    absl::MutexLock lock(&database_.mutex);
    return ToGrpcStatus(database_.raw->Query(
        R"sql(
        SELECT i.item_id, i.checker, i.kind, i.disposition, i.resolution, i.change, i.type, i.region_code,
          i.display_name, i.why, i.resolver, i.fingerprint, i.native_id, i.first_seen_time
        FROM blocking_items AS i JOIN closures AS c ON c.closure_row = i.closure_row
        WHERE c.account_id = ?1 AND c.closure_id = ?2
        ORDER BY i.item_id
        )sql",
        [&](sqlite3_stmt* row) { ReadItem(row, request->parent(), *response->add_items()); }, key->account_id,
        key->closure_id));
  }

 private:
  template <typename Enum>
  static Enum Read(sqlite3_stmt* row, int column, bool (*parse)(google::protobuf::ConstStringParam, Enum*)) {
    Enum value{};
    parse(RawDatabase::Text(row, column), &value);
    return value;
  }

  static void ReadItem(sqlite3_stmt* row, const std::string& parent, v1::BlockingItem& item) {
    item.set_name(parent + "/blockingItems/" + RawDatabase::Text(row, 0));
    item.set_checker(RawDatabase::Text(row, 1));
    item.set_kind(Read(row, 2, &v1::ItemKind_Parse));
    item.set_disposition(Read(row, 3, &v1::Disposition_Parse));
    item.set_resolution(Read(row, 4, &v1::BlockingItem::Resolution_Parse));
    item.set_change(Read(row, 5, &v1::BlockingItem::Change_Parse));
    item.set_type(RawDatabase::Text(row, 6));
    item.set_region_code(RawDatabase::Text(row, 7));
    item.set_display_name(RawDatabase::Text(row, 8));
    item.set_why(RawDatabase::Text(row, 9));
    item.set_resolver(Read(row, 10, &v1::Resolver_Parse));
    item.set_fingerprint(RawDatabase::Text(row, 11));
    item.set_native_id(RawDatabase::Text(row, 12));
    *item.mutable_first_seen_time() = ToProto(absl::FromUnixMicros(sqlite3_column_int64(row, 13)));
  }

  Database& database_;
};

class Operators final : public v1::OperatorService::Service {
 public:
  explicit Operators(Database& database) : database_(database) {}

  grpc::Status HoldClosure(grpc::ServerContext* /*context*/, const v1::HoldClosureRequest* request,
                           v1::Closure* response) override {
    return Change(*request, "hold_placed", response, [&](v1::Closure& closure) {
      closure.mutable_hold()->set_operator_("operator:bench");
      closure.mutable_hold()->set_reason(request->reason());
    });
  }
  grpc::Status ReleaseHold(grpc::ServerContext* /*context*/, const v1::ReleaseHoldRequest* request,
                           v1::Closure* response) override {
    return Change(*request, "hold_released", response, [](v1::Closure& closure) { closure.clear_hold(); });
  }

 private:
  template <typename Request, typename Edit>
  grpc::Status Change(const Request& request, const std::string& event, v1::Closure* response, Edit edit) {
    absl::Status status;
    {
      absl::MutexLock lock(&database_.mutex);
      status = database_.raw->Transact([&] { return Write(*database_.raw, request, event, response, edit); });
    }
    if (status.ok()) database_.changes.Add();
    return ToGrpcStatus(status);
  }

  template <typename Request, typename Edit>
  static absl::Status Write(RawDatabase& raw, const Request& request, const std::string& event, v1::Closure* response,
                            Edit edit) {
    CLOSURE_ASSIGN_OR_RETURN(const ClosureKey key, ParseClosureName("name", request.name()));
    CLOSURE_ASSIGN_OR_RETURN(ClosureData data, raw.LoadClosure(key.account_id, key.closure_id));
    data.set_version(data.version() + 1);
    edit(*data.mutable_closure());
    *response = data.closure();
    int64_t row_number = 0;
    int64_t number = 0;
    std::string last_hash(64, '0');
    CLOSURE_RETURN_IF_ERROR(raw.Query(
        R"sql(
        SELECT c.closure_row, t.number, t.hash
        FROM closures AS c JOIN transitions AS t ON t.closure_row = c.closure_row
        WHERE c.account_id = ?1 AND c.closure_id = ?2
        ORDER BY t.number DESC LIMIT 1
        )sql",
        [&](sqlite3_stmt* row) {
          row_number = sqlite3_column_int64(row, 0);
          number = sqlite3_column_int64(row, 1);
          last_hash = RawDatabase::Text(row, 2);
        },
        key.account_id, key.closure_id));
    const int64_t now = absl::ToUnixMicros(absl::Now());
    const std::string& state = v1::Closure::State_Name(data.closure().state());
    CLOSURE_RETURN_IF_ERROR(
        raw.Run("UPDATE closures SET version = ?3, held = ?4, data = ?5 WHERE account_id = ?1 AND closure_id = ?2",
                key.account_id, key.closure_id, data.version(), int64_t{data.closure().has_hold()},
                RawDatabase::Blob{data.SerializeAsString()}));
    CLOSURE_RETURN_IF_ERROR(raw.Run(
        R"sql(
        INSERT INTO transitions (closure_row, number, from_state, event, to_state, create_time, actor, detail,
          previous_hash, hash)
        VALUES (?1, ?2, ?3, ?4, ?3, ?5, 'operator:bench', ?6, ?7, ?8)
        )sql",
        row_number, number + 1, state, event, now, request.reason(), last_hash, Sha256Hex(last_hash + event)));
    return raw.Run(
        R"sql(
        INSERT INTO requests (account_id, request_id, closure_row, body_hash, response, create_time)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)
        )sql",
        key.account_id, request.request_id(), row_number, RawDatabase::Blob{last_hash},
        RawDatabase::Blob{response->SerializeAsString()}, now);
  }

  Database& database_;
};

int Serve(const std::string& address, Database& database) {
  Gate gate(database);
  Closures closures(database);
  Operators operators(database);
  return ServeUntilInputEnds(address, {&gate, &closures, &operators});
}

int Main(int argc, char** argv) {
  std::string address;
  std::string path;
  CLI::App app("The service as it is written first.", "closure_bench_plain");
  app.add_option("--listen", address, "Where to listen, a loopback address")->required();
  app.add_option("--database", path, "A database of samples, which is none of the store's once it was written")
      ->required();
  CLI11_PARSE(app, argc, argv);
  absl::StatusOr<std::unique_ptr<RawDatabase>> raw = RawDatabase::Open(path);
  if (!raw.ok()) {
    std::fprintf(stderr, "closure_bench_plain: %s: %s\n", path.c_str(), std::string(raw.status().message()).c_str());
    return 2;
  }
  Database database;
  {
    absl::MutexLock lock(&database.mutex);
    database.raw = *std::move(raw);
  }
  return Serve(address, database);
}

}  // namespace
}  // namespace closure::bench

int main(int argc, char** argv) { return closure::bench::Main(argc, argv); }
