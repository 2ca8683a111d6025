// SPDX-License-Identifier: Apache-2.0
#include "server/stored_closure.h"

#include <array>
#include <cstdint>
#include <string>

#include "fmt/format.h"
#include "google/protobuf/arena.h"
#include "google/protobuf/io/coded_stream.h"
#include "server/closure_view.h"
#include "server/wire_tag.h"

namespace closure {
namespace {

using internal::v1::ClosureData;

// What most closures need; more is allocated.
constexpr std::size_t kArenaBytes = 16 << 10;

ClosureData FactsOf(const ClosureData& data) {
  ClosureData facts;
  facts.set_account_id(data.account_id());
  facts.set_closure_id(data.closure_id());
  *facts.mutable_policy()->mutable_scan_freshness() = data.policy().scan_freshness();
  *facts.mutable_policy()->mutable_code_lifetime() = data.policy().code_lifetime();
  const v1::Closure& closure = data.closure();
  v1::Closure& kept = *facts.mutable_closure();
  kept.set_state(closure.state());
  kept.set_revision(closure.revision());
  if (closure.state() == v1::Closure::IDENTITY_PENDING)
    *kept.mutable_identity_verification() = closure.identity_verification();
  if (closure.has_scan()) *kept.mutable_scan()->mutable_fresh_until_time() = closure.scan().fresh_until_time();
  if (closure.has_hold()) *kept.mutable_hold() = closure.hold();
  if (closure.has_silent_period_end_time()) *kept.mutable_silent_period_end_time() = closure.silent_period_end_time();
  if (closure.has_personal_data_erase_time())
    *kept.mutable_personal_data_erase_time() = closure.personal_data_erase_time();
  return facts;
}

bool HasLastingPartOnly(const v1::Closure& closure) {
  return closure.allowed_actions().empty() && !closure.has_silent_period_remaining() && closure.waits().empty();
}

// The closure's own bytes among those that are stored; empty where they do not stand first and in one piece, as the
// serialization of this program puts them.
std::string_view ClosurePartOf(std::string_view bytes) {
  constexpr uint32_t kTag = LengthDelimitedTag(ClosureData::kClosureFieldNumber);
  google::protobuf::io::CodedInputStream input(reinterpret_cast<const uint8_t*>(bytes.data()),
                                               static_cast<int>(bytes.size()));
  uint32_t size = 0;
  if (input.ReadTag() != kTag || !input.ReadVarint32(&size)) return {};
  const auto begin = static_cast<std::size_t>(input.CurrentPosition());
  if (!input.Skip(static_cast<int>(size)) || input.ReadTag() == kTag) return {};
  return bytes.substr(begin, size);
}

grpc::Slice LastingPartOf(std::string_view bytes, v1::Closure& closure) {
  const std::string_view part = HasLastingPartOnly(closure) ? ClosurePartOf(bytes) : std::string_view();
  if (!part.empty()) return {part.data(), part.size()};
  KeepLastingPart(closure);
  return grpc::Slice(closure.SerializeAsString());
}

}  // namespace

absl::StatusOr<StoredClosure> ReadStoredClosure(std::string_view bytes, std::string_view name) {
  alignas(std::max_align_t) std::array<char, kArenaBytes> block;
  google::protobuf::Arena arena(block.data(), block.size());
  auto& data = *google::protobuf::Arena::CreateMessage<ClosureData>(&arena);
  if (!data.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return absl::InternalError(fmt::format("what is stored of {} is not understood", name));
  return StoredClosure{.facts = FactsOf(data), .lasting_part = LastingPartOf(bytes, *data.mutable_closure())};
}

}  // namespace closure
