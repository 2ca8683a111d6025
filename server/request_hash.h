// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_REQUEST_HASH_H_
#define CLOSURE_SERVER_REQUEST_HASH_H_

#include <string>
#include <string_view>

#include "google/protobuf/message.h"
#include "server/actor.h"

namespace closure {

// The message's bytes, the same for equal messages within one build of the server.
std::string DeterministicBytes(const google::protobuf::Message& message);

// What a request id stands for (AIP-155): SHA-256 in lower-case hexadecimal over the method, the actor and the body.
// Two requests with the same hash are the same request. Fields that this server does not know count too.
std::string RequestHash(std::string_view method, const Actor& actor, const google::protobuf::Message& request);

}  // namespace closure

#endif  // CLOSURE_SERVER_REQUEST_HASH_H_
