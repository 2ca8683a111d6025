// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_TLS_FILES_H_
#define CLOSURE_SERVER_TLS_FILES_H_

#include <string>

namespace closure {

// What is wrong with files that TLS is to be made with, in words; empty when nothing is. gRPC tells nobody: without a
// certificate that fits, every handshake fails. Files that cannot be read are told as well.

// Of a PEM file with certificates: that there is none, or one that is damaged.
std::string CertificatesFault(const std::string& path);

// Of a PEM file with a key: that it is none, is locked with a pass phrase, or belongs to another certificate than the
// first of that file.
std::string KeyFault(const std::string& path, const std::string& certificate_path);

}  // namespace closure

#endif  // CLOSURE_SERVER_TLS_FILES_H_
