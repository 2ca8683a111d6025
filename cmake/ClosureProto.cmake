# SPDX-License-Identifier: Apache-2.0
#
#   closure_proto_library(protos
#     ROOT ${CMAKE_CURRENT_SOURCE_DIR}
#     MESSAGES closure/v1/money.proto          # only messages and enums
#     SERVICES closure/v1/closure_service.proto) # gRPC services too
#
# makes closure_protos (alias closure::protos) out of the files below ROOT, and includes of it are system
# includes. CMake's own protobuf_generate() is not used: it always searches the current source directory
# first, and then registers a file under a name that imports and reflection do not know.
#
# The target closure_generated makes all generated sources without compiling them.

set(CLOSURE_GENERATED_DIR "${PROJECT_BINARY_DIR}/generated")
set(CLOSURE_PYTHON_PROTOS "${CLOSURE_GENERATED_DIR}/python")
add_custom_target(closure_generated)

# One protoc run for one file; OUT_VAR receives its generated .cc files.
function(closure_protoc out_var root out_dir proto with_grpc)
  string(REGEX REPLACE "\\.proto$" "" stem "${out_dir}/${proto}")
  set(outputs "${stem}.pb.cc" "${stem}.pb.h")
  set(sources "${stem}.pb.cc")
  set(grpc_arguments "")
  if(with_grpc)
    # First, as in protoc's dependency file: ninja asks that both begin with the same output.
    list(PREPEND outputs "${stem}.grpc.pb.cc" "${stem}.grpc.pb.h")
    list(APPEND sources "${stem}.grpc.pb.cc")
    set(grpc_arguments "--grpc_out=${out_dir}" "--plugin=protoc-gen-grpc=$<TARGET_FILE:gRPC::grpc_cpp_plugin>")
  endif()
  add_custom_command(
    OUTPUT ${outputs}
    COMMAND protobuf::protoc "-I${root}" "--cpp_out=${out_dir}" ${grpc_arguments}
      "--dependency_out=${stem}.d" "${proto}"
    DEPENDS "${root}/${proto}" protobuf::protoc
    DEPFILE "${stem}.d"
    COMMENT "protoc ${proto}"
    VERBATIM)
  # Service code is mostly the same templates over again, so it is compiled eight files at a time (a quarter
  # of the time); message code cannot be, its file-level names are the same in every file.
  set_source_files_properties("${stem}.pb.cc" PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  set(${out_var} ${sources} PARENT_SCOPE)
endfunction()

function(closure_proto_library room)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "ROOT" "MESSAGES;SERVICES")
  set(out_dir "${CLOSURE_GENERATED_DIR}/${room}")
  file(MAKE_DIRECTORY "${out_dir}")
  set(sources "")
  foreach(proto IN LISTS arg_MESSAGES)
    closure_protoc(generated "${arg_ROOT}" "${out_dir}" "${proto}" FALSE)
    list(APPEND sources ${generated})
  endforeach()
  foreach(proto IN LISTS arg_SERVICES)
    closure_protoc(generated "${arg_ROOT}" "${out_dir}" "${proto}" TRUE)
    list(APPEND sources ${generated})
  endforeach()
  add_library(closure_${room} STATIC ${sources})
  add_library(closure::${room} ALIAS closure_${room})
  set_target_properties(closure_${room} PROPERTIES EXPORT_NAME ${room})
  target_include_directories(closure_${room} SYSTEM PUBLIC
    "$<BUILD_INTERFACE:${out_dir}>" "$<INSTALL_INTERFACE:${CLOSURE_INSTALL_INCLUDES}>")
  target_link_libraries(closure_${room} PUBLIC closure_base)
  target_compile_options(closure_${room} PRIVATE ${CLOSURE_WARNINGS} -w) # all off, yet fit for closure_pch
  set_target_properties(closure_${room} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
  closure_reuse_pch(closure_${room} closure_pch)
  add_custom_target(closure_${room}_generated DEPENDS ${sources})
  add_dependencies(closure_generated closure_${room}_generated)
endfunction()

# google/rpc (status, code, error details) comes from a Debian package and is generated at build time. It is a
# library of its own, linked by server and client only, because a program that brings its own copy of these
# messages must be able to leave ours out: two copies abort at start.
find_path(CLOSURE_GOOGLEAPIS_DIR google/rpc/status.proto
  PATHS /usr/share/gocode/src/github.com/gogo/googleapis REQUIRED)
closure_proto_library(rpc_protos
  ROOT "${CLOSURE_GOOGLEAPIS_DIR}"
  MESSAGES
    google/rpc/code.proto
    google/rpc/error_details.proto
    google/rpc/status.proto)

# Python messages and stubs of the protos named, for programs and tests that speak to us from another language:
# the target NAME, into the directory DIR, which several targets may share.
function(closure_python_proto_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "ROOT;DIR" "PROTOS")
  file(MAKE_DIRECTORY "${arg_DIR}")
  list(TRANSFORM arg_PROTOS PREPEND "${arg_ROOT}/" OUTPUT_VARIABLE inputs)
  set(stamp "${arg_DIR}/.${name}.stamp")
  add_custom_command(
    OUTPUT "${stamp}"
    COMMAND protobuf::protoc "-I${arg_ROOT}" "--python_out=${arg_DIR}" "--grpc_out=${arg_DIR}"
      "--plugin=protoc-gen-grpc=$<TARGET_FILE:gRPC::grpc_python_plugin>" ${arg_PROTOS}
    COMMAND "${CMAKE_COMMAND}" -E touch "${stamp}"
    DEPENDS ${inputs} protobuf::protoc
    COMMENT "protoc for Python"
    VERBATIM)
  add_custom_target(${name} ALL DEPENDS "${stamp}")
endfunction()
