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

install(TARGETS closured closurectl RUNTIME DESTINATION bin)
install(DIRECTORY "${PROJECT_SOURCE_DIR}/agreements" DESTINATION share/closured)
install(FILES
    "${PROJECT_SOURCE_DIR}/LICENSE"
    "${PROJECT_SOURCE_DIR}/docs/closurectl.md"
    "${PROJECT_SOURCE_DIR}/docs/configuration.md"
    "${PROJECT_SOURCE_DIR}/docs/installation.md"
    "${PROJECT_SOURCE_DIR}/docs/operations.md"
  DESTINATION share/doc/closured)

# Both name files below the prefix, which is known when they are installed and not before.
install(CODE "set(closure_deploy \"${PROJECT_SOURCE_DIR}/deploy\")")
install(CODE [[
  foreach(pair IN ITEMS closured.textproto:share/closured closured.service:lib/systemd/system)
    string(REGEX MATCH "^(.*):(.*)$" pair "${pair}")
    set(name "${CMAKE_MATCH_1}")
    set(file "${CMAKE_INSTALL_PREFIX}/${CMAKE_MATCH_2}/${name}")
    file(READ "${closure_deploy}/${name}" text)
    string(REPLACE "/usr/local/" "${CMAKE_INSTALL_PREFIX}/" text "${text}")
    message(STATUS "Installing: $ENV{DESTDIR}${file}")
    file(WRITE "$ENV{DESTDIR}${file}" "${text}")
  endforeach()
]])
