// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_CLOSURE_READS_H_
#define CLOSURE_SERVER_CLOSURE_READS_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "closure/v1/closure_service.pb.h"
#include "grpcpp/support/byte_buffer.h"
#include "server/actor.h"
#include "server/agreements.h"
#include "server/clock.h"
#include "server/read_cache.h"
#include "storage/closure_store.h"

namespace closure {

// The reads of ClosureService: who may, the syntax of the request, then a short read of the store. Thread-safe; what it
// is given must outlive it. Errors of each: as its RPC says.
class ClosureReads {
 public:
  ClosureReads(ClosureStore* store, ReadCache* cache, const Clock* clock, const Agreements* agreements);

  absl::StatusOr<v1::Agreement> GetAgreement(const Actor& actor, const v1::GetAgreementRequest& request) const;
  // A serialized v1::Closure: the bytes that are kept of it, and behind them what depends on the time, which whoever
  // parses it merges.
  absl::StatusOr<grpc::ByteBuffer> GetClosure(const Actor& actor, const v1::GetClosureRequest& request) const;
  absl::StatusOr<v1::ListClosuresResponse> ListClosures(const Actor& actor,
                                                        const v1::ListClosuresRequest& request) const;
  // A serialized v1::ListBlockingItemsResponse.
  absl::StatusOr<grpc::ByteBuffer> ListBlockingItems(const Actor& actor,
                                                     const v1::ListBlockingItemsRequest& request) const;
  absl::StatusOr<v1::ListTransitionsResponse> ListTransitions(const Actor& actor,
                                                              const v1::ListTransitionsRequest& request) const;
  absl::StatusOr<v1::ClosureRecord> GetClosureRecord(const Actor& actor,
                                                     const v1::GetClosureRecordRequest& request) const;

 private:
  // `scope` is the request's, for the token of the next page.
  absl::StatusOr<v1::ListBlockingItemsResponse> ReadItemPage(const ClosureKey& key, const ItemFilter& filter,
                                                             std::string_view scope) const;

  ClosureStore* const store_;
  ReadCache* const cache_;
  const Clock* const clock_;
  const Agreements* const agreements_;
};

}  // namespace closure

#endif  // CLOSURE_SERVER_CLOSURE_READS_H_
