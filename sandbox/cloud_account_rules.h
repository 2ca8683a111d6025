// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SANDBOX_CLOUD_ACCOUNT_RULES_H_
#define CLOSURE_SANDBOX_CLOUD_ACCOUNT_RULES_H_

#include <cstdint>
#include <string_view>

#include "closure/sandbox/v1/cloud_file.pb.h"
#include "closure/upstream/v1/resource_service.pb.h"
#include "sandbox/field_problems.h"

// The rules of one account of a cloud file. All functions are pure and thread-safe.
namespace closure {

// The most whole units of one amount: far above every limit, and so low that no sum of a file's amounts leaves 64 bits.
inline constexpr int64_t kAmountUnitsMax = 1'000'000'000'000;

// Adds a problem for each broken rule.
void CheckCloudAccount(const sandbox::v1::CloudAccount& account, FieldProblems& problems);
// The parts of it that stand in files of their own.
void CheckCloudBilling(const sandbox::v1::CloudAccount& account, FieldProblems& problems);
void CheckCloudHoldings(const sandbox::v1::CloudAccount& account, FieldProblems& problems);
void CheckCloudRelations(const sandbox::v1::CloudAccount& account, FieldProblems& problems);
// `field` is the resource's path.
void CheckResource(const upstream::v1::Resource& resource, std::string_view field, FieldProblems& problems);

}  // namespace closure

#endif  // CLOSURE_SANDBOX_CLOUD_ACCOUNT_RULES_H_
