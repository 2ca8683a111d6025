// SPDX-License-Identifier: Apache-2.0
#include "server/agreements.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "checkers/text.h"
#include "checkers/utf8.h"
#include "protos/file_reading.h"
#include "protos/sha256.h"
#include "server/errors.h"
#include "server/strings.h"

namespace closure {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kTextBytesMax = 200'000;
// How much of a file is read to find that its text is too long; what is larger yet is not read at all.
constexpr std::size_t kFileBytesMax = 1 << 20;
constexpr std::size_t kTagMax = 35;
constexpr std::string_view kFallbackLanguage = "en";

// Versions and language tags: they name files, so they are plain.
bool IsTag(std::string_view text, std::string_view also) {
  return !text.empty() && text.size() <= kTagMax && absl::ascii_isalnum(static_cast<unsigned char>(text[0])) &&
         std::all_of(text.begin(), text.end(), [also](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) || also.find(c) != std::string_view::npos;
         });
}

absl::StatusOr<std::vector<fs::path>> ListFolder(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> entries;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
    entries.push_back(entry->path());
  if (error) {
    return absl::NotFoundError(
        Concat("agreements folder ", folder.string(), ": ", error.message(),
               "; put VERSION/LANGUAGE.txt there, such as the folder agreements of the sources"));
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

// What is wrong with a text; empty when nothing is.
std::string_view TextFault(std::string_view text) {
  if (!IsUtf8(text)) return "is not UTF-8";
  if (text.size() > kTextBytesMax) return "has more than 200,000 bytes";
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return "is empty";
  return "";
}

// A line for each text that is refused and for each version without "en".
void CheckTexts(const Agreements::Texts& texts, std::vector<std::string>& faults) {
  std::string_view checked;
  for (const auto& [key, text] : texts) {
    const auto& [version, language] = key;
    if (const std::string_view fault = TextFault(text); !fault.empty())
      faults.push_back(Concat("agreement ", version, "/", language, ".txt: the text ", fault));
    if (checked != version && !texts.contains({version, std::string(kFallbackLanguage)}))
      faults.push_back(Concat("agreement ", version, ": there is no en.txt; every version needs one"));
    checked = version;
  }
}

absl::Status Refusal(const std::vector<std::string>& faults) {
  return absl::FailedPreconditionError(absl::StrJoin(faults, "\n"));
}

// Reads the texts of one version's folder.
void ReadVersion(const fs::path& folder, Agreements::Texts& texts, std::vector<std::string>& faults) {
  const std::string version = folder.filename().string();
  const absl::StatusOr<std::vector<fs::path>> files = ListFolder(folder);
  if (!files.ok()) {
    faults.emplace_back(files.status().message());
    return;
  }
  bool is_empty = true;
  for (const fs::path& file : *files) {
    if (file.extension() != ".txt") continue;
    is_empty = false;
    const std::string language = file.stem().string();
    if (!IsTag(language, "-")) {
      faults.push_back(Concat("agreement ", file.string(), ": the file is not named after a language, such as en.txt"));
    } else if (absl::StatusOr<std::string> text = ReadFile(file.string(), kFileBytesMax); text.ok()) {
      texts[{version, language}] = *std::move(text);
    } else {
      faults.push_back(Concat("agreement ", file.string(), ": ", text.status().message()));
    }
  }
  if (is_empty) faults.push_back(Concat("agreements folder ", folder.string(), ": there is no en.txt"));
}

std::string_view PrimaryTag(std::string_view language_code) {
  return language_code.substr(0, language_code.find_first_of("-_"));
}

}  // namespace

absl::StatusOr<Agreements> Agreements::FromTexts(const Texts& texts) {
  std::vector<std::string> faults;
  CheckTexts(texts, faults);
  if (!faults.empty()) return Refusal(faults);
  Agreements agreements;
  for (const auto& [key, text] : texts) {
    const auto& [version, language] = key;
    v1::Agreement& agreement = agreements.texts_[key];
    agreement.set_version(version);
    agreement.set_language_code(language);
    agreement.set_text(text);
    agreement.set_digest(Sha256Hex(text));
    agreements.current_version_ = std::max(agreements.current_version_, version);
  }
  if (agreements.texts_.empty()) return absl::NotFoundError("agreements: there is no VERSION/LANGUAGE.txt");
  for (auto& [key, agreement] : agreements.texts_) agreement.set_current(key.first == agreements.current_version_);
  return agreements;
}

absl::StatusOr<Agreements> Agreements::Load(const std::string& folder) {
  Texts texts;
  std::vector<std::string> faults;
  absl::StatusOr<std::vector<fs::path>> versions = ListFolder(folder);
  if (!versions.ok()) return versions.status();
  for (const fs::path& version : *versions) {
    std::error_code error;
    if (IsTag(version.filename().string(), ".-_") && fs::is_directory(version, error))
      ReadVersion(version, texts, faults);
  }
  if (texts.empty() && faults.empty()) {
    return absl::NotFoundError(
        Concat("agreements folder ", folder, ": there is no VERSION/LANGUAGE.txt, such as 2026-01/en.txt"));
  }
  if (faults.empty()) return FromTexts(texts);
  CheckTexts(texts, faults);
  return Refusal(faults);
}

absl::StatusOr<v1::Agreement> Agreements::Find(std::string_view version, std::string_view language_code) const {
  const std::string wanted(version.empty() ? std::string_view(current_version_) : version);
  for (const std::string_view language : {language_code, PrimaryTag(language_code), kFallbackLanguage}) {
    const auto found = texts_.find({wanted, std::string(language)});
    if (found != texts_.end()) return found->second;
  }
  return Error(v1::AGREEMENT_NOT_FOUND,
               Concat("there is no agreement of version ", Quoted(wanted), "; the current one is ", current_version_),
               {{"version", wanted}, {"currentVersion", current_version_}});
}

}  // namespace closure
