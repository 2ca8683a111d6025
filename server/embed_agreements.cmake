# SPDX-License-Identifier: Apache-2.0
#
# Run by the build: cmake -DOUTPUT=FILE.cc "-DTEXTS=VERSION/en.txt VERSION/zh.txt" -P embed_agreements.cmake
# writes the C++ source of closure::EmbeddedAgreementTexts().
separate_arguments(TEXTS)
set(entries "")
foreach(path IN LISTS TEXTS)
  get_filename_component(language "${path}" NAME_WE)
  get_filename_component(folder "${path}" DIRECTORY)
  get_filename_component(version "${folder}" NAME)
  file(READ "${path}" text)
  string(APPEND entries "      {{\"${version}\", \"${language}\"}, R\"agreement(${text})agreement\"},\n")
endforeach()
file(WRITE "${OUTPUT}" "// Made by server/embed_agreements.cmake.
#include \"server/agreements.h\"

namespace closure {

Agreements::Texts EmbeddedAgreementTexts() {
  return {
${entries}  };
}

}  // namespace closure
")
