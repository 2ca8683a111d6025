// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_SECRET_KEY_H_
#define CLOSURE_SERVER_SECRET_KEY_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace closure {

// The server's secret, from which identity codes, tombstones and the hashes that replace personal data are derived with
// HMAC-SHA256, each under a label of its own. Thread-safe.
class SecretKey {
 public:
  // Reads a file of at least 32 bytes.
  // Errors: NOT_FOUND; FAILED_PRECONDITION when it is too short, a symlink, or group or world can read it; says what to
  // do.
  static absl::StatusOr<SecretKey> Load(const std::string& path);
  // Makes the file with 32 random bytes and mode 0600 if it is not there, then loads it.
  static absl::StatusOr<SecretKey> LoadOrCreate(const std::string& path);
  // For tests.
  static SecretKey FromBytes(std::string bytes);

  // The six digits of a code. A code is stored nowhere: only who has the key and the challenge's 128 random bits can
  // say it.
  std::string IdentityCode(std::string_view challenge_id) const;
  // Compares in constant time.
  bool IsIdentityCode(std::string_view challenge_id, std::string_view code) const;
  // By what a database knows the key of its closures again, lower-case hexadecimal.
  std::string Check() const;
  // What stays known of a closed account (D13), lower-case hexadecimal.
  std::string Tombstone(std::string_view account_id) const;
  // What stands in place of an erased contact point (D12), lower-case hexadecimal.
  std::string PersonalDataHash(std::string_view closure_id, std::string_view address) const;

 private:
  explicit SecretKey(std::string bytes);
  std::string bytes_;
};

// 128 bits from the system's generator in lower-case hexadecimal, for closure and challenge ids.
std::string RandomId();

}  // namespace closure

#endif  // CLOSURE_SERVER_SECRET_KEY_H_
