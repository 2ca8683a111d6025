// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_PROTOS_FILE_READING_H_
#define CLOSURE_PROTOS_FILE_READING_H_

#include <cstddef>
#include <istream>
#include <string>

#include "absl/status/statusor.h"

// Files that people name on a command line. Server and client read them and may not include each other, so the reader
// stands with the protos (ADR 11). Whatever is named, a folder, a device without end or a disk that fails, is an error
// and never the end of the program. Any thread may call both functions.
namespace closure {

// The most that a cloud file may hold; `closured dev` takes requests of this size.
inline constexpr std::size_t kCloudFileBytesMax = 64 << 20;

// Reads the whole of a file, of at most `bytes_max` bytes. The messages begin with what is wrong, so the caller puts
// in front which file it is and for what: "cannot be read: No such file or directory", "is a folder, not a file",
// "has more than 1048576 bytes, the most that is read".
// Errors: NOT_FOUND when there is no such file, INVALID_ARGUMENT for a folder and for a file that is too large,
// FAILED_PRECONDITION when it cannot be opened or a read fails.
absl::StatusOr<std::string> ReadFile(const std::string& path, std::size_t bytes_max);

// The same for a stream, such as the standard input, up to its end.
absl::StatusOr<std::string> ReadStream(std::istream& stream, std::size_t bytes_max);

}  // namespace closure

#endif  // CLOSURE_PROTOS_FILE_READING_H_
