// SPDX-License-Identifier: Apache-2.0
#include "server/agreements.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <vector>

#include "absl/strings/ascii.h"
#include "checkers/text.h"
#include "checkers/utf8.h"
#include "server/errors.h"
#include "server/secret_key.h"
#include "server/strings.h"

namespace closure {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kTextBytesMax = 200'000;
constexpr std::size_t kTagMax = 35;
constexpr std::string_view kFallbackLanguage = "en";

// Versions and language tags: they name files, so they are plain.
bool IsTag(std::string_view text, std::string_view also) {
  return !text.empty() && text.size() <= kTagMax && absl::ascii_isalnum(static_cast<unsigned char>(text[0])) &&
         std::all_of(text.begin(), text.end(), [also](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) || also.find(c) != std::string_view::npos;
         });
}

absl::StatusOr<std::string> ReadFile(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::string text(kTextBytesMax + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!stream.is_open() || stream.bad())
    return absl::FailedPreconditionError(Concat("agreement ", path.string(), ": cannot be read"));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return text;
}

absl::StatusOr<std::vector<fs::path>> ListFolder(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> entries;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
    entries.push_back(entry->path());
  if (error) return absl::NotFoundError(Concat("agreements folder ", folder.string(), ": ", error.message()));
  std::sort(entries.begin(), entries.end());
  return entries;
}

absl::Status CheckText(std::string_view label, std::string_view text) {
  std::string_view what;
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) what = "is empty";
  if (text.size() > kTextBytesMax) what = "has more than 200,000 bytes";
  if (!IsUtf8(text)) what = "is not UTF-8";
  if (what.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(Concat("agreement ", label, ": the text ", what));
}

std::string_view PrimaryTag(std::string_view language_code) {
  return language_code.substr(0, language_code.find_first_of("-_"));
}

}  // namespace

absl::StatusOr<Agreements> Agreements::FromTexts(const Texts& texts) {
  Agreements agreements;
  for (const auto& [key, text] : texts) {
    const auto& [version, language] = key;
    if (absl::Status valid = CheckText(Concat(version, "/", language, ".txt"), text); !valid.ok()) return valid;
    v1::Agreement& agreement = agreements.texts_[key];
    agreement.set_version(version);
    agreement.set_language_code(language);
    agreement.set_text(text);
    agreement.set_digest(Sha256Hex(text));
    if (!texts.contains({version, std::string(kFallbackLanguage)})) {
      return absl::FailedPreconditionError(
          Concat("agreement ", version, ": there is no en.txt; every version needs one"));
    }
    agreements.current_version_ = std::max(agreements.current_version_, version);
  }
  if (agreements.texts_.empty()) return absl::NotFoundError("agreements: there is no VERSION/LANGUAGE.txt");
  for (auto& [key, agreement] : agreements.texts_) agreement.set_current(key.first == agreements.current_version_);
  return agreements;
}

absl::StatusOr<Agreements> Agreements::Load(const std::string& folder) {
  Texts texts;
  absl::StatusOr<std::vector<fs::path>> versions = ListFolder(folder);
  if (!versions.ok()) return versions.status();
  for (const fs::path& version_path : *versions) {
    std::error_code error;
    const std::string version = version_path.filename().string();
    if (!IsTag(version, ".-_") || !fs::is_directory(version_path, error)) continue;
    absl::StatusOr<std::vector<fs::path>> files = ListFolder(version_path);
    if (!files.ok()) return files.status();
    for (const fs::path& file : *files) {
      if (file.extension() != ".txt") continue;
      const std::string language = file.stem().string();
      if (!IsTag(language, "-")) {
        return absl::FailedPreconditionError(
            Concat("agreement ", file.string(), ": the file is not named after a language"));
      }
      absl::StatusOr<std::string> text = ReadFile(file);
      if (!text.ok()) return text.status();
      texts[{version, language}] = *std::move(text);
    }
    if (!texts.contains({version, std::string(kFallbackLanguage)})) {
      return absl::FailedPreconditionError(Concat("agreements folder ", version_path.string(), ": there is no en.txt"));
    }
  }
  if (texts.empty())
    return absl::NotFoundError(Concat("agreements folder ", folder, ": there is no VERSION/LANGUAGE.txt"));
  return FromTexts(texts);
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
