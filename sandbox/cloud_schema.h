// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SANDBOX_CLOUD_SCHEMA_H_
#define CLOSURE_SANDBOX_CLOUD_SCHEMA_H_

#include <cstdint>

// The tables of the pretended cloud. What an account has hangs on its row in `accounts` and goes with it; what must
// outlive it (deleted_accounts, fences, acts, inbox) does not. Times and spans are microseconds, times since 1970;
// amounts are units and billionths; enumerated columns hold the numbers of their proto enums.
namespace closure {

// In the file's header, so that another file is not taken for a cloud.
inline constexpr int64_t kCloudApplicationId = 0x434c4f55;  // "CLOU"
// A file of another version is refused: a pretended cloud is loaded again rather than migrated.
inline constexpr int64_t kCloudSchemaVersion = 2;

// Makes every table in an empty file, and sets both numbers.
extern const char kCloudSchema[];

}  // namespace closure

#endif  // CLOSURE_SANDBOX_CLOUD_SCHEMA_H_
