#pragma once
/// Certificates of a gRPC server that can be read again while it runs: connections from then on have the new ones.
/// Thread rule: `load` may be called from any thread; gRPC asks from its own.

#include <memory>
#include <mutex>
#include <string>

#include <grpc/grpc_security.h>
#include <grpcpp/security/server_credentials.h>

#include "bartizan/result.h"
#include "http/server.h"

namespace bartizan::rpc {

/// Outlives the server that it is given to.
class TlsCredentials final : public grpc::ServerCredentials {
public:
    explicit TlsCredentials(http::TlsFiles files) : files_(std::move(files)) {}
    /// Reads the files. What cannot be used is refused, and what was read before goes on. Fails with `invalid_input`.
    Result<void> load();

    void SetAuthMetadataProcessor(const std::shared_ptr<grpc::AuthMetadataProcessor>&) override {}

private:
    struct Pem {
        std::string certificate, key, authority;
    };
    int AddPortToServer(const std::string& address, grpc_server* server) override;
    grpc_ssl_certificate_config_reload_status fetch(grpc_ssl_server_certificate_config** config);

    http::TlsFiles files_;
    std::mutex mutex_;
    Pem pem_;
    bool fresh_ = false;  ///< not given to gRPC yet
};

}  // namespace bartizan::rpc
