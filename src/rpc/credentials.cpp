#include "rpc/credentials.h"

#include <grpc/grpc.h>

#include "core/file.h"

namespace bartizan::rpc {
namespace {

constexpr std::uint64_t kLongestPem = 1 << 20;

}  // namespace

Result<void> TlsCredentials::load() {
    BARTIZAN_TRY(http::check_tls(files_));
    Pem pem{
        BARTIZAN_TRY(read_file(files_.certificate, kLongestPem)), BARTIZAN_TRY(read_file(files_.key, kLongestPem)), {}};
    if (!files_.client_authority.empty()) pem.authority = BARTIZAN_TRY(read_file(files_.client_authority, kLongestPem));
    const std::lock_guard lock(mutex_);
    pem_ = std::move(pem);
    fresh_ = true;
    return {};
}

int TlsCredentials::AddPortToServer(const std::string& address, grpc_server* server) {
    const auto request = files_.client_authority.empty() ? GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE
                                                         : GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY;
    const auto ask = [](void* self, grpc_ssl_server_certificate_config** config) {
        return static_cast<TlsCredentials*>(self)->fetch(config);
    };
    auto* const options = grpc_ssl_server_credentials_create_options_using_config_fetcher(request, ask, this);
    grpc_server_credentials* const credentials = grpc_ssl_server_credentials_create_with_options(options);
    const int port = grpc_server_add_http2_port(server, address.c_str(), credentials);
    grpc_server_credentials_release(credentials);
    return port;
}

/// Once for each connection.
grpc_ssl_certificate_config_reload_status TlsCredentials::fetch(grpc_ssl_server_certificate_config** config) {
    const std::lock_guard lock(mutex_);
    if (!fresh_) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
    fresh_ = false;
    const grpc_ssl_pem_key_cert_pair pair{pem_.key.c_str(), pem_.certificate.c_str()};
    *config =
        grpc_ssl_server_certificate_config_create(pem_.authority.empty() ? nullptr : pem_.authority.c_str(), &pair, 1);
    return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
}

}  // namespace bartizan::rpc
