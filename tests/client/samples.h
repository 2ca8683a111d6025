// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_CLIENT_SAMPLES_H_
#define CLOSURE_TESTS_CLIENT_SAMPLES_H_

#include <google/protobuf/any.pb.h>
#include <grpcpp/support/status.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "closure/v1/closure.pb.h"

namespace closure {

inline constexpr char kAccount[] = "1000000001";
inline constexpr char kAccountName[] = "accounts/1000000001";
inline constexpr char kClosureName[] = "accounts/1000000001/closures/0123456789abcdef0123456789abcdef";
inline constexpr char kRiskDigest[] = "d1935700";

// An error as the server sends it: with ErrorInfo, and the other details where they are given.
grpc::Status RichError(grpc::StatusCode code, const std::string& message, const std::string& reason,
                       const std::vector<google::protobuf::Any>& more = {},
                       const std::map<std::string, std::string>& metadata = {});

// When the sample closure was created, 2026-01-01T00:00:00Z.
inline constexpr int64_t kCreateSeconds = 1'767'225'600;

// A closure of kAccount in a state, with the actions that the state allows and a risk prompt.
v1::Closure MakeClosure(v1::Closure::State state);

// An open item "billing-1" and so on of kClosureName.
v1::BlockingItem MakeItem(const std::string& id, v1::Disposition disposition);

}  // namespace closure

#endif  // CLOSURE_TESTS_CLIENT_SAMPLES_H_
