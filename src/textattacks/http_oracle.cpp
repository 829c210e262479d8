#include "textattacks/http_oracle.h"

#include <algorithm>
#include <cmath>
#include <thread>

#include <fmt/format.h>

namespace bartizan::textattacks {
namespace {

constexpr std::string_view kPlace = "$TEXT";
constexpr std::uint64_t kMostAnswerBytes = 1 << 20;
constexpr std::size_t kMostShown = 120;
constexpr std::chrono::milliseconds kLongestWait{30'000};

/// The template with the text in each of its strings that asks for it.
std::int64_t fill(Json& value, const std::string& text) {
    std::int64_t filled = 0;
    if (value.is_string()) {
        auto& string = value.get_ref<std::string&>();
        for (std::size_t at = 0; (at = string.find(kPlace, at)) != std::string::npos; at += text.size(), ++filled)
            string.replace(at, kPlace.size(), text);
    } else if (value.is_structured()) {
        for (Json& one : value) filled += fill(one, text);
    }
    return filled;
}

Result<void> check_pointer(const std::string& path, const char* option) {
    try {
        (void)Json::json_pointer(path);
        return {};
    } catch (const Json::exception&) {
        return invalid_input(fmt::format("{}: '{}' is no JSON pointer", option, path), "write /label or /result/0/text");
    }
}

const Json* find(const Json& document, const std::string& path) {
    try {
        const Json::json_pointer pointer(path);
        return document.contains(pointer) ? &document.at(pointer) : nullptr;
    } catch (const Json::exception&) {
        return nullptr;
    }
}

bool worth_another_try(const Result<http::Response>& response) {
    if (!response.ok()) return response.error().code() == Errc::unavailable;
    return response->status == 429 || response->status >= 500;
}

std::string shown(const std::string& body) { return body.substr(0, kMostShown); }

}  // namespace

Result<HttpOracle> HttpOracle::make(HttpOptions options) {
    http::Url url = BARTIZAN_TRY(http::parse_url(options.url));
    Json request = BARTIZAN_TRY_WITHIN(parse_json(options.request, {.bytes = 1 << 20}), "--request-template");
    Json trial = request;
    if (fill(trial, "x") == 0)
        return invalid_input("--request-template has no $TEXT in a string", R"(write {"text": "$TEXT"})");
    BARTIZAN_TRY(check_pointer(options.answer_path, "--answer-path"));
    BARTIZAN_TRY(check_pointer(options.confidence_path, "--confidence-path"));
    return HttpOracle(std::move(options), std::move(url), std::move(request));
}

Result<http::Response> HttpOracle::send(const std::string& body) {
    http::Request request{.method = "POST", .url = url_, .headers = options_.headers, .body = body};
    request.headers.emplace_back("Content-Type", "application/json");
    request.headers.emplace_back("Accept", "application/json");
    const http::ClientOptions client{.ca_file = options_.ca_file, .redirects = 0, .most_bytes = kMostAnswerBytes};
    std::chrono::milliseconds wait = options_.wait;
    for (int attempt = 0;; ++attempt) {
        if (requests_ >= options_.budget)
            return exhausted(fmt::format("the budget of {} requests is spent", options_.budget), "raise --requests");
        if (options_.per_second > 0)
            std::this_thread::sleep_until(last_ + std::chrono::microseconds(std::llround(1e6 / options_.per_second)));
        last_ = std::chrono::steady_clock::now();
        ++requests_;
        auto response = http::exchange(request, client);
        if (!worth_another_try(response) || attempt >= options_.retries) return response;
        std::this_thread::sleep_for(std::min(wait, kLongestWait));
        wait *= 2;
    }
}

Result<Answer> HttpOracle::read(const http::Response& response) const {
    const int status = response.status;
    if (status == 401 || status == 403)
        return Error(Errc::denied, fmt::format("the service answers {}", status), "give its key with --header");
    if (status == 429 || status >= 500)
        return Error(Errc::unavailable, fmt::format("the service answers {} after {} tries", status, options_.retries + 1));
    if (status < 200 || status > 299)
        return invalid_input(fmt::format("the service answers {}: {}", status, shown(response.body)),
                             "is --request-template what it takes?");
    Answer answer;
    if (options_.answer_path.empty()) {
        answer.output = response.body;
        return answer;
    }
    const Json document = BARTIZAN_TRY_WITHIN(parse_json(response.body), "the service's answer");
    const Json* found = find(document, options_.answer_path);
    if (found == nullptr || found->is_structured() || found->is_null())
        return invalid_input(fmt::format("the answer has no text or number at '{}': {}", options_.answer_path,
                                         shown(response.body)),
                             "say where it is with --answer-path");
    answer.output = found->is_string() ? found->get<std::string>() : found->dump();
    if (options_.confidence_path.empty()) return answer;
    const Json* confidence = find(document, options_.confidence_path);
    if (confidence == nullptr || !confidence->is_number())
        return invalid_input(fmt::format("the answer has no number at '{}': {}", options_.confidence_path,
                                         shown(response.body)),
                             "say where it is with --confidence-path");
    answer.confidence = std::clamp(confidence->get<double>(), 0.0, 1.0);
    return answer;
}

Result<std::vector<Answer>> HttpOracle::ask(std::span<const std::string> texts) {
    std::vector<Answer> answers;
    for (const std::string& text : texts) {
        Json request = request_;
        fill(request, text);
        const http::Response response =
            BARTIZAN_TRY_WITHIN(send(request.dump(-1, ' ', false, Json::error_handler_t::replace)), options_.url);
        answers.push_back(BARTIZAN_TRY_WITHIN(read(response), options_.url));
    }
    return answers;
}

}  // namespace bartizan::textattacks
