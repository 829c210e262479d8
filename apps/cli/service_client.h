#pragma once
/// A running service, asked from the command line: --server and --key, or BARTIZAN_SERVER and BARTIZAN_KEY.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bartizan/result.h"
#include "cli/command.h"
#include "core/json.h"
#include "http/client.h"

namespace bartizan::program {

class ServiceClient {
public:
    /// Fails with `invalid_input` when no key is given, or the address is none.
    static Result<ServiceClient> make(const cli::Invocation& invocation);

    /// The same of a named server, with the key in BARTIZAN_KEY.
    static Result<ServiceClient> at(const std::string& server);

    /// The answer's document. A problem of the service comes as an error with its sentence.
    Result<Json> ask(const std::string& method, const std::string& target, const Json& body = {});
    /// The answer as it came, for what is no JSON.
    Result<std::string> text(const std::string& method, const std::string& target);
    /// The same with bytes as the body.
    Result<Json> send(const std::string& method, const std::string& target, std::string body,
                      http::Headers headers = {});

private:
    Result<http::Response> exchange(const std::string& method, const std::string& target, std::string body,
                                    http::Headers headers);
    ServiceClient(http::Url server, std::string key, std::string ca_file)
        : server_(std::move(server)), key_(std::move(key)), ca_file_(std::move(ca_file)) {}
    http::Url server_;
    std::string key_;
    std::string ca_file_;
};

/// A part of a path or a value of a query, percent-encoded.
std::string encoded(std::string_view text);
/// Prints the answer: as JSON with the command's schema in front, or `text`.
Result<int> show_answer(const cli::Invocation& invocation, const Json& answer, const std::string& text);

}  // namespace bartizan::program
