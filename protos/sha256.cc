// SPDX-License-Identifier: Apache-2.0
#include "protos/sha256.h"

#include <openssl/evp.h>

#include <array>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/escaping.h"

namespace closure {

std::string Sha256Hex(std::string_view bytes) {
  // By a name, OpenSSL looks for it at each use, which takes longer than the hashing of a short text.
  static const EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  // It fails only without memory or without SHA-256 in the library; neither can be gone on from.
  if (sha256 == nullptr || EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, sha256, nullptr) != 1) {
    std::fprintf(stderr, "closured: impossible: SHA-256 failed\n");
    std::abort();
  }
  return absl::BytesToHexString({reinterpret_cast<const char*>(digest.data()), size});
}

}  // namespace closure
