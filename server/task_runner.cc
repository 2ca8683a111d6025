// SPDX-License-Identifier: Apache-2.0
#include "server/task_runner.h"

#include <utility>

namespace closure {

TaskRunner::TaskRunner(Parts parts) : cancel_(parts.handlers.cancel), rounds_(std::move(parts)) {}

TaskRunner::~TaskRunner() { Stop(); }

void TaskRunner::Start() {
  thread_ = std::thread([this] { Loop(); });
}

void TaskRunner::Stop() {
  if (!thread_.joinable()) return;
  rounds_.Stop();
  thread_.join();
  cancel_->Cancel();
  rounds_.AwaitIdle();
}

void TaskRunner::Loop() {
  while (true) {
    rounds_.Begin();
    if (!rounds_.AwaitLeased()) return;
    const absl::Duration sleep = rounds_.End();
    if (!rounds_.AwaitNext(sleep)) return;
  }
}

}  // namespace closure
