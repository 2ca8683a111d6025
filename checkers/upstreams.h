// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_UPSTREAMS_H_
#define CLOSURE_CHECKERS_UPSTREAMS_H_

#include <memory>

#include "closure/upstream/v1/account_service.grpc.pb.h"
#include "closure/upstream/v1/billing_service.grpc.pb.h"
#include "closure/upstream/v1/domain_service.grpc.pb.h"
#include "closure/upstream/v1/messaging_service.grpc.pb.h"
#include "closure/upstream/v1/partner_service.grpc.pb.h"
#include "closure/upstream/v1/resource_directory_service.grpc.pb.h"
#include "closure/upstream/v1/resource_service.grpc.pb.h"
#include "closure/upstream/v1/trusteeship_service.grpc.pb.h"

namespace closure {

// Stubs of every upstream system. In production each has a channel to an address, in `closured dev` all share an
// in-process channel to the sandbox: one code path. Stubs are thread-safe. Every member is set.
struct Upstreams {
  std::shared_ptr<upstream::v1::AccountService::StubInterface> account;
  std::shared_ptr<upstream::v1::BillingService::StubInterface> billing;
  std::shared_ptr<upstream::v1::DomainService::StubInterface> domain;
  std::shared_ptr<upstream::v1::MessagingService::StubInterface> messaging;
  std::shared_ptr<upstream::v1::PartnerService::StubInterface> partner;
  std::shared_ptr<upstream::v1::ResourceService::StubInterface> resource;
  std::shared_ptr<upstream::v1::ResourceDirectoryService::StubInterface> resource_directory;
  std::shared_ptr<upstream::v1::TrusteeshipService::StubInterface> trusteeship;

  // All on one channel.
  static Upstreams OnChannel(const std::shared_ptr<grpc::Channel>& channel);
};

}  // namespace closure

#endif  // CLOSURE_CHECKERS_UPSTREAMS_H_
