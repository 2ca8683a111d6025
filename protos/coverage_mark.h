// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_PROTOS_COVERAGE_MARK_H_
#define CLOSURE_PROTOS_COVERAGE_MARK_H_

#include <cstdint>

// Marks of rare paths: retries, silence, recoveries. A line that runs somewhere in some test proves little; a mark says
// that this path ran in the test that is about it, because that test asserts it. tests/lint/coverage_marks.py demands a
// test for each. A mark costs one relaxed increment, in every build.
namespace closure {

enum class Mark {
  // A checker did not answer, by the kind of fault; and what it said later was dropped.
  kCheckerFailed,
  kCheckerTimedOut,
  kCheckerMalformed,
  kCheckerTooMuch,
  kLateAnswerDropped,
  // A remote checker that failed was asked again within the deadline; one that nobody answers for was not asked, one
  // that was asked as much as it may be was waited for in line, and one that is taken for dead was asked to see.
  kCheckerAskedAgain,
  kCheckerSpared,
  kCheckerWaitedFor,
  kCheckerProbed,
  // More connections came than a server takes, or than there were files for; they were closed, and it went on.
  kConnectionRefused,
  kOutOfFiles,
  // A scan was given up with the state that it was for, and who had not answered counts as silent.
  kScanGivenUp,
  // Work that did not succeed is to be tried again, by what it is.
  kCodeRetried,
  kNoticeRetried,
  kReleaseRetried,
  kParticipantRetried,
  // A participant answered that its part is not done, and is asked again.
  kParticipantNotDone,
  kFinalCheckRetried,
  // A final check was answered while the clocks disagreed, or had been asked then, and looks again.
  kFinalCheckDoubted,
  kStoreRetried,
  // The account system did not say how many accounts there are, and the least limit holds for the end of a silent
  // period.
  kAccountsNotCounted,
  // What a task came to could not be decided, and the task was given back.
  kDecisionGivenBack,
  // A task that was given back was refused because the system changed meanwhile, and was given back again.
  kGivenBackAgain,
  // The store did not take what a task came to, or where it stands; it was left until its lease is over.
  kTaskLeftToLease,
  // A notice that could not be sent for too long was given up.
  kNoticeGivenUp,
  // A machine was booted after Confirm, which ended the confirmation.
  kConfirmEndedByBoot,
  // A decision was made again because the closure had changed, and at last given up.
  kDecidedAgain,
  kDecidingGivenUp,
  // The same for a closure that was to be made, and for a switch of the whole system.
  kCreationDecidedAgain,
  kSwitchDecidedAgain,
  // A creation would have been refused, and a repetition of it had been carried out meanwhile.
  kCreatedByRepetition,
  // The result of a state that was left ended its task and nothing else.
  kStaleResultDropped,
  // The store did not say when the next task is due.
  kDueTimeUnread,
  // A start took back what a dead process had leased; and a lease ran out, so that its task can be leased again.
  kLeasesTakenBack,
  kLeaseRanOut,
  // The log of the store was not emptied at the first try.
  kLogEmptiedLater,
  // A batch of writes was rolled back for one that was refused late, and run again.
  kBatchRunAgain,
  // What the store read did not fit, and no longer so at another look.
  kReadAgain,
  // The store met damage: in a page of its file, of its log, before the end of the log at a start, and told so to a
  // write.
  kPageDamaged,
  kLogPageDamaged,
  kLogEndDamaged,
  kWriteRefusedForDamage,
  // A page of the file did not fit when nobody needed it, and was judged; the log began anew meanwhile.
  kPageDoubted,
  kLogBeganAnew,
  // Nothing was copied from the log, because something in it was not what was written.
  kCheckpointRefused,
  // A checkpoint met another log than the one that it was begun with, and is to be made again.
  kCheckpointBegunAnew,
  // No checkpoint was made any more after damage that another connection met.
  kCheckpointsHalted,
  // A start found the log torn, as a crash leaves it.
  kLogEndTorn,
  // A start wrote the log again, so that nothing is acknowledged behind what is not on the disk.
  kLogMadeDurable,
  // A backup took the place of one that was killed.
  kBackupLeftoverRemoved,
  kCount,
};

// Any thread.
void Reach(Mark mark);

// How often it was reached in this process.
int64_t TimesReached(Mark mark);

}  // namespace closure

#endif  // CLOSURE_PROTOS_COVERAGE_MARK_H_
