// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_AGREEMENTS_H_
#define CLOSURE_SERVER_AGREEMENTS_H_

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "closure/v1/closure_service.pb.h"

namespace closure {

// The account cancellation agreements: files VERSION/LANGUAGE.txt (R45). The highest version in byte order is the
// current one; every version has an "en". Immutable after loading and so thread-safe.
class Agreements {
 public:
  // Errors: NOT_FOUND when there is no folder or no version; FAILED_PRECONDITION for a version without "en", a text
  // that is empty, not UTF-8 or above 200,000 bytes, with one line for each fault that names the file.
  static absl::StatusOr<Agreements> Load(const std::string& folder);

  // Texts by version and language, for those that are part of the program (`closured dev`) and for tests.
  // Errors: as Load, without NOT_FOUND for the folder.
  using Texts = std::map<std::pair<std::string, std::string>, std::string>;
  static absl::StatusOr<Agreements> FromTexts(const Texts& texts);

  const std::string& current_version() const { return current_version_; }
  // `version` empty means the current one; a language that there is not falls back to its primary tag, then to "en".
  // Errors: NOT_FOUND with AGREEMENT_NOT_FOUND for the version.
  absl::StatusOr<v1::Agreement> Find(std::string_view version, std::string_view language_code) const;

 private:
  std::string current_version_;
  // By version and language.
  std::map<std::pair<std::string, std::string>, v1::Agreement> texts_;
};

// The texts that are part of the program, for `closured dev`.
Agreements::Texts EmbeddedAgreementTexts();

}  // namespace closure

#endif  // CLOSURE_SERVER_AGREEMENTS_H_
