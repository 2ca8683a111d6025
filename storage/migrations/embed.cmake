# SPDX-License-Identifier: Apache-2.0
#
# Run by the build: cmake -DDATABASE=sqlite -DOUTPUT=FILE.cc "-DSCRIPTS=A.sql B.sql" -P embed.cmake
# writes the C++ source of closure::DATABASE::Migrations(). A script NNNN_NAME.sql has version NNNN; the versions run from 1 without gaps.
separate_arguments(SCRIPTS)
set(entries "")
set(expected 0)
foreach(script IN LISTS SCRIPTS)
  math(EXPR expected "${expected} + 1")
  get_filename_component(stem "${script}" NAME_WE)
  if(NOT stem MATCHES "^0*([1-9][0-9]*)_([a-z_]+)$" OR NOT CMAKE_MATCH_1 EQUAL expected)
    message(FATAL_ERROR "${script}: the next migration is number ${expected}, named NNNN_verb_object.sql")
  endif()
  set(version "${CMAKE_MATCH_1}")
  set(name "${CMAKE_MATCH_2}")
  file(READ "${script}" text)
  string(APPEND entries "    {${version}, \"${name}\", R\"sql(${text})sql\"},\n")
endforeach()
file(WRITE "${OUTPUT}" "// Made by storage/migrations/embed.cmake.
#include \"storage/${DATABASE}/schema.h\"

namespace closure::${DATABASE} {
namespace {

constexpr Migration kMigrations[] = {
${entries}};

}  // namespace

absl::Span<const Migration> Migrations() { return kMigrations; }

}  // namespace closure::${DATABASE}
")
