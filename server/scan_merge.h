// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_SCAN_MERGE_H_
#define CLOSURE_SERVER_SCAN_MERGE_H_

#include <vector>

#include "absl/time/time.h"
#include "closure/internal/v1/closure_data.pb.h"
#include "closure/v1/closure.pb.h"
#include "server/fan_out.h"

namespace closure {

// What a scan changes: the items to write, the renunciations as they then stand, and what is left in the way.
struct ScanMerge {
  // Every item whose row changes, found or gone.
  std::vector<v1::BlockingItem> items;
  std::vector<v1::Renunciation> renunciations;
  v1::ItemCounts counts;
  // Items in the way whose kind is money, whose disposition is RENOUNCEABLE and that nobody renounced; a consent to
  // late settlements covers them at the final check (D7).
  std::vector<v1::BlockingItem> late_money;
  // Items in the way, all told.
  int unresolved = 0;
  // Open renounceable and renounced items, for the risk prompts.
  std::vector<v1::BlockingItem> renounceable;
  std::vector<v1::BlockingItem> renounced;
};

// Whether an item of this resolution stands in the way.
bool IsInTheWay(v1::BlockingItem::Resolution resolution);

// Lays the findings of a scan over the items of the scans before (R48). Found items are NEW, CHANGED or UNCHANGED by
// their fingerprints; what is not found any more is RESOLVED and GONE, except that what a silent required checker
// reported before stays as it was. A renunciation holds while the item it covers has its fingerprint; otherwise it is
// dropped and the item is open again (D11, D15). Pure. `previous` are all stored items of the closure.
ScanMerge MergeScan(const internal::v1::ClosureData& data, const ScanFindings& findings,
                    const std::vector<v1::BlockingItem>& previous, absl::Time now);

}  // namespace closure

#endif  // CLOSURE_SERVER_SCAN_MERGE_H_
