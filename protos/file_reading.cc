// SPDX-License-Identifier: Apache-2.0
#include "protos/file_reading.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace closure {
namespace {

constexpr std::size_t kChunkBytes = 1 << 16;

absl::Status TooLarge(std::size_t bytes_max) {
  return absl::InvalidArgumentError(absl::StrCat("has more than ", bytes_max, " bytes, the most that is read"));
}

absl::Status Unreadable(int error) {
  if (error == EISDIR) return absl::InvalidArgumentError("is a folder, not a file");
  const std::string message = absl::StrCat("cannot be read: ", std::strerror(error));
  return error == ENOENT ? absl::NotFoundError(message) : absl::FailedPreconditionError(message);
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path, std::size_t bytes_max) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return Unreadable(errno);
  const auto close_file = absl::MakeCleanup([file] { close(file); });
  std::string text;
  std::array<char, kChunkBytes> chunk;
  while (true) {
    const ssize_t count = read(file, chunk.data(), chunk.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Unreadable(errno);
    if (count == 0) return text;
    text.append(chunk.data(), static_cast<std::size_t>(count));
    if (text.size() > bytes_max) return TooLarge(bytes_max);
  }
}

absl::StatusOr<std::string> ReadStream(std::istream& stream, std::size_t bytes_max) {
  std::string text;
  std::array<char, kChunkBytes> chunk;
  while (stream) {
    // Unlike an iterator, read() turns a failure of the buffer below into badbit.
    stream.read(chunk.data(), chunk.size());
    text.append(chunk.data(), static_cast<std::size_t>(stream.gcount()));
    if (text.size() > bytes_max) return TooLarge(bytes_max);
  }
  if (stream.bad()) return absl::FailedPreconditionError("cannot be read: the input failed before its end");
  return text;
}

}  // namespace closure
