#pragma once
/// Every address of the service, in one table: what may be asked there, by whom, and who answers. The authorisation
/// matrix and `docs/openapi.yaml` are held against it by tests.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "access/people.h"
#include "core/json.h"
#include "gateway/config.h"
#include "http/server.h"

namespace bartizan::gateway {

struct Api;

/// A request of the control API: its head and body as plain values.
struct Ask {
    std::string method = {};
    std::string target = {};
    std::vector<std::string> parts = {};  ///< of the path, decoded
    std::string query = {};
    std::string body = {};
    std::string sidecar = {};  ///< header "Bartizan-Sidecar", base64
    std::string peer = {};     ///< where the caller calls from
    bool secure = false;       ///< over TLS
    std::string request_id = {};
    access::Identity caller = {};
    std::string approved_by = {};  ///< the second person; empty: none was asked

    const std::string& part(std::size_t index) const { return parts.at(index); }
    std::string parameter(std::string_view name) const;
};

enum class Who : std::uint8_t {
    anybody,     ///< without credentials
    identified,  ///< whoever is known; what is shown is what he may see
    permitted,   ///< who holds the permission on the object
};

/// How long a body may be.
enum class BodyKind : std::uint8_t { none, json, inference, upload };

struct Route {
    std::string_view method;
    /// Parts in braces stand for anything; {kind} for "models" and "datasets".
    std::string_view path;
    Who who = Who::permitted;
    access::Permission permission = access::Permission::see;
    BodyKind body = BodyKind::none;
    /// Answers on a thread that may wait. Null: the service itself answers, on the loop.
    Result<http::Reply> (*answer)(Api&, const Ask&) = nullptr;
    bool TwoPersonRule::*two_person = nullptr;
};
std::span<const Route> routes();

struct Found {
    const Route* route = nullptr;  ///< null: nothing is there
    std::string allow;             ///< methods that the path has, when the one asked for is not among them
};
Found find_route(std::string_view method, std::span<const std::string> parts);

/// What a permission is asked on: "model:fashion", "data:clothes", "*".
std::string object_of(const Route& route, std::span<const std::string> parts);

}  // namespace bartizan::gateway
