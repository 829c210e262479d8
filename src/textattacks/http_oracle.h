#pragma once
/// A text service behind HTTP as an oracle: a request made from a template, the answer found by a JSON pointer. Asked
/// with a budget, a pace, a few more tries when it is busy. What it says is data: bounded, never followed.
/// Thread rule: one thread.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "bartizan/result.h"
#include "core/json.h"
#include "http/client.h"
#include "textattacks/oracle.h"

namespace bartizan::textattacks {

struct HttpOptions {
    std::string url;
    std::string request = R"({"text": "$TEXT"})";  ///< JSON; $TEXT within a string stands for the text
    std::string answer_path = "/label";            ///< JSON pointer (RFC 6901) of the answer; "": the whole body as text
    std::string confidence_path = {};              ///< of its confidence, a number in [0, 1]; empty: none is given
    http::Headers headers = {};
    int retries = 3;                               ///< for 429, 5xx and broken connections
    std::chrono::milliseconds wait{500};           ///< before the first of them; doubled each time
    double per_second = 0;                         ///< requests; 0: no pace
    std::int64_t budget = 100'000;                 ///< requests in all
    std::string ca_file = {};
};

class HttpOracle final : public Oracle {
public:
    /// Fails with `invalid_input`: a bad address, a template without $TEXT or that is no JSON, a bad pointer.
    static Result<HttpOracle> make(HttpOptions options);
    /// Fails with `unavailable` (the service cannot be reached, or gives no answer after all tries), `denied` (401, 403),
    /// `invalid_input` (400, or no answer where the pointer says: the line shows what there is), `exhausted` (the budget).
    Result<std::vector<Answer>> ask(std::span<const std::string> texts) override;
    std::int64_t requests() const { return requests_; }

private:
    HttpOracle(HttpOptions options, http::Url url, Json request)
        : options_(std::move(options)), url_(std::move(url)), request_(std::move(request)) {}
    Result<http::Response> send(const std::string& body);
    Result<Answer> read(const http::Response& response) const;

    HttpOptions options_;
    http::Url url_;
    Json request_;
    std::int64_t requests_ = 0;
    std::chrono::steady_clock::time_point last_{};
};

}  // namespace bartizan::textattacks
