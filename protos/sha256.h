// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_PROTOS_SHA256_H_
#define CLOSURE_PROTOS_SHA256_H_

#include <string>
#include <string_view>

// What server and storage hash alike; they may not include each other, so it stands with the protos (ADR 11).
namespace closure {

// SHA-256 in lower-case hexadecimal. Thread-safe. An OpenSSL that cannot hash ends the process.
std::string Sha256Hex(std::string_view bytes);

}  // namespace closure

#endif  // CLOSURE_PROTOS_SHA256_H_
