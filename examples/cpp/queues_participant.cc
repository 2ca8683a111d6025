// SPDX-License-Identifier: Apache-2.0
#include "queues_participant.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "checkers/serve/request_fault.h"
#include "checkers/serve/served_call.h"

namespace queues {
namespace {

namespace v1 = closure::v1;
using Response = v1::PerformResponse;

constexpr v1::ParticipantPhase kPhases[] = {v1::FREEZE, v1::THAW, v1::DELETE, v1::RESTORE};

bool TakesPart(const v1::PerformRequest& request) {
  if (request.stage() != 1) return false;
  for (const v1::ParticipantPhase phase : kPhases) {
    if (request.phase() == phase) return true;
  }
  return false;
}

std::string ActOf(const v1::PerformRequest& request) {
  return v1::ParticipantPhase_Name(request.phase()) + " " + std::to_string(request.stage()) + " " +
         request.account_id();
}

grpc::ServerUnaryReactor* Finish(grpc::CallbackServerContext* context, const grpc::Status& status) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  reactor->Finish(status);
  return reactor;
}

// The part of a file that ends with a line feed: a crash leaves the last line in any state.
std::string WholeLines(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  const std::string all = text.str();
  const std::size_t end = all.rfind('\n');
  return end == std::string::npos ? "" : all.substr(0, end + 1);
}

}  // namespace

QueuesParticipant::QueuesParticipant(const std::string& journal_path) {
  const std::string kept = WholeLines(journal_path);
  journal_ = open(journal_path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  const auto size = static_cast<off_t>(kept.size());
  if (journal_ < 0 || ftruncate(journal_, size) != 0 || lseek(journal_, 0, SEEK_END) != size) {
    std::fprintf(stderr, "queues: the journal %s cannot be written\n", journal_path.c_str());
    std::exit(1);
  }
  std::istringstream lines(kept);
  for (std::string line; std::getline(lines, line);) Replay(line);
}

QueuesParticipant::~QueuesParticipant() { close(journal_); }

// A line is "FENCE ACCOUNT KEY PHASE STAGE ACCOUNT", or "FENCE ACCOUNT" of an act that was not done.
void QueuesParticipant::Replay(const std::string& line) {
  std::istringstream words(line);
  long long fence = 0;
  std::string account, key, act;
  words >> fence >> account >> key >> std::ws;
  std::getline(words, act);
  fences_[account] = std::max(fences_[account], fence);
  if (!key.empty()) done_[key] = act;
}

void QueuesParticipant::Write(const std::string& line) {
  const std::string whole = line + "\n";
  // A disk is waited for here; one that acts for many accounts hands this to a thread of its own.
  if (write(journal_, whole.data(), whole.size()) == static_cast<ssize_t>(whole.size()) && fdatasync(journal_) == 0)
    return;
  std::fprintf(stderr, "queues: the journal cannot be written\n");
  std::_Exit(1);
}

grpc::ServerUnaryReactor* QueuesParticipant::DescribeParticipant(grpc::CallbackServerContext* context,
                                                                 const v1::DescribeParticipantRequest*,
                                                                 v1::ParticipantDescription* response) {
  response->set_name("queues");
  response->set_version("1.0.0");
  for (const v1::ParticipantPhase phase : kPhases) {
    v1::ParticipantDescription::PhaseStage& stage = *response->add_stages();
    stage.set_phase(phase);
    stage.set_stage(1);
  }
  return Finish(context, grpc::Status::OK);
}

grpc::ServerUnaryReactor* QueuesParticipant::Perform(grpc::CallbackServerContext* context,
                                                     const v1::PerformRequest* request, Response* response) {
  return Finish(context, Act(*request, *response));
}

grpc::Status QueuesParticipant::Act(const v1::PerformRequest& request, Response& response) {
  if (const absl::Status fault = closure::JudgeRequest(request); !fault.ok()) return closure::ToGrpc(fault);
  if (!TakesPart(request)) return {grpc::StatusCode::INVALID_ARGUMENT, "phase: queues take no part in this stage"};
  // A key becomes a word of the journal.
  if (request.idempotency_key().find_first_of(" \t\r\n") != std::string::npos)
    return {grpc::StatusCode::INVALID_ARGUMENT, "idempotency_key: has white space"};
  const std::string act = ActOf(request);
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto known = done_.find(request.idempotency_key());
  if (known != done_.end() && known->second != act)
    return {grpc::StatusCode::INVALID_ARGUMENT, "idempotency_key: was used for " + known->second};
  // Done is done, whatever the fence has become.
  response.set_outcome(Response::DONE);
  long long& fence = fences_[request.account_id()];
  const std::string seen = std::to_string(request.fence()) + " " + request.account_id();
  if (known != done_.end()) {
    if (request.fence() > fence) Write(seen);
    fence = std::max<long long>(fence, request.fence());
    return grpc::Status::OK;
  }
  if (request.fence() < fence) {
    response.set_outcome(Response::FENCED);
    response.set_detail("the account's fence is " + std::to_string(fence) + " by now");
    return grpc::Status::OK;
  }
  // Here your system acts, so that doing it twice is as doing it once: a crash before the next line repeats it.
  Write(seen + " " + request.idempotency_key() + " " + act);
  fence = request.fence();
  done_[request.idempotency_key()] = act;
  return grpc::Status::OK;
}

}  // namespace queues
