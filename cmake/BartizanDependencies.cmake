# Every dependency is a Debian 12 package that scripts/install-deps installs.
find_package(Threads REQUIRED)
find_package(OpenSSL 3 REQUIRED COMPONENTS Crypto SSL)
find_package(Boost 1.74 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(PNG REQUIRED)
find_package(JPEG REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(Protobuf REQUIRED)
find_package(LibArchive 3.5 REQUIRED)

# SOCI and libsodium come without CMake packages in Debian.
find_library(SOCI_CORE_LIBRARY soci_core REQUIRED)
find_library(SOCI_SQLITE3_LIBRARY soci_sqlite3 REQUIRED)
find_library(SOCI_POSTGRESQL_LIBRARY soci_postgresql REQUIRED)
find_path(SOCI_INCLUDE_DIR soci/soci.h REQUIRED)
find_path(POSTGRESQL_INCLUDE_DIR libpq-fe.h PATH_SUFFIXES postgresql REQUIRED)
find_library(POSTGRESQL_LIBRARY pq REQUIRED)
add_library(bartizan_soci INTERFACE)
target_include_directories(bartizan_soci SYSTEM INTERFACE "${SOCI_INCLUDE_DIR}" "${POSTGRESQL_INCLUDE_DIR}")
target_link_libraries(bartizan_soci INTERFACE "${SOCI_CORE_LIBRARY}" "${SOCI_SQLITE3_LIBRARY}"
  "${SOCI_POSTGRESQL_LIBRARY}" "${POSTGRESQL_LIBRARY}")
find_library(SODIUM_LIBRARY sodium REQUIRED)
find_path(SODIUM_INCLUDE_DIR sodium.h REQUIRED)
add_library(bartizan_sodium INTERFACE)
target_include_directories(bartizan_sodium SYSTEM INTERFACE "${SODIUM_INCLUDE_DIR}")
target_link_libraries(bartizan_sodium INTERFACE "${SODIUM_LIBRARY}")

# gRPC: the libraries that we name ourselves; theirs come with them.
if(BARTIZAN_GRPC)
  find_library(GRPCPP_LIBRARY grpc++ REQUIRED)
  find_library(GRPC_LIBRARY grpc REQUIRED)
  find_library(GPR_LIBRARY gpr REQUIRED)
  find_library(ABSL_SYNCHRONIZATION_LIBRARY absl_synchronization REQUIRED)
  find_path(GRPCPP_INCLUDE_DIR grpcpp/grpcpp.h REQUIRED)
  add_library(bartizan_grpcpp INTERFACE)
  target_include_directories(bartizan_grpcpp SYSTEM INTERFACE "${GRPCPP_INCLUDE_DIR}")
  target_link_libraries(bartizan_grpcpp INTERFACE "${GRPCPP_LIBRARY}" "${GRPC_LIBRARY}" "${GPR_LIBRARY}"
    "${ABSL_SYNCHRONIZATION_LIBRARY}")
endif()

# NATS: Debian's CMake package names paths of the machine it was built on.
if(BARTIZAN_NATS)
  find_library(NATS_LIBRARY nats REQUIRED)
  find_path(NATS_INCLUDE_DIR nats/nats.h REQUIRED)
  add_library(bartizan_nats INTERFACE)
  target_include_directories(bartizan_nats SYSTEM INTERFACE "${NATS_INCLUDE_DIR}")
  target_link_libraries(bartizan_nats INTERFACE "${NATS_LIBRARY}")
endif()

# utf8proc: Unicode normal forms and categories; Debian has no CMake package for it.
find_library(UTF8PROC_LIBRARY utf8proc REQUIRED)
find_path(UTF8PROC_INCLUDE_DIR utf8proc.h REQUIRED)
add_library(bartizan_utf8proc INTERFACE)
target_include_directories(bartizan_utf8proc SYSTEM INTERFACE "${UTF8PROC_INCLUDE_DIR}")
target_link_libraries(bartizan_utf8proc INTERFACE "${UTF8PROC_LIBRARY}")

# onnx: the message classes of the format, as Debian builds them.
find_library(ONNX_PROTO_LIBRARY onnx_proto REQUIRED)
find_path(ONNX_INCLUDE_DIR onnx/onnx_pb.h REQUIRED)
add_library(bartizan_onnx_proto INTERFACE)
target_include_directories(bartizan_onnx_proto SYSTEM INTERFACE "${ONNX_INCLUDE_DIR}")
target_compile_definitions(bartizan_onnx_proto INTERFACE ONNX_ML=1 ONNX_NAMESPACE=onnx)
target_link_libraries(bartizan_onnx_proto INTERFACE "${ONNX_PROTO_LIBRARY}" protobuf::libprotobuf)

# LibTorch: named piecewise, so that its compile flags do not leak into ours. The per-operator headers
# (-DAT_PER_OPERATOR_HEADERS) cut a file from 20 CPU-seconds to 4.
if(BARTIZAN_TENSOR)
  find_library(TORCH_LIBRARY torch REQUIRED)
  find_library(TORCH_CPU_LIBRARY torch_cpu REQUIRED)
  find_library(C10_LIBRARY c10 REQUIRED)
  find_path(TORCH_INCLUDE_DIR ATen/ATen.h REQUIRED)
  find_path(TORCH_API_INCLUDE_DIR torch/nn.h PATH_SUFFIXES torch/csrc/api/include REQUIRED)
  add_library(bartizan_torch INTERFACE)
  target_include_directories(bartizan_torch SYSTEM INTERFACE "${TORCH_INCLUDE_DIR}" "${TORCH_API_INCLUDE_DIR}")
  target_compile_definitions(bartizan_torch INTERFACE AT_PER_OPERATOR_HEADERS)
  target_link_libraries(bartizan_torch INTERFACE "${TORCH_LIBRARY}" "${TORCH_CPU_LIBRARY}" "${C10_LIBRARY}")
endif()
if(BARTIZAN_TESTS)
  find_package(GTest REQUIRED)
  include(GoogleTest)
endif()
