#pragma once
/// The service that is drilled, over HTTP: by whom a request is made is said each time, because a drill speaks for the
/// operator, the adversary and an honest caller. Thread rule: any thread; each call is an exchange of its own.

#include <string>
#include <string_view>

#include "bartizan/ndarray.h"
#include "bartizan/result.h"
#include "core/json.h"
#include "http/client.h"

namespace bartizan::drill {

/// "a b" as "a%20b": a part of a path or a value of a query.
std::string encoded(std::string_view text);

class Site {
public:
    /// Fails with `invalid_input` when `server` is no address.
    static Result<Site> open(const std::string& server, std::string ca_file);

    /// Any status is an answer. Fails with `unavailable` where there is none.
    Result<http::Response> exchange(const std::string& key, const std::string& method, const std::string& target,
                                    std::string body = {}, http::Headers headers = {}) const;
    /// The answer's document. A status of 400 and more is an error with the service's own sentence; so is one that
    /// waits for a second person (202).
    Result<Json> ask(const std::string& key, const std::string& method, const std::string& target,
                     const Json& body = {}) const;
    Result<Json> send(const std::string& key, const std::string& method, const std::string& target, std::string body,
                      http::Headers headers = {}) const;
    Result<std::string> bytes(const std::string& key, const std::string& target) const;

    std::string address() const { return address_; }

private:
    Site(http::Url url, std::string address, std::string ca_file)
        : url_(std::move(url)), address_(std::move(address)), ca_file_(std::move(ca_file)) {}
    http::Url url_;
    std::string address_;
    std::string ca_file_;
};

/// What a model said to some rows.
struct Said {
    int status = 0;
    std::string version = {};                      ///< header Bartizan-Model-Version
    std::vector<std::vector<double>> scores = {};  ///< a row each; empty unless the status is 200
    bool labels_alone() const;                     ///< each row is one 1 among 0
};

/// The input of a model and how it is asked.
struct Question {
    std::string model;
    std::string input;  ///< the name of its one input
};
/// Fails with `unsupported` when the model has several inputs, or other than FP32.
Result<Question> question_of(const Site& site, const std::string& key, const std::string& model);
/// `rows` of float32, the first dimension counts them.
Result<Said> infer(const Site& site, const std::string& key, const Question& question, const NdArray& rows);

}  // namespace bartizan::drill
