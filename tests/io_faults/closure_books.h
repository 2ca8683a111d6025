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

// What a way went through, which is longer where a fault took long.
struct Way {
  // How often the account began to be frozen, was frozen wholly, and was thawed before a silent period.
  int confirmations = 0;
  int freezings = 0;
  int thaws = 0;
  // Codes beyond the first.
  int more_codes = 0;

  // Freezings that were taken back because their time was over.
  int Detours(v1::Closure::State end) const { return thaws - (end == v1::Closure::CANCELLED ? 1 : 0); }
};

// What its history tells of a way; nothing of codes.
Way WayOf(const v1::ClosureRecord& record);

// Every act in the cloud was done as often as it has to be, under a key of its own, with the money that was renounced.
std::string JudgeActs(const sandbox::v1::ShowAccountResponse& shown, v1::Closure::State end, const Way& way);

// Of a closure that was left on its way: what was done until then was right, each act that is done once under one key,
// and nothing of a deletion unless it may have begun.
std::string JudgeActsSoFar(const sandbox::v1::ShowAccountResponse& shown, bool may_be_deleted);

// The result was told once by each channel.
std::string JudgeNotices(const sandbox::v1::ListInboxResponse& inbox);

// The database that no server has open is whole.
std::string JudgeFile(const std::string& path);

}  // namespace closure

#endif  // CLOSURE_TESTS_IO_FAULTS_CLOSURE_BOOKS_H_
