#include "drill/site.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace bartizan::drill {
namespace {

constexpr std::chrono::minutes kPatience{3};  // a promotion waits until the model runs
constexpr std::uint64_t kMostBytes = std::uint64_t{8} << 30;

Errc code_of(int status) {
    switch (status) {
        case 401:
        case 403:
            return Errc::denied;
        case 404:
            return Errc::not_found;
        case 409:
            return Errc::conflict;
        case 413:
        case 429:
        case 507:
            return Errc::exhausted;
        default:
            return status < 500 ? Errc::invalid_input : Errc::unavailable;
    }
}

std::string detail_of(const http::Response& response) {
    const auto json = parse_json(response.body);
    const std::string said = json.ok() && json->is_object() ? json->value("detail", std::string()) : std::string();
    return said.empty() ? fmt::format("the server answered {}", response.status) : said;
}

}  // namespace

std::string encoded(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                           c == '.' || c == '_' || c == '~';
        out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return out;
}

Result<Site> Site::open(const std::string& server, std::string ca_file) {
    http::Url url = BARTIZAN_TRY_WITHIN(http::parse_url(server), "the server's address");
    std::string address = server;
    while (address.ends_with('/')) address.pop_back();
    return Site(std::move(url), std::move(address), std::move(ca_file));
}

Result<http::Response> Site::exchange(const std::string& key, const std::string& method, const std::string& target,
                                      std::string body, http::Headers headers) const {
    headers.emplace_back("Authorization", "Bearer " + key);
    http::Request request{method, url_, std::move(headers), std::move(body)};
    request.url.target = target;
    return http::exchange(request,
                          {.ca_file = ca_file_, .idle_timeout = kPatience, .redirects = 0, .most_bytes = kMostBytes});
}

Result<Json> Site::send(const std::string& key, const std::string& method, const std::string& target, std::string body,
                        http::Headers headers) const {
    const auto response = BARTIZAN_TRY(exchange(key, method, target, std::move(body), std::move(headers)));
    if (response.status >= 400) return Error(code_of(response.status), detail_of(response)).within("server");
    if (response.status == 202)
        return Error(Errc::conflict, "a second person must agree to " + method + " " + target,
                     "a drill cannot wait for that: let it run where the two-person rule does not ask for it");
    Json json = BARTIZAN_TRY_WITHIN(parse_json(response.body), "the server's answer");
    if (!json.is_object()) return Error(Errc::unavailable, "the server's answer is no JSON object");
    return json;
}

Result<Json> Site::ask(const std::string& key, const std::string& method, const std::string& target,
                       const Json& body) const {
    if (body.is_null()) return send(key, method, target, "");
    return send(key, method, target, body.dump(-1, ' ', false, Json::error_handler_t::replace),
                {{"Content-Type", "application/json"}});
}

Result<std::string> Site::bytes(const std::string& key, const std::string& target) const {
    auto response = BARTIZAN_TRY(exchange(key, "GET", target));
    if (response.status >= 400) return Error(code_of(response.status), detail_of(response)).within("server");
    return std::move(response.body);
}

bool Said::labels_alone() const {
    if (scores.empty()) return false;
    return std::ranges::all_of(scores, [](const std::vector<double>& row) {
        return row.size() > 1 && std::ranges::count(row, 1.0) == 1 &&
               std::ranges::count(row, 0.0) + 1 == static_cast<std::ptrdiff_t>(row.size());
    });
}

Result<Question> question_of(const Site& site, const std::string& key, const std::string& model) {
    const Json told = BARTIZAN_TRY(site.ask(key, "GET", "/v2/models/" + encoded(model)));
    const Json inputs = told.value("inputs", Json::array());
    if (!inputs.is_array() || inputs.size() != 1 || inputs[0].value("datatype", "") != "FP32")
        return unsupported("'" + model + "' does not take one input of FP32, and a drill asks no other");
    return Question{model, inputs[0].value("name", "")};
}

Result<Said> infer(const Site& site, const std::string& key, const Question& question, const NdArray& rows) {
    const auto bytes = rows.bytes();
    const Json input = {{"name", question.input},
                        {"shape", rows.shape()},
                        {"datatype", "FP32"},
                        {"parameters", {{"binary_data_size", bytes.size()}}}};
    const Json head = {{"inputs", Json::array({input})}};
    std::string body = head.dump();
    const std::string length = std::to_string(body.size());
    body.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const auto response = BARTIZAN_TRY(site.exchange(key, "POST", "/v2/models/" + encoded(question.model) + "/infer",
                                                     std::move(body), {{"Inference-Header-Content-Length", length}}));
    Said out{.status = response.status, .version = std::string(response.header("Bartizan-Model-Version"))};
    if (response.status != 200) return out;
    const Json json = BARTIZAN_TRY_WITHIN(parse_json(response.body), "the model's answer");
    const auto count = static_cast<std::size_t>(rows.shape()[0]);
    if (!json.is_object() || !json.contains("outputs") || json["outputs"].empty()) return out;
    const Json data = json["outputs"][0].value("data", Json::array());
    if (!data.is_array() || count == 0 || data.size() % count != 0) return out;
    const std::size_t width = data.size() / count;
    for (std::size_t i = 0; i < count; ++i) {
        std::vector<double> row;
        for (std::size_t j = 0; j < width; ++j)
            row.push_back(data[i * width + j].is_number() ? data[i * width + j].get<double>() : std::nan(""));
        out.scores.push_back(std::move(row));
    }
    return out;
}

}  // namespace bartizan::drill
