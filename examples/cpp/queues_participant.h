// SPDX-License-Identifier: Apache-2.0
#ifndef EXAMPLES_CPP_QUEUES_PARTICIPANT_H_
#define EXAMPLES_CPP_QUEUES_PARTICIPANT_H_

#include <map>
#include <mutex>
#include <string>

#include "closure/v1/participant_service.grpc.pb.h"

namespace queues {

// Stops an account's queues when it is frozen, starts them when it is given back, and deletes them with it. Every act
// is written to a journal and on the disk before it is answered, so a key that is done stays done over a crash, and a
// fence that was seen stays seen. Thread-safe.
class QueuesParticipant final : public closure::v1::ParticipantService::CallbackService {
 public:
  // Reads what an earlier run left; a last line that was torn off by a crash is left out. Ends the process with a
  // message when the file cannot be used.
  explicit QueuesParticipant(const std::string& journal_path);
  ~QueuesParticipant() override;

  grpc::ServerUnaryReactor* DescribeParticipant(grpc::CallbackServerContext* context,
                                                const closure::v1::DescribeParticipantRequest* request,
                                                closure::v1::ParticipantDescription* response) override;
  grpc::ServerUnaryReactor* Perform(grpc::CallbackServerContext* context, const closure::v1::PerformRequest* request,
                                    closure::v1::PerformResponse* response) override;

 private:
  grpc::Status Act(const closure::v1::PerformRequest& request, closure::v1::PerformResponse& response);
  void Replay(const std::string& line);
  // Ends the process when the journal cannot be written: what it holds then only a start can tell.
  void Write(const std::string& line);

  int journal_ = -1;
  std::mutex mutex_;
  // What each key was for: "FREEZE 1 1000000001".
  std::map<std::string, std::string> done_;
  std::map<std::string, long long> fences_;
};

}  // namespace queues

#endif  // EXAMPLES_CPP_QUEUES_PARTICIPANT_H_
