// SPDX-License-Identifier: Apache-2.0
#include "server/tls_files.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cstddef>
#include <memory>

#include "protos/file_reading.h"
#include "server/strings.h"

namespace closure {
namespace {

constexpr std::size_t kPemBytesMax = 1 << 20;

template <auto free>
struct Freed {
  template <typename Thing>
  void operator()(Thing* thing) const {
    free(thing);
  }
};
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Bio = std::unique_ptr<BIO, Freed<BIO_free>>;

Bio OpenText(const std::string& text) { return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

// Nobody is there to be asked for a pass phrase.
int NoPassPhrase(char*, int, int, void*) { return -1; }

Certificate NextCertificate(BIO* text) { return Certificate(PEM_read_bio_X509(text, nullptr, &NoPassPhrase, nullptr)); }

}  // namespace

std::string CertificatesFault(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadFile(path, kPemBytesMax);
  if (!text.ok()) return std::string(text.status().message());
  const Bio bio = OpenText(*text);
  int count = 0;
  ERR_clear_error();
  while (NextCertificate(bio.get()) != nullptr) ++count;
  const bool is_at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (!is_at_end) return Concat("certificate ", count + 1, " in it is damaged");
  return count == 0 ? "holds no certificate in PEM (-----BEGIN CERTIFICATE-----)" : "";
}

std::string KeyFault(const std::string& path, const std::string& certificate_path) {
  const absl::StatusOr<std::string> text = ReadFile(path, kPemBytesMax);
  if (!text.ok()) return std::string(text.status().message());
  const absl::StatusOr<std::string> certificates = ReadFile(certificate_path, kPemBytesMax);
  if (!certificates.ok()) return "";  // told where that file is looked at
  const Bio bio = OpenText(*text);
  const Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, &NoPassPhrase, nullptr));
  const Certificate certificate = NextCertificate(OpenText(*certificates).get());
  const bool fits =
      key != nullptr && certificate != nullptr && X509_check_private_key(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  if (key == nullptr) return "holds no key in PEM without a pass phrase";
  if (certificate == nullptr || fits) return "";
  return Concat("is not the key of the first certificate in ", certificate_path);
}

}  // namespace closure
