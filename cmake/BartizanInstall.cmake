# cmake --install: the programs, the public headers, and a CMake package with the targets bartizan::core (the
# light modules that an outside program may need) and bartizan::ml (the tensor modules; needs LibTorch).
include(CMakePackageConfigHelpers)

set(package_folder "${CMAKE_INSTALL_LIBDIR}/cmake/bartizan")

add_library(bartizan_public_core INTERFACE)
set_target_properties(bartizan_public_core PROPERTIES EXPORT_NAME core)
add_library(bartizan::core ALIAS bartizan_public_core)
set(exported bartizan_public_core bartizan_onnx_proto bartizan_soci bartizan_sodium bartizan_utf8proc)
if(BARTIZAN_TENSOR)
  add_library(bartizan_public_ml INTERFACE)
  set_target_properties(bartizan_public_ml PROPERTIES EXPORT_NAME ml)
  target_link_libraries(bartizan_public_ml INTERFACE bartizan_public_core)
  add_library(bartizan::ml ALIAS bartizan_public_ml)
  list(APPEND exported bartizan_public_ml bartizan_torch)
endif()

# Light parts of the programs that tensor modules link too: exported with those.
set(shared_parts bartizan_quality bartizan_provenance bartizan_lineage)

get_property(targets GLOBAL PROPERTY BARTIZAN_TARGETS)
foreach(target IN LISTS targets)
  get_target_property(kind ${target} BARTIZAN_KIND)
  get_target_property(tier ${target} BARTIZAN_TIER)
  if(kind STREQUAL "tensor")
    target_link_libraries(bartizan_public_ml INTERFACE ${target})
  elseif(tier MATCHES "T[01]")
    target_link_libraries(bartizan_public_core INTERFACE ${target})
  elseif(NOT target IN_LIST shared_parts)
    continue()  # parts of the programs
  endif()
  string(REPLACE "bartizan_" "module_" name "${target}")
  set_target_properties(${target} PROPERTIES EXPORT_NAME "${name}")
  list(APPEND exported ${target})
endforeach()

install(TARGETS bartizan RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
install(TARGETS bartizan-service RUNTIME DESTINATION "${CMAKE_INSTALL_LIBEXECDIR}/bartizan")
if(BARTIZAN_TENSOR)
  install(TARGETS bartizan-engine RUNTIME DESTINATION "${CMAKE_INSTALL_LIBEXECDIR}/bartizan")
endif()
install(TARGETS ${exported} EXPORT bartizan_targets
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}/bartizan")
install(DIRECTORY "${CMAKE_SOURCE_DIR}/include/bartizan" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(FILES "${CMAKE_BINARY_DIR}/generated/bartizan/version.h"
  DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/bartizan")
install(FILES "${CMAKE_SOURCE_DIR}/LICENSE" "${CMAKE_SOURCE_DIR}/README.md" DESTINATION "${CMAKE_INSTALL_DOCDIR}")

install(EXPORT bartizan_targets NAMESPACE bartizan:: FILE bartizan-targets.cmake DESTINATION "${package_folder}")
configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/bartizan-config.cmake.in"
  "${CMAKE_BINARY_DIR}/bartizan-config.cmake" INSTALL_DESTINATION "${package_folder}")
write_basic_package_version_file("${CMAKE_BINARY_DIR}/bartizan-config-version.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_BINARY_DIR}/bartizan-config.cmake" "${CMAKE_BINARY_DIR}/bartizan-config-version.cmake"
  DESTINATION "${package_folder}")

# Where the shells look for completions.
set(shells bash zsh fish)
set(folders "bash-completion/completions" "zsh/site-functions" "fish/vendor_completions.d")
set(names "bartizan" "_bartizan" "bartizan.fish")
set(scripts "")
foreach(shell folder name IN ZIP_LISTS shells folders names)
  set(script "${CMAKE_BINARY_DIR}/completion.${shell}")
  add_custom_command(OUTPUT "${script}" COMMAND bartizan completion ${shell} --out "${script}" DEPENDS bartizan
    COMMENT "Writing the completion of ${shell}" VERBATIM)
  list(APPEND scripts "${script}")
  install(FILES "${script}" DESTINATION "${CMAKE_INSTALL_DATADIR}/${folder}" RENAME "${name}")
endforeach()
add_custom_target(bartizan_completions ALL DEPENDS ${scripts})
