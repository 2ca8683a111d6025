// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_IO_FAULTS_PATIENT_OWNER_H_
#define CLOSURE_TESTS_IO_FAULTS_PATIENT_OWNER_H_

#include <functional>
#include <string>
#include <vector>

#include "grpcpp/client_context.h"
#include "grpcpp/support/status.h"
#include "tests/io_faults/restartable_server.h"

// An owner over a server whose disk fails: a call that is UNAVAILABLE is repeated with the same request id, as every
// client should, and what was answered is remembered.
namespace closure {

// Where a closure was said to stand.
struct Told {
  v1::Closure::State state;
  std::int64_t revision;
};

// For one thread. Every call answers whether to go on; when it is not, `broken` may say why.
class PatientOwner {
 public:
  struct Events {
    // A call was UNAVAILABLE, the how manieth time in a row from 1 on; answers whether to try again.
    std::function<bool(int times)> on_refusal;
    // Nothing was told for a while; answers whether to wait on.
    std::function<bool()> on_quiet;
  };

  // The server outlives it.
  PatientOwner(RestartableServer& server, Events events) : server_(server), events_(std::move(events)) {}

  const v1::Closure& closure() const { return closure_; }
  const std::vector<Told>& told() const { return told_; }
  int codes_asked_again() const { return codes_asked_again_; }
  // The promise that was broken; empty when all were kept.
  const std::string& broken() const { return broken_; }

  bool Create();
  // With the code that arrives, which is waited for; another one is asked for when its time is over.
  bool Verify();
  bool Agree();
  // Everything that can be renounced and is not; a new scan when there is nothing.
  bool Clear();
  bool Confirm();
  bool Cancel();
  bool Refresh();
  // Watches until the closure fulfils a condition.
  bool Await(const std::function<bool(const v1::Closure&)>& condition);
  // The record of the closure, and how many closures the account has.
  bool GetRecord(v1::ClosureRecord& record);
  bool CountClosures(int& count);

 private:
  template <typename Request, typename Response>
  bool Ask(grpc::Status (v1::ClosureService::Stub::*method)(grpc::ClientContext*, const Request&, Response*),
           const Request& request, Response& response);
  template <typename Request>
  bool Change(grpc::Status (v1::ClosureService::Stub::*method)(grpc::ClientContext*, const Request&, v1::Closure*),
              const Request& request);
  bool Discard(const std::vector<v1::BlockingItem>& items);
  bool Renounceable(std::vector<v1::BlockingItem>& items);
  // What one look at the stream came to, which lasts as long as nobody gets impatient.
  grpc::Status Watch(std::int64_t millis_max, const std::function<bool(const v1::Closure&)>& condition, bool& fulfilled,
                     bool& news);
  bool IsCodeOver();
  bool AskForAnotherCode();
  // The texts with codes that arrived.
  std::vector<std::string> CodeMessages();
  // Empty as long as none has arrived since another was asked for.
  std::string FindCode();
  void Note(const v1::Closure& closure);
  // Whether a refusal is the one that a store that fails has to be told by.
  bool IsClear(const grpc::Status& status);
  bool Break(std::string what);

  RestartableServer& server_;
  const Events events_;
  v1::Closure closure_;
  std::vector<Told> told_;
  int codes_asked_again_ = 0;
  // How many codes had arrived when another was asked for.
  std::size_t old_codes_ = 0;
  std::string broken_;
};

}  // namespace closure

#endif  // CLOSURE_TESTS_IO_FAULTS_PATIENT_OWNER_H_
