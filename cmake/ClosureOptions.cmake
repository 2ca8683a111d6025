# SPDX-License-Identifier: Apache-2.0
#
# How our own targets are compiled. A room's CMakeLists.txt is one or two calls:
#
#   closure_library(storage
#     SOURCES
#       closure_store.cc
#       sqlite/sqlite_closure_store.cc
#     DEPENDS
#       closure::protos
#       SQLite::SQLite3)
#   closure_executable(closured SOURCES main.cc DEPENDS closure::server)
#
# closure_library(ROOM) makes the target closure_ROOM with the alias closure::ROOM. Its include directory is
# the repository root, so includes read "storage/closure_store.h". Every target links closure_base (gRPC, the
# common parts of Abseil, fmt), has our warnings and hardening, and reuses one precompiled header; each file
# still includes what it uses, which the presets without that header (clang) check.

include(CheckCXXCompilerFlag)
include(CheckLinkerFlag)

# ---- tools that only make the build faster ----
find_program(CLOSURE_CCACHE ccache)
if(CLOSURE_CCACHE)
  # The sloppiness is what ccache's manual asks for with precompiled headers.
  set(CMAKE_CXX_COMPILER_LAUNCHER
    "${CMAKE_COMMAND}" -E env CCACHE_SLOPPINESS=pch_defines,time_macros "${CLOSURE_CCACHE}")
endif()
check_linker_flag(CXX "-fuse-ld=mold" CLOSURE_HAVE_MOLD)
if(CLOSURE_HAVE_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# ---- flags of everything that is compiled here, generated code included ----
# PIE by flag and not by POSITION_INDEPENDENT_CODE, which tells libraries (-fPIC) from executables (-fPIE):
# a precompiled header serves only files compiled alike.
add_compile_options(-fPIE -fstack-protector-strong)
add_link_options(-pie "LINKER:-z,relro,-z,now")
add_compile_definitions(_GLIBCXX_ASSERTIONS)

if(CLOSURE_SANITIZE STREQUAL "address")
  # With what libFuzzer sees by, so that the programs of tests/fuzz are part of this build.
  add_compile_options(
    -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
elseif(CLOSURE_SANITIZE STREQUAL "thread")
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer)
  add_link_options(-fsanitize=thread "LINKER:--export-dynamic")
  add_library(closure_tsan_abseil OBJECT "${PROJECT_SOURCE_DIR}/tests/support/tsan_abseil.cc")
elseif(NOT CLOSURE_SANITIZE STREQUAL "off")
  message(FATAL_ERROR "CLOSURE_SANITIZE is \"${CLOSURE_SANITIZE}\": it is one of address, thread, off")
elseif(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2) # needs optimisation; the sanitizers do it better
endif()

# ---- what every room links ----
# Below the prefix; "checkers/checker.h" and "closure/v1/closure.pb.h" are read from there as they are here.
set(CLOSURE_INSTALL_INCLUDES include/closure)
add_library(closure_base INTERFACE)
set_target_properties(closure_base PROPERTIES EXPORT_NAME base)
target_link_libraries(closure_base INTERFACE
  absl::flat_hash_map
  absl::flat_hash_set
  absl::random_random
  absl::span
  absl::status
  absl::statusor
  absl::str_format
  absl::strings
  absl::synchronization
  absl::time
  fmt::fmt
  gRPC::grpc++
  protobuf::libprotobuf
  Threads::Threads)

# ---- warnings ----
set(CLOSURE_WARNINGS
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual -Wextra-semi
  -Wformat=2 -Werror=format-security
  -Wno-missing-field-initializers) # it also fires on designated initializers, where leaving out is the point
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  list(APPEND CLOSURE_WARNINGS -Wduplicated-cond -Wlogical-op)
else()
  list(APPEND CLOSURE_WARNINGS -Wno-sign-conversion)
endif()

# ---- the precompiled header ----
set(CLOSURE_PCH_HEADERS
  <algorithm> <array> <atomic> <chrono> <cstdint> <functional> <map> <memory> <mutex> <optional> <set>
  <string> <string_view> <thread> <utility> <variant> <vector>
  <absl/container/flat_hash_map.h>
  <absl/status/status.h>
  <absl/status/statusor.h>
  <absl/strings/str_cat.h>
  <absl/strings/str_format.h>
  <absl/strings/str_join.h>
  <absl/strings/str_split.h>
  <absl/synchronization/mutex.h>
  <absl/time/time.h>
  <fmt/format.h>
  <google/protobuf/duration.pb.h>
  <google/protobuf/empty.pb.h>
  <google/protobuf/message.h>
  <google/protobuf/timestamp.pb.h>
  <google/protobuf/util/time_util.h>
  <grpcpp/grpcpp.h>
  <grpcpp/impl/codegen/client_callback.h>
  <grpcpp/impl/codegen/server_callback_handlers.h>)

# Makes a target NAME that holds one precompiled header, to be given to closure_reuse_pch.
function(closure_add_pch name)
  file(CONFIGURE OUTPUT "${CMAKE_CURRENT_BINARY_DIR}/${name}.cc" CONTENT "// Only here to be compiled.\n")
  add_library(${name} OBJECT "${CMAKE_CURRENT_BINARY_DIR}/${name}.cc")
  target_compile_options(${name} PRIVATE ${CLOSURE_WARNINGS}) # -Wpedantic changes what g++ predefines
  target_link_libraries(${name} PRIVATE closure_base)
  target_precompile_headers(${name} PRIVATE ${ARGN})
endfunction()

function(closure_reuse_pch target pch)
  if(CLOSURE_PCH)
    target_precompile_headers(${target} REUSE_FROM ${pch})
  endif()
endfunction()

if(CLOSURE_PCH)
  closure_add_pch(closure_pch ${CLOSURE_PCH_HEADERS})
endif()

# ---- our own targets ----
# Warnings of our own code; generated code and system headers are outside of them.
function(closure_target target)
  target_compile_options(${target} PRIVATE ${CLOSURE_WARNINGS} $<$<BOOL:${CLOSURE_WERROR}>:-Werror>)
  target_include_directories(${target} PUBLIC
    "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>" "$<INSTALL_INTERFACE:${CLOSURE_INSTALL_INCLUDES}>")
  target_link_libraries(${target} PUBLIC closure_base)
endfunction()

function(closure_link_sanitizer program)
  if(TARGET closure_tsan_abseil)
    target_link_libraries(${program} PRIVATE closure_tsan_abseil)
  endif()
endfunction()

function(closure_library room)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPENDS")
  add_library(closure_${room} STATIC ${arg_SOURCES})
  add_library(closure::${room} ALIAS closure_${room})
  set_target_properties(closure_${room} PROPERTIES EXPORT_NAME ${room})
  target_link_libraries(closure_${room} PUBLIC ${arg_DEPENDS})
  closure_target(closure_${room})
  closure_reuse_pch(closure_${room} closure_pch)
endfunction()

function(closure_executable name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPENDS")
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_DEPENDS})
  closure_target(${name})
  closure_link_sanitizer(${name})
  closure_reuse_pch(${name} closure_pch)
endfunction()

# Servers allocate with jemalloc (ADR 27); sanitizers bring their own allocator.
function(closure_use_jemalloc target)
  if(CLOSURE_SANITIZE STREQUAL "off")
    target_sources(${target} PRIVATE "${PROJECT_SOURCE_DIR}/server/jemalloc_options.cc")
    target_link_libraries(${target} PUBLIC PkgConfig::jemalloc)
  endif()
endfunction()
