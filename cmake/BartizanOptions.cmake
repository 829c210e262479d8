# Compilers, warnings, sanitizers, caches: what every target of ours is built with.
option(BARTIZAN_TESTS "Build the tests" ON)
option(BARTIZAN_BENCH "Build the benchmarks" OFF)
option(BARTIZAN_FUZZ "Build the libFuzzer targets (clang)" OFF)
option(BARTIZAN_TENSOR "Build the tensor modules and bartizan-engine (need LibTorch)" ON)
option(BARTIZAN_GRPC "The gRPC form of the Open Inference Protocol in bartizan-service (needs gRPC)" ON)
option(BARTIZAN_NATS "Instances of the service tied together over NATS JetStream (needs libnats)" ON)
option(BARTIZAN_CONSOLE "The console of the service (needs npm; built without it where there is none)" ON)
option(BARTIZAN_UNITY "Build each tensor module as one unit: LibTorch's headers are read once" ON)
option(BARTIZAN_WERROR "Treat warnings in our code as errors" ON)
option(BARTIZAN_COVERAGE "Instrument for gcov" OFF)
set(BARTIZAN_SANITIZE "" CACHE STRING "Sanitizers, as for -fsanitize (address,undefined or thread)")

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_CXX_FLAGS_RELEASE "-O2")
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  # Paths inside the cache are relative, so that two checkouts share it.
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env
    "CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}" CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=pch_defines,time_macros
    "${CCACHE_PROGRAM}")
endif()
find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM)
  add_link_options(-fuse-ld=mold)
endif()

# Flags of our own targets; third-party headers are SYSTEM and stay out of it.
add_library(bartizan_flags INTERFACE)
target_compile_options(bartizan_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion
  $<$<BOOL:${BARTIZAN_WERROR}>:-Werror>
  $<$<CXX_COMPILER_ID:GNU>:-Wno-missing-field-initializers>)
if(BARTIZAN_SANITIZE)
  target_compile_options(bartizan_flags INTERFACE
    "-fsanitize=${BARTIZAN_SANITIZE}" -fno-sanitize-recover=all -fno-omit-frame-pointer -g1)
  target_link_options(bartizan_flags INTERFACE "-fsanitize=${BARTIZAN_SANITIZE}")
endif()
if(BARTIZAN_FUZZ)
  target_compile_options(bartizan_flags INTERFACE
    -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -g1)
  target_link_options(bartizan_flags INTERFACE -fsanitize=address,undefined)
endif()
if(BARTIZAN_COVERAGE)
  target_compile_options(bartizan_flags INTERFACE --coverage -O0 -g)
  target_link_options(bartizan_flags INTERFACE --coverage)
endif()
