# The console of the service: built by npm into share/bartizan/console beside the programs, where bartizan-service looks.
# A machine without npm, or without its registry, builds everything else.
find_program(BARTIZAN_NPM npm)
set(BARTIZAN_CONSOLE_WORK "${CMAKE_BINARY_DIR}/console")
set(console_out "${CMAKE_BINARY_DIR}/share/bartizan/console")
add_custom_target(bartizan_console ALL
  COMMAND "${CMAKE_SOURCE_DIR}/scripts/build-console" "${CMAKE_SOURCE_DIR}/console" "${BARTIZAN_CONSOLE_WORK}" "${console_out}"
    "$<IF:$<BOOL:${BARTIZAN_NPM}>,${BARTIZAN_NPM},npm>"
  COMMENT "Building the console" VERBATIM)
install(DIRECTORY "${console_out}" DESTINATION "${CMAKE_INSTALL_DATADIR}/bartizan" OPTIONAL)
