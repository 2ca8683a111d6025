// SPDX-License-Identifier: Apache-2.0
#include "server/request_hash.h"

#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "protos/sha256.h"
#include "server/strings.h"

namespace closure {

std::string DeterministicBytes(const google::protobuf::Message& message) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&coded);
  }
  return bytes;
}

std::string RequestHash(std::string_view method, const Actor& actor, const google::protobuf::Message& request) {
  const std::string who = actor.ToString();
  return Sha256Hex(Concat(method.size(), ":", method, who.size(), ":", who, DeterministicBytes(request)));
}

}  // namespace closure
