# SPDX-License-Identifier: Apache-2.0
#
#   closure_test(sqlite_closure_store
#     SOURCES sqlite_closure_store_test.cc
#     DEPENDS closure::storage
#     PROCESSES closured closurectl   # only for tests that start them
#     LABELS storage
#     PCH closure_end_to_end_pch      # instead of closure_test_pch
#     TIMEOUT 60)
#
# makes the Catch2 (version 2) program sqlite_closure_store_tests and registers each TEST_CASE with ctest under
# the name "sqlite_closure_store:SENTENCE". For every program in PROCESSES the macro CLOSURED_BINARY,
# CLOSURECTL_BINARY ... is its path; CLOSURE_SOURCE_DIR is that of the repository.
#
#   closure_python_test(protocol SCRIPT protocol_test.py ARGS --verbose PROCESSES closured)
#
# registers a Python test "protocol"; it gets the same paths as environment variables, with
# CLOSURE_PYTHON_PROTOS, the directory of the generated Python messages and stubs, in PYTHONPATH.

find_package(Catch2 2.13 CONFIG REQUIRED)
include(Catch)

set(CLOSURE_TEST_TIMEOUT 120)

add_library(closure_catch_main OBJECT "${PROJECT_SOURCE_DIR}/tests/support/catch_main.cc")
target_link_libraries(closure_catch_main PUBLIC Catch2::Catch2)

if(CLOSURE_PCH)
  closure_add_pch(closure_test_pch ${CLOSURE_PCH_HEADERS} <catch2/catch.hpp>)
  target_link_libraries(closure_test_pch PRIVATE Catch2::Catch2)
endif()

# OUT_VAR receives CLOSURE_SOURCE_DIR=PATH, and NAME_BINARY=PATH for each program.
function(closure_process_paths out_var)
  set(paths "CLOSURE_SOURCE_DIR=${PROJECT_SOURCE_DIR}")
  foreach(process IN LISTS ARGN)
    string(TOUPPER "${process}" upper)
    list(APPEND paths "${upper}_BINARY=$<TARGET_FILE:${process}>")
  endforeach()
  set(${out_var} ${paths} PARENT_SCOPE)
endfunction()

function(closure_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT;PCH" "SOURCES;DEPENDS;PROCESSES;LABELS")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT ${CLOSURE_TEST_TIMEOUT})
  endif()
  if(NOT arg_PCH)
    set(arg_PCH closure_test_pch)
  endif()
  set(program ${name}_tests)
  add_executable(${program} ${arg_SOURCES})
  target_link_libraries(${program} PRIVATE ${arg_DEPENDS} Catch2::Catch2 closure_catch_main)
  closure_target(${program})
  closure_link_sanitizer(${program})
  closure_reuse_pch(${program} ${arg_PCH})
  closure_process_paths(paths ${arg_PROCESSES})
  list(TRANSFORM paths REPLACE "^([^=]*)=(.*)$" "\\1=\"\\2\"" OUTPUT_VARIABLE definitions)
  target_compile_definitions(${program} PRIVATE ${definitions})
  if(arg_PROCESSES)
    add_dependencies(${program} ${arg_PROCESSES})
  endif()
  catch_discover_tests(${program}
    TEST_PREFIX "${name}:"
    PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "${arg_LABELS}")
endfunction()

function(closure_python_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "SCRIPT;TIMEOUT" "ARGS;PROCESSES;LABELS")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT ${CLOSURE_TEST_TIMEOUT})
  endif()
  closure_process_paths(paths ${arg_PROCESSES})
  add_test(NAME ${name}
    COMMAND "${CLOSURE_PYTHON}" "${CMAKE_CURRENT_SOURCE_DIR}/${arg_SCRIPT}" ${arg_ARGS})
  set_tests_properties(${name} PROPERTIES
    TIMEOUT ${arg_TIMEOUT}
    LABELS "${arg_LABELS}"
    SKIP_RETURN_CODE 77
    ENVIRONMENT "${paths};PYTHONDONTWRITEBYTECODE=1;PYTHONPATH=${CLOSURE_PYTHON_PROTOS}")
endfunction()
