// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_IO_FAULTS_CLOSURE_BOOKS_H_
#define CLOSURE_TESTS_IO_FAULTS_CLOSURE_BOOKS_H_

#include <string>
#include <vector>

#include "closure/sandbox/v1/sandbox_service.pb.h"
#include "closure/v1/closure.pb.h"
#include "tests/io_faults/patient_owner.h"

// What has to be true of a closure at its end, whatever the disk did on the way; as tests/crash/way.py has it. Each
// answers the promise that was broken, empty when all were kept. Pure, but for the files.
namespace closure {

// The chain holds, every move is one of the machine's table, and they led to this end.
std::string JudgeHistory(const v1::ClosureRecord& record, v1::Closure::State end);

// Every state that was told stands in the history, in that order: nothing acknowledged was lost.
std::string JudgeTold(const v1::ClosureRecord& record, const std::vector<Told>& told);

// What a fault that took long added to a way.
struct Detours {
  // Freezings that were taken back, because their time was over, and done once more.
  int thaws = 0;
  int codes = 0;
};

// The thaws beyond those that the way to this end has.
int CountMoreThaws(const v1::ClosureRecord& record, v1::Closure::State end);

// Every act in the cloud was done as often as it has to be, under a key of its own, with the money that was renounced.
std::string JudgeActs(const sandbox::v1::ShowAccountResponse& shown, v1::Closure::State end, const Detours& detours);

// The result was told once by each channel.
std::string JudgeNotices(const sandbox::v1::ListInboxResponse& inbox);

// The database that no server has open is whole.
std::string JudgeFile(const std::string& path);

}  // namespace closure

#endif  // CLOSURE_TESTS_IO_FAULTS_CLOSURE_BOOKS_H_
