// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_CLIENT_FAKE_SERVER_H_
#define CLOSURE_TESTS_CLIENT_FAKE_SERVER_H_

#include <google/protobuf/message.h>
#include <grpcpp/server.h>
#include <grpcpp/support/status.h>

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "closure/sandbox/v1/sandbox_service.grpc.pb.h"
#include "closure/v1/account_gate_service.grpc.pb.h"
#include "closure/v1/closure_service.grpc.pb.h"
#include "closure/v1/operator_service.grpc.pb.h"
#include "tests/client/samples.h"

namespace closure {

// One stream of WatchClosure: what is sent, and how it ends.
struct WatchScript {
  std::vector<v1::Closure> changes;
  grpc::Status end;
};

// A closured on a loopback port with one account and no upstreams, that remembers what it was asked. Commands move its
// closure as the real machine would, at once. Every member can be called from any thread.
class FakeServer {
 public:
  FakeServer();
  ~FakeServer();

  const std::string& address() const { return address_; }

  // What the fake holds; the tests set it before a run and read it after.
  void SetClosure(const v1::Closure& closure);
  v1::Closure closure() const;
  void SetItems(const std::vector<v1::BlockingItem>& items);
  std::vector<v1::BlockingItem> items() const;
  // Where running scans lead when they are watched, one after the other; the last stays.
  void SetScanResults(const std::vector<v1::Closure::State>& states);
  // How many renounceable items each DiscardItems releases; none until it is set.
  void SetReleases(int items);
  // What a preview answers.
  void SetPlan(const v1::ClosurePlan& plan, const std::vector<v1::BlockingItem>& items = {});
  // The open tasks; one without anything but the name tasks/42 until they are set.
  void SetTasks(const std::vector<v1::Task>& tasks);
  // How the whole system stands, as every call about it answers.
  void SetSystem(const v1::SystemStatus& system);
  void AddInboxMessage(const std::string& channel, const std::string& body, int64_t seconds);
  // The next call of a method fails; further ones queue behind.
  void FailNext(const std::string& method, const grpc::Status& status);
  // The next streams of WatchClosure; without any it sends the closure as it stands.
  void AddWatch(const WatchScript& script);

  // How often a method was called.
  int Calls(const std::string& method) const;
  // The acting identity of the last call, empty when none was sent.
  std::string LastActor() const;
  // The requests of a method, the oldest first.
  template <typename Request>
  std::vector<Request> Requests(const std::string& method) const {
    std::vector<Request> requests;
    for (const std::string& bytes : RawRequests(method)) requests.emplace_back().ParseFromString(bytes);
    return requests;
  }

 private:
  class Closures;
  class Gates;
  class Operators;
  class Sandbox;

  std::vector<std::string> RawRequests(const std::string& method) const;
  // Remembers a call; a failure that was set for it is returned.
  grpc::Status Enter(grpc::ServerContext* context, const std::string& method, const google::protobuf::Message& request);
  // The state that ends the running scan.
  v1::Closure::State NextScanResult();
  // Moves the closure to a state, with what it may then do.
  v1::Closure Move(v1::Closure::State state);

  mutable std::mutex mutex_;
  v1::Closure closure_;
  bool exists_ = false;
  std::vector<v1::BlockingItem> items_;
  std::deque<v1::Closure::State> scan_results_ = {v1::Closure::READY};
  int releases_ = 0;
  v1::ClosurePlan plan_;
  std::vector<v1::BlockingItem> preview_items_;
  // The time of the system is kCreateSeconds.
  v1::SystemStatus system_;
  std::vector<v1::Task> tasks_;
  sandbox::v1::ListInboxResponse inbox_;
  std::deque<WatchScript> watches_;
  std::map<std::string, std::deque<grpc::Status>> failures_;
  std::vector<std::pair<std::string, std::string>> calls_;
  std::string last_actor_;

  std::unique_ptr<Closures> closures_;
  std::unique_ptr<Gates> gates_;
  std::unique_ptr<Operators> operators_;
  std::unique_ptr<Sandbox> sandbox_;
  std::unique_ptr<grpc::Server> server_;
  std::string address_;
};

}  // namespace closure

#endif  // CLOSURE_TESTS_CLIENT_FAKE_SERVER_H_
