// SPDX-License-Identifier: Apache-2.0
#include "server/secret_key.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_format.h"
#include "server/die.h"
#include "server/strings.h"

namespace closure {
namespace {

constexpr std::size_t kKeyBytesMin = 32;
constexpr std::size_t kKeyBytesMax = 4096;

absl::Status Refuse(const std::string& path, std::string_view what) {
  return absl::FailedPreconditionError(Concat("secret key file ", path, ": ", what));
}

// Without randomness nothing here is safe, so the process ends.
void FillRandom(unsigned char* bytes, std::size_t size) {
  std::size_t filled = 0;
  while (filled < size) {
    const ssize_t got = getrandom(bytes + filled, size - filled, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) Die(Concat("getrandom failed: ", std::strerror(errno)));
    filled += static_cast<std::size_t>(got);
  }
}

absl::Status CheckFile(const std::string& path, const struct stat& info) {
  if (!S_ISREG(info.st_mode)) return Refuse(path, "it is not a regular file");
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return Refuse(
        path, absl::StrFormat("mode %04o lets group or others at it; run: chmod 600 %s", info.st_mode & 07777U, path));
  }
  if (info.st_uid != geteuid() && info.st_uid != 0)
    return Refuse(path, "it belongs to another user; chown it to the server's user");
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadAll(int file, const std::string& path) {
  std::string bytes(kKeyBytesMax + 1, '\0');
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t got = read(file, bytes.data() + filled, bytes.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Refuse(path, Concat("cannot be read: ", std::strerror(errno)));
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  bytes.resize(filled);
  return bytes;
}

// Writes the whole file under a name of its own and then gives it its name, so that a crash leaves no short key behind.
absl::Status CreateKeyFile(const std::string& path) {
  std::array<unsigned char, kKeyBytesMin> key{};
  FillRandom(key.data(), key.size());
  const std::string draft = Concat(path, ".", RandomId());
  const int file = open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return Refuse(path, Concat("cannot be made: ", std::strerror(errno)));
  const absl::Cleanup remove_draft = [&draft] { unlink(draft.c_str()); };
  const bool written = write(file, key.data(), key.size()) == static_cast<ssize_t>(key.size()) && fsync(file) == 0;
  OPENSSL_cleanse(key.data(), key.size());
  if (close(file) != 0 || !written) return Refuse(path, "cannot be written");
  if (link(draft.c_str(), path.c_str()) != 0 && errno != EEXIST) {
    return Refuse(path, Concat("cannot be made: ", std::strerror(errno)));
  }
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  const int directory = open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory >= 0) {
    fsync(directory);
    close(directory);
  }
  return absl::OkStatus();
}

// HMAC-SHA256 under a label, so that what is derived for one purpose is worth nothing for another. Lengths keep the
// parts apart.
std::array<unsigned char, SHA256_DIGEST_LENGTH> Derive(const std::string& key, std::string_view label,
                                                       std::string_view first, std::string_view second = "") {
  const std::string text = Concat("closure.v1/", label, ":", first.size(), ":", first, ":", second.size(), ":", second);
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  unsigned int size = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
           text.size(), digest.data(), &size) == nullptr ||
      size != digest.size()) {
    Die("HMAC-SHA256 failed");
  }
  return digest;
}

template <std::size_t kSize>
std::string Hex(const std::array<unsigned char, kSize>& bytes) {
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

}  // namespace

SecretKey::SecretKey(std::string bytes) : bytes_(std::move(bytes)) {}

absl::StatusOr<SecretKey> SecretKey::Load(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (file < 0) {
    if (errno == ENOENT) {
      const std::string folder = std::filesystem::path(path).parent_path().string();
      std::error_code error;
      const bool has_folder = folder.empty() || std::filesystem::exists(folder, error);
      return absl::NotFoundError(Concat("secret key file ", path,
                                        ": not there; make it once, give it to the server's user and back it up: ",
                                        has_folder ? "" : Concat("install -d -o root -g GROUP -m 0750 ", folder, "; "),
                                        "(umask 077; head -c 32 /dev/urandom > ", path, "); chown USER:GROUP ", path));
    }
    if (errno == ELOOP) return Refuse(path, "it is a symlink; name the file itself");
    return Refuse(
        path, Concat("cannot be opened: ", std::strerror(errno), "; let the server's user read it, and nobody else"));
  }
  const absl::Cleanup close_file = [file] { close(file); };
  struct stat info {};
  if (fstat(file, &info) != 0) return Refuse(path, Concat("cannot be read: ", std::strerror(errno)));
  if (absl::Status allowed = CheckFile(path, info); !allowed.ok()) return allowed;
  absl::StatusOr<std::string> bytes = ReadAll(file, path);
  if (!bytes.ok()) return bytes.status();
  if (bytes->size() < kKeyBytesMin || bytes->size() > kKeyBytesMax) {
    return Refuse(
        path, Concat("it has ", bytes->size() > kKeyBytesMax ? "more than " : "", std::min(bytes->size(), kKeyBytesMax),
                     " bytes; it needs ", kKeyBytesMin, " to ", kKeyBytesMax));
  }
  // Not moved: optimizing, g++ 12 takes the move of a string of known least length for an overflow.
  return SecretKey(*bytes);
}

absl::StatusOr<SecretKey> SecretKey::LoadOrCreate(const std::string& path) {
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0 && errno == ENOENT) {
    if (absl::Status created = CreateKeyFile(path); !created.ok()) return created;
  }
  return Load(path);
}

SecretKey SecretKey::FromBytes(std::string bytes) { return SecretKey(std::move(bytes)); }

std::string SecretKey::IdentityCode(std::string_view challenge_id) const {
  const auto digest = Derive(bytes_, "identity-code", challenge_id);
  uint64_t number = 0;
  for (std::size_t i = 0; i < sizeof(number); ++i) number = (number << 8) | digest[i];
  return absl::StrFormat("%06d",
                         number % 1'000'000);  // of 2^64, so no code is likelier than another by more than 1 in 10^13
}

bool SecretKey::IsIdentityCode(std::string_view challenge_id, std::string_view code) const {
  const std::string expected = IdentityCode(challenge_id);
  return code.size() == expected.size() && CRYPTO_memcmp(code.data(), expected.data(), expected.size()) == 0;
}

std::string SecretKey::Check() const { return Hex(Derive(bytes_, "key-check", "")); }

std::string SecretKey::Tombstone(std::string_view account_id) const {
  return Hex(Derive(bytes_, "tombstone", account_id));
}

std::string SecretKey::PersonalDataHash(std::string_view closure_id, std::string_view address) const {
  return Hex(Derive(bytes_, "personal-data", closure_id, address));
}

std::string RandomId() {
  std::array<unsigned char, 16> bytes{};
  FillRandom(bytes.data(), bytes.size());
  return Hex(bytes);
}

}  // namespace closure
