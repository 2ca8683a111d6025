// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_REQUEST_ID_H_
#define CLOSURE_CLIENT_REQUEST_ID_H_

#include <string>

namespace closure {

// Makes a random UUID of version 4 for the request_id of a mutating call (AIP-155), for example
// "2f1d6b1c-8f0e-4c1a-9d57-0e5d1f1a7c33". Can be called from any thread.
std::string NewRequestId();

}  // namespace closure

#endif  // CLOSURE_CLIENT_REQUEST_ID_H_
