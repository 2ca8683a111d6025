# SPDX-License-Identifier: Apache-2.0
#
# What those who write checkers and participants get from `cmake --install` (docs/write-a-checker.md):
#
#   find_package(closure 0.1 CONFIG REQUIRED)                      # closure::checker_sdk, closure::protos, closure_PROTO_DIR
#   find_package(closure 0.1 CONFIG REQUIRED COMPONENTS closured)  # closure::closured_main too
#   pkg-config --static closure-checker-sdk                        # the first of these, without CMake
#
# The libraries are static, and their headers are read by the paths that they have here.

include(CMakePackageConfigHelpers)

# Each with what it needs, so that the order is that of a linker's command line, too.
set(closure_sdk_libraries
  checker_sdk checkers file_reading account_id local_address calls_under_way steady_wait coverage_mark failpoint money
  protos)
set(closure_server_libraries
  closured_main dev_cloud sandbox server storage json suggestion sha256 rpc_protos)

list(TRANSFORM closure_sdk_libraries PREPEND closure_ OUTPUT_VARIABLE targets)
install(TARGETS ${targets} closure_base EXPORT closureTargets ARCHIVE DESTINATION lib)
install(EXPORT closureTargets NAMESPACE closure:: DESTINATION lib/cmake/closure)
list(TRANSFORM closure_server_libraries PREPEND closure_ OUTPUT_VARIABLE targets)
install(TARGETS ${targets} EXPORT closureServerTargets ARCHIVE DESTINATION lib)
install(EXPORT closureServerTargets NAMESPACE closure:: DESTINATION lib/cmake/closure)

# The public headers, and what they include.
set(closure_headers
  checkers/answer_fault.h
  checkers/answer_validation.h
  checkers/call_options.h
  checkers/checker.h
  checkers/proto_time.h
  checkers/reporting_checker.h
  checkers/serve/checker_endpoint.h
  checkers/serve/request_fault.h
  checkers/serve/serve.h
  checkers/serve/served_call.h
  checkers/text.h
  checkers/upstream_call.h
  protos/calls_under_way.h
  protos/steady_wait.h
  server/closured_main.h)
foreach(header IN LISTS closure_headers)
  get_filename_component(folder "${header}" DIRECTORY)
  install(FILES "${PROJECT_SOURCE_DIR}/${header}" DESTINATION "${CLOSURE_INSTALL_INCLUDES}/${folder}")
endforeach()

# The public API: its protos for every language, and what was made of them for this one.
file(GLOB closure_public_protos CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/protos/closure/v1/*.proto")
install(FILES ${closure_public_protos} DESTINATION share/closure/protos/closure/v1)
foreach(proto IN LISTS closure_public_protos)
  get_filename_component(stem "${proto}" NAME_WE)
  set(generated "${CLOSURE_GENERATED_DIR}/protos/closure/v1/${stem}")
  install(FILES "${generated}.pb.h" DESTINATION "${CLOSURE_INSTALL_INCLUDES}/closure/v1")
  if(stem MATCHES "_service$")
    install(FILES "${generated}.grpc.pb.h" DESTINATION "${CLOSURE_INSTALL_INCLUDES}/closure/v1")
  endif()
endforeach()

set(closure_PROTO_DIR share/closure/protos)
configure_package_config_file(
  "${PROJECT_SOURCE_DIR}/cmake/closureConfig.cmake.in" "${PROJECT_BINARY_DIR}/closureConfig.cmake"
  INSTALL_DESTINATION lib/cmake/closure
  PATH_VARS closure_PROTO_DIR)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/closureConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/closureConfig.cmake" "${PROJECT_BINARY_DIR}/closureConfigVersion.cmake"
  DESTINATION lib/cmake/closure)

list(TRANSFORM closure_sdk_libraries PREPEND -lclosure_ OUTPUT_VARIABLE closure_sdk_link_flags)
list(JOIN closure_sdk_link_flags " " closure_sdk_link_flags)
configure_file("${PROJECT_SOURCE_DIR}/cmake/closure-checker-sdk.pc.in" "${PROJECT_BINARY_DIR}/closure-checker-sdk.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/closure-checker-sdk.pc" DESTINATION lib/pkgconfig)
