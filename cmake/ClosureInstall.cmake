# SPDX-License-Identifier: Apache-2.0
#
# What `cmake --install build/release` puts below the prefix (/usr/local unless --prefix says otherwise); docs/installation.md
# goes on from there.
#
#   bin/closured, bin/closurectl
#   share/closured/agreements/VERSION/LANGUAGE.txt
#   share/closured/closured.textproto      the example configuration
#   lib/systemd/system/closured.service    the unit
#   share/doc/closured/                    the licence, the pages for those who run the service, and the examples
#
# and, for those who write checkers and participants (ClosureSdk.cmake),
#
#   include/closure/, lib/, lib/cmake/closure/, lib/pkgconfig/, share/closure/protos/

# Everybody can read and run what is installed, whatever the umask; folders that are there stay as they are.
install(CODE [[
  set(made "")
  foreach(folder IN ITEMS bin lib/systemd/system share/closured share/doc/closured/checkers share/doc/closured/examples/cpp share/doc/closured/examples/node share/doc/closured/examples/python
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
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION share/doc/closured)
install(DIRECTORY "${PROJECT_SOURCE_DIR}/docs/checkers" DESTINATION share/doc/closured)
install(DIRECTORY "${PROJECT_SOURCE_DIR}/examples" DESTINATION share/doc/closured
  PATTERN node_modules EXCLUDE PATTERN __pycache__ EXCLUDE PATTERN README.md EXCLUDE)

# What is another there than here is made beside the build and installed from there, so that its mode does not depend on the
# umask, and the manifest names it.
set(closure_install_scratch "${PROJECT_BINARY_DIR}/install_scratch")
# The examples lie beside the pages there, and not a folder above: their links are made so.
install(CODE "set(closure_source \"${PROJECT_SOURCE_DIR}\")\nset(closure_scratch \"${closure_install_scratch}\")")
install(CODE [[
  foreach(page IN ITEMS closurectl configuration conformance errors installation operations record sandbox write-a-checker
      examples/README)
    if(page STREQUAL "examples/README")
      set(source "${closure_source}/examples/README.md")
      set(folder share/doc/closured/examples)
    else()
      set(source "${closure_source}/docs/${page}.md")
      set(folder share/doc/closured)
    endif()
    file(READ "${source}" text)
    string(REPLACE "](../examples" "](examples" text "${text}")
    string(REPLACE "](../docs/" "](../" text "${text}")
    file(WRITE "${closure_scratch}/${page}.md" "${text}")
    file(INSTALL "${closure_scratch}/${page}.md" DESTINATION "${CMAKE_INSTALL_PREFIX}/${folder}" TYPE FILE
      PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
  endforeach()
]])
# Both name files below the prefix, which is known when they are installed and not before.
install(CODE [[
  foreach(pair IN ITEMS closured.textproto:share/closured closured.service:lib/systemd/system)
    string(REGEX MATCH "^(.*):(.*)$" pair "${pair}")
    set(name "${CMAKE_MATCH_1}")
    set(folder "${CMAKE_MATCH_2}")
    file(READ "${closure_source}/deploy/${name}" text)
    string(REPLACE "/usr/local/" "${CMAKE_INSTALL_PREFIX}/" text "${text}")
    file(WRITE "${closure_scratch}/${name}" "${text}")
    file(INSTALL "${closure_scratch}/${name}" DESTINATION "${CMAKE_INSTALL_PREFIX}/${folder}" TYPE FILE
      PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
  endforeach()
]])
