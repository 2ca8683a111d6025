# SPDX-License-Identifier: Apache-2.0
#
# What `cmake --install build/release` puts below the prefix (/usr/local unless --prefix says otherwise); docs/installation.md
# goes on from there.
#
#   bin/closured, bin/closurectl
#   share/closured/agreements/VERSION/LANGUAGE.txt
#   share/closured/closured.textproto      the example configuration
#   lib/systemd/system/closured.service    the unit
#   share/doc/closured/                    the licence, and the pages for those who run the service
#
# and, for those who write checkers and participants (ClosureSdk.cmake),
#
#   include/closure/, lib/, lib/cmake/closure/, lib/pkgconfig/, share/closure/protos/

# Everybody can read and run what is installed, whatever the umask; folders that are there stay as they are.
install(CODE [[
  set(made "")
  foreach(folder IN ITEMS bin lib/systemd/system share/closured share/doc/closured
      include/closure/checkers/serve include/closure/closure/v1 include/closure/protos include/closure/server
      lib/cmake/closure lib/pkgconfig share/closure/protos/closure/v1)
    set(path "$ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}/${folder}")
    while(NOT EXISTS "${path}")
      list(APPEND made "${path}")
      get_filename_component(path "${path}" DIRECTORY)
    endwhile()
  endforeach()
  foreach(path IN LISTS made)
    file(MAKE_DIRECTORY "${path}")
    file(CHMOD "${path}" PERMISSIONS
      OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
  endforeach()
]])
install(TARGETS closured closurectl RUNTIME DESTINATION bin)
install(DIRECTORY "${PROJECT_SOURCE_DIR}/agreements" DESTINATION share/closured)
install(FILES
    "${PROJECT_SOURCE_DIR}/LICENSE"
    "${PROJECT_SOURCE_DIR}/docs/closurectl.md"
    "${PROJECT_SOURCE_DIR}/docs/configuration.md"
    "${PROJECT_SOURCE_DIR}/docs/conformance.md"
    "${PROJECT_SOURCE_DIR}/docs/errors.md"
    "${PROJECT_SOURCE_DIR}/docs/installation.md"
    "${PROJECT_SOURCE_DIR}/docs/operations.md"
    "${PROJECT_SOURCE_DIR}/docs/record.md"
    "${PROJECT_SOURCE_DIR}/docs/sandbox.md"
    "${PROJECT_SOURCE_DIR}/docs/write-a-checker.md"
  DESTINATION share/doc/closured)

# Both name files below the prefix, which is known when they are installed and not before. They are made beside the build and
# installed from there, so that their modes do not depend on the umask, and the manifest names them.
set(closure_install_scratch "${PROJECT_BINARY_DIR}/install_scratch")
install(CODE "set(closure_deploy \"${PROJECT_SOURCE_DIR}/deploy\")\nset(closure_scratch \"${closure_install_scratch}\")")
install(CODE [[
  foreach(pair IN ITEMS closured.textproto:share/closured closured.service:lib/systemd/system)
    string(REGEX MATCH "^(.*):(.*)$" pair "${pair}")
    set(name "${CMAKE_MATCH_1}")
    set(folder "${CMAKE_MATCH_2}")
    file(READ "${closure_deploy}/${name}" text)
    string(REPLACE "/usr/local/" "${CMAKE_INSTALL_PREFIX}/" text "${text}")
    file(WRITE "${closure_scratch}/${name}" "${text}")
    file(INSTALL "${closure_scratch}/${name}" DESTINATION "${CMAKE_INSTALL_PREFIX}/${folder}" TYPE FILE
      PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
  endforeach()
]])
