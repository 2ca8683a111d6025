// SPDX-License-Identifier: Apache-2.0
#include "server/named_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "protos/local_address.h"
#include "server/agreements.h"
#include "server/config.h"
#include "server/secret_key.h"
#include "server/strings.h"
#include "server/tls_files.h"
#include "storage/sqlite/database_file.h"

namespace closure {
namespace {

std::string FolderOf(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

// As the user that the server runs as.
bool MayUse(const std::string& path, int mode) { return faccessat(AT_FDCWD, path.c_str(), mode, AT_EACCESS) == 0; }

class Faults {
 public:
  void Add(std::string_view key, std::string_view what) { lines_.push_back(Concat(key, ": ", what)); }
  // Takes each line of an error; `prefix` is what the key says already.
  void AddLines(std::string_view key, std::string_view prefix, const absl::Status& status) {
    if (status.ok()) return;
    for (const absl::string_view line : absl::StrSplit(status.message(), '\n')) {
      std::string_view rest = ToStd(line);
      TakePrefix(rest, prefix);
      Add(key, rest);
    }
  }
  absl::Status ToStatus() const {
    return lines_.empty() ? absl::OkStatus() : absl::FailedPreconditionError(absl::StrJoin(lines_, "\n"));
  }

 private:
  std::vector<std::string> lines_;
};

// Whether files can be made in the folder; tells why not.
bool CheckFolder(std::string_view key, const std::string& folder, Faults& faults) {
  struct stat info {};
  if (stat(folder.c_str(), &info) != 0) {
    faults.Add(key, Concat(folder, ": the folder cannot be used: ", std::strerror(errno),
                           "; make it for the server's user: install -d -o USER -g GROUP -m 0700 ", folder));
    return false;
  }
  if (!S_ISDIR(info.st_mode)) {
    faults.Add(key, Concat(folder, ": is not a folder; name a path in one"));
    return false;
  }
  if (!MayUse(folder, W_OK | X_OK)) {
    faults.Add(key, Concat(folder, ": the folder cannot be written by the server's user; chown it to that user"));
    return false;
  }
  return true;
}

void CheckDatabase(const std::string& path, Faults& faults) {
  constexpr std::string_view kKey = "database_path";
  const std::string folder = FolderOf(path);
  if (!CheckFolder(kKey, folder, faults)) return;
  struct stat info {};
  if (stat(folder.c_str(), &info) == 0 && (info.st_mode & S_IWOTH) != 0 && (info.st_mode & S_ISVTX) == 0) {
    faults.Add(kKey, absl::StrFormat("%s: mode %04o lets everybody replace the database; run: chmod o-w %s", folder,
                                     info.st_mode & 07777U, folder));
  }
  // As the store looks at it when it opens it; what is not there is made at the start.
  const absl::StatusOr<bool> exists = sqlite::CheckDatabaseFile(path);
  if (!exists.ok()) return faults.AddLines(kKey, "database ", exists.status());
  if (*exists && !MayUse(path, R_OK | W_OK))
    faults.Add(kKey, Concat(path, ": cannot be read and written by the server's user; run: chmod 600 ", path));
}

// What loading says advises to make a key that is not there; beside a database that would be the wrong one.
void CheckSecretKey(const std::string& path, const std::string& database, Faults& faults) {
  constexpr std::string_view kKey = "secret_key_file";
  const absl::Status loaded = SecretKey::Load(path).status();
  struct stat info {};
  if (absl::IsNotFound(loaded) && stat(database.c_str(), &info) == 0) {
    return faults.Add(kKey, Concat(path, ": not there, but there is a database, ", database,
                                   "; put the key that it was made with back from its backup: a new one would make "
                                   "its closed accounts unknown, and is refused unless it holds no closure yet"));
  }
  faults.AddLines(kKey, "secret key file ", loaded);
}

void CheckSocketFolder(std::string_view address, Faults& faults) {
  if (!TakePrefix(address, "unix:")) return;
  const std::string path(address);
  struct stat info {};
  if (!CheckFolder("listen_address", FolderOf(path), faults)) return;
  if (lstat(path.c_str(), &info) == 0 && !S_ISSOCK(info.st_mode))
    faults.Add("listen_address", Concat(path, ": is there and is no socket; name another path, or remove it"));
}

// Whether a file of certificates or a key can be read; links are followed, because tools that renew certificates make
// some.
bool CheckPem(const std::string& key, const std::string& path, bool is_secret, Faults& faults) {
  if (!path.starts_with("/")) return false;
  const auto refuse = [&](std::string_view why) {
    faults.Add(key, Concat(path, ": ", why));
    return false;
  };
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return refuse(std::strerror(errno));
  if (!S_ISREG(info.st_mode)) return refuse("is not a regular file");
  if (info.st_size == 0) return refuse("is empty");
  if (!MayUse(path, R_OK)) return refuse("cannot be read by the server's user");
  if (is_secret && (info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    faults.Add(key, absl::StrFormat("%s: mode %04o lets group or others at it; run: chmod 600 %s", path,
                                    info.st_mode & 07777U, path));
  }
  if (is_secret && info.st_uid != geteuid() && info.st_uid != 0)
    faults.Add(key, Concat(path, ": belongs to another user; chown it to the server's user"));
  return true;
}

void CheckCertificates(const std::string& key, const std::string& path, Faults& faults) {
  if (!CheckPem(key, path, false, faults)) return;
  if (const std::string fault = CertificatesFault(path); !fault.empty()) faults.Add(key, Concat(path, ": ", fault));
}

void CheckKey(const std::string& key, const std::string& path, const std::string& certificate_path, Faults& faults) {
  if (!CheckPem(key, path, true, faults)) return;
  if (const std::string fault = KeyFault(path, certificate_path); !fault.empty())
    faults.Add(key, Concat(path, ": ", fault));
}

void CheckTls(const std::string& prefix, const config::v1::TlsConfig& tls, Faults& faults) {
  CheckCertificates(prefix + ".root_certificates_file", tls.root_certificates_file(), faults);
  CheckCertificates(prefix + ".certificate_file", tls.certificate_file(), faults);
  CheckKey(prefix + ".key_file", tls.key_file(), tls.certificate_file(), faults);
}

void CheckListenerTls(const config::v1::ListenerTls& tls, Faults& faults) {
  CheckCertificates("listener_tls.certificate_file", tls.certificate_file(), faults);
  CheckKey("listener_tls.key_file", tls.key_file(), tls.certificate_file(), faults);
  CheckCertificates("listener_tls.client_ca_file", tls.client_ca_file(), faults);
  struct stat info {};
  const std::string& folder = tls.crl_directory();
  if (folder.starts_with("/") && (stat(folder.c_str(), &info) != 0 || !S_ISDIR(info.st_mode) || !MayUse(folder, R_OK)))
    faults.Add("listener_tls.crl_directory", Concat(folder, ": is no folder that the server's user can read"));
}

}  // namespace

absl::Status CheckNamedFiles(const config::v1::ServerConfig& complete) {
  Faults faults;
  if (IsLocalListenAddress(complete.listen_address())) CheckSocketFolder(complete.listen_address(), faults);
  // What is no absolute path is refused by ValidateConfig, and looked for nowhere.
  if (const std::string& path = complete.database_path(); path.starts_with("/")) CheckDatabase(path, faults);
  if (const std::string& path = complete.secret_key_file(); path.starts_with("/"))
    CheckSecretKey(path, complete.database_path(), faults);
  if (const std::string& path = complete.agreements_path(); path.starts_with("/"))
    faults.AddLines("agreements_path", "agreements folder ", Agreements::Load(path).status());
  CheckListenerTls(complete.listener_tls(), faults);
  for (int i = 0; i < complete.checkers_size(); ++i)
    CheckTls(Concat("checkers[", i, "].remote.tls"), complete.checkers(i).remote().tls(), faults);
  for (int i = 0; i < complete.participants_size(); ++i)
    CheckTls(Concat("participants[", i, "].tls"), complete.participants(i).tls(), faults);
  return faults.ToStatus();
}

}  // namespace closure
