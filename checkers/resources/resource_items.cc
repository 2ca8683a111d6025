// SPDX-License-Identifier: Apache-2.0
#include "checkers/resources/resource_items.h"

#include <string>
#include <string_view>
#include <utility>

#include "checkers/answer_fault.h"
#include "checkers/item_facts.h"
#include "checkers/proto_time.h"
#include "checkers/text.h"
#include "checkers/utf8.h"
#include "fmt/compile.h"
#include "fmt/format.h"

namespace closure {
namespace {

namespace up = upstream::v1;

constexpr std::string_view kWho = "resources: ListResources";
constexpr std::string_view kNativeIdPrefix = "resource/";
constexpr size_t kTypeCharactersMax = 100;
constexpr size_t kRegionCharactersMax = 64;
constexpr size_t kDetailMax = 500;

absl::Status Malformed(const up::Resource& resource, std::string_view what) {
  return MalformedAnswer(fmt::format("{}: resource {} {}", kWho, QuotedExcerpt(resource.resource_id()), what));
}

bool Fits(std::string_view text, size_t characters_max) {
  if (text.size() <= characters_max && IsPlainAscii(text)) return true;
  const std::optional<size_t> characters = CountCharacters(text);
  return characters && *characters <= characters_max && !HasControlCharacters(text);
}

absl::Status ValidateResource(const up::Resource& resource) {
  if (auto valid = ValidateId(kWho, "resource_id", resource.resource_id()); !valid.ok()) {
    return valid;
  }
  if (resource.product().empty() || resource.type().empty() ||
      !Fits(fmt::format(FMT_COMPILE("{}/{}"), resource.product(), resource.type()), kTypeCharactersMax)) {
    return Malformed(resource, "has no product and type of at most 100 characters in all");
  }
  if (!Fits(resource.region_code(), kRegionCharactersMax)) {
    return Malformed(resource, "has a region_code that is not text of at most 64 characters");
  }
  if (resource.charge_type() != up::Resource::PAY_AS_YOU_GO && resource.charge_type() != up::Resource::SUBSCRIPTION) {
    return Malformed(resource, fmt::format("has the unknown charge type {}", static_cast<int>(resource.charge_type())));
  }
  if (!IsHttpsUri(resource.console_uri())) {
    return Malformed(resource, "has a console_uri that is not an absolute https address");
  }
  if (resource.has_expire_time() && !TimeFromProto(resource.expire_time())) {
    return Malformed(resource, "has an invalid expire_time");
  }
  return ValidateState(kWho, resource.resource_id(), resource.state());
}

// Why the instance stands in the way, for one that does.
std::string Why(const up::Resource& resource) {
  const std::string what =
      fmt::format(FMT_COMPILE("{} {} {}{}"), resource.product(), resource.type(), InSentence(resource.resource_id()),
                  resource.state().empty() ? "" : fmt::format(FMT_COMPILE(" ({})"), resource.state()));
  if (resource.charge_type() == up::Resource::PAY_AS_YOU_GO) {
    return fmt::format(FMT_COMPILE("The pay-as-you-go instance {} is not released."), what);
  }
  if (!resource.has_expire_time()) {
    return fmt::format(FMT_COMPILE("The subscription {} has no end and is not unsubscribed."), what);
  }
  return fmt::format(
      FMT_COMPILE("The subscription {} lasts until {}"), what,
      absl::FormatTime("%Y-%m-%d %H:%M (UTC).", TimeFromProto(resource.expire_time()).value_or(absl::InfiniteFuture()),
                       absl::UTCTimeZone()));
}

std::string Instructions(const up::Resource& resource) {
  const std::string_view by_hand = resource.charge_type() == up::Resource::PAY_AS_YOU_GO
                                       ? "Release the instance in its product's console"
                                       : "Unsubscribe the instance in its product's console";
  if (!resource.releasable()) {
    return fmt::format(
        FMT_COMPILE("Back up what you need. {}; the product does not let it be released from here. Then recheck."),
        by_hand);
  }
  return fmt::format(
      FMT_COMPILE(
          "Back up what you need. {}, or discard this item to release it at once, with all its data, for good. Then "
          "recheck."),
      by_hand);
}

}  // namespace

absl::StatusOr<std::optional<v1::ReportedItem>> ResourceItem(const up::Resource& resource, absl::Time check_time) {
  if (auto valid = ValidateResource(resource); !valid.ok()) return valid;
  const bool subscription = resource.charge_type() == up::Resource::SUBSCRIPTION;
  if (subscription && resource.has_expire_time() && *TimeFromProto(resource.expire_time()) <= check_time) {
    return std::nullopt;
  }
  v1::ReportedItem item;
  item.set_native_id(fmt::format(FMT_COMPILE("{}{}"), kNativeIdPrefix, resource.resource_id()));
  item.set_kind(subscription ? v1::SUBSCRIPTION_RESOURCE : v1::PAY_AS_YOU_GO_RESOURCE);
  item.set_disposition(resource.releasable() ? v1::RENOUNCEABLE : v1::MUST_HANDLE);
  item.set_type(fmt::format(FMT_COMPILE("{}/{}"), resource.product(), resource.type()));
  item.set_region_code(resource.region_code());
  item.set_display_name(DisplayName(resource.display_name(), resource.resource_id()));
  item.set_why(Why(resource));
  item.set_resolver(v1::OWNER);
  item.set_instructions(Instructions(resource));
  item.set_process_uri(resource.console_uri());
  item.set_native_state(resource.state());
  return item;
}

bool IsReleasable(const v1::DiscardRequest& request) {
  const v1::ReportedItem& expected = request.expected();
  const bool known_kind = expected.kind() == v1::PAY_AS_YOU_GO_RESOURCE || expected.kind() == v1::SUBSCRIPTION_RESOURCE;
  return request.native_id().size() > kNativeIdPrefix.size() && request.native_id().starts_with(kNativeIdPrefix) &&
         known_kind && expected.disposition() == v1::RENOUNCEABLE && !expected.has_amount();
}

absl::StatusOr<up::ReleaseResourceRequest> ReleaseRequest(const v1::DiscardRequest& request) {
  const v1::ReportedItem& expected = request.expected();
  const std::string_view id = request.native_id();
  if (!expected.native_id().empty() && expected.native_id() != request.native_id()) {
    return absl::InvalidArgumentError(fmt::format("checker(resources): the expected facts are those of {}, not of {}",
                                                  QuotedExcerpt(expected.native_id()),
                                                  QuotedExcerpt(request.native_id())));
  }
  if (request.account_id().empty() || request.idempotency_key().empty()) {
    return absl::InvalidArgumentError(
        "checker(resources): account_id and idempotency_key are required to release a resource");
  }
  up::ReleaseResourceRequest release;
  release.mutable_act()->set_account_id(request.account_id());
  release.mutable_act()->set_closure(request.closure());
  release.mutable_act()->set_idempotency_key(request.idempotency_key());
  release.mutable_act()->set_fence(request.fence());
  release.set_resource_id(std::string(id.substr(kNativeIdPrefix.size())));
  release.set_expected_charge_type(expected.kind() == v1::SUBSCRIPTION_RESOURCE ? up::Resource::SUBSCRIPTION
                                                                                : up::Resource::PAY_AS_YOU_GO);
  release.set_expected_state(expected.native_state());
  return release;
}

absl::StatusOr<v1::DiscardResponse> ReleaseOutcome(const absl::StatusOr<up::ActResult>& result) {
  v1::DiscardResponse response;
  if (absl::IsFailedPrecondition(result.status())) {
    response.set_outcome(v1::DiscardResponse::REFUSED);
    response.set_detail(PrintableText(std::string(result.status().message()), kDetailMax));
    return response;
  }
  if (!result.ok()) return result.status();
  response.set_detail(PrintableText(result->detail(), kDetailMax));
  switch (result->outcome()) {
    case up::ActResult::DONE:
      response.set_outcome(v1::DiscardResponse::RELEASED);
      return response;
    case up::ActResult::FENCED:
      response.set_outcome(v1::DiscardResponse::FENCED);
      return response;
    case up::ActResult::FACTS_MOVED:
      response.set_outcome(v1::DiscardResponse::FACTS_MOVED);
      return response;
    case up::ActResult::ACCOUNT_DELETED:
      response.set_outcome(v1::DiscardResponse::REFUSED);
      response.set_detail("The account was deleted by another path.");
      return response;
    default:
      return MalformedAnswer(
          fmt::format("resources: ReleaseResource: the unknown outcome {}", static_cast<int>(result->outcome())));
  }
}

}  // namespace closure
