#include "scan/config/config_events.h"

#include <algorithm>
#include <array>
#include <functional>

#include <fmt/format.h>

#include "scan/archive/member.h"
#include "scan/config/keras_names.h"
#include "scan/say.h"
#include "scan/text/template.h"
#include "scan/text/words.h"

namespace bartizan::scan {
namespace {

constexpr std::size_t kMaxKept = std::size_t{64} << 10;

std::string lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return out;
}

bool names_fetch(std::string_view key) {
    constexpr std::array kWords = {"callback", "webhook", "exfil",      "remote_url", "download_url",
                                   "endpoint", "payload", "config_url", "c2_",        "beacon"};
    const std::string name = lower(key);
    return std::ranges::any_of(kWords, [&](const char* word) { return name.find(word) != std::string::npos; });
}

bool names_secret(std::string_view key) {
    constexpr std::array kWords = {"password", "passwd",       "secret",      "api_key",
                                   "apikey",   "access_token", "private_key", "exfil_key"};
    const std::string name = lower(key);
    return std::ranges::any_of(kWords, [&](const char* word) { return name.find(word) != std::string::npos; });
}

bool is_url(std::string_view text) {
    return text.starts_with("http://") || text.starts_with("https://") || text.starts_with("ftp://");
}

}  // namespace

std::string_view ConfigEvents::current_key() const {
    if (frames_.empty()) return {};
    return frames_.back().is_object ? frames_.back().key : frames_.back().inside;
}

bool ConfigEvents::is_within(std::string_view key) const {
    return std::ranges::any_of(frames_, [&](const Frame& frame) { return frame.inside == key; });
}

void ConfigEvents::begin(bool is_object, std::size_t at) {
    Frame frame{.is_object = is_object, .inside = std::string(current_key()), .at = at};
    frames_.push_back(std::move(frame));
}

void ConfigEvents::end(std::size_t) {
    if (frames_.empty()) return;
    const Frame frame = std::move(frames_.back());
    frames_.pop_back();
    // What an array or an inner configuration said belongs to the object around it.
    if (!frames_.empty() && frames_.back().function.empty() && !frame.function.empty())
        frames_.back().function = frame.function;
    if (!frames_.empty() && frame.inside == "config" && frames_.back().vocabulary.empty())
        frames_.back().vocabulary = frame.vocabulary;
    if (frame.is_object) judge_object(frame);
}

void ConfigEvents::key(std::string_view text, std::size_t at) {
    if (frames_.empty()) return;
    release(at);
    Frame& frame = frames_.back();
    frame.key = text.substr(0, 256);
    const bool first =
        frame.seen.size() >= kMaxSeenKeys || frame.seen.insert(std::hash<std::string_view>()(text)).second;
    if (!first)
        unproven(context_, rule::kTwoReadings, "a key that comes twice: readers differ in which value they take",
                 offset_ + at, excerpt(text));
}

/// What was read of a large file is given back from time to time.
void ConfigEvents::release(std::size_t at) {
    constexpr std::size_t kOften = std::size_t{8} << 20;
    if (at < released_ + kOften) return;
    released_ = at;
    give_back(context_, context_.mapped);
}

void ConfigEvents::plain(std::string_view text, std::size_t at) {
    release(at);
    const std::string_view key = current_key();
    if (key == "trust_remote_code" && text == "true")
        unproven(context_, rule::kRemoteCode, "the configuration asks to trust code from a repository", offset_ + at);
    if (key == "safe_mode" && text == "false")
        unproven(context_, rule::kRemoteCode, "the configuration turns Keras' safe mode off", offset_ + at);
}

void ConfigEvents::string(std::string_view text, std::size_t at) {
    const std::string_view key = current_key();
    release(at);
    if (!frames_.empty()) remember(key, text);
    judge_value(key, text, offset_ + at);
}

void ConfigEvents::remember(std::string_view key, std::string_view text) {
    Frame& frame = frames_.back();
    const std::string value(text.substr(0, kMaxKept));
    if (frame.is_object) {
        if (key == "class_name") frame.class_name = value;
        if (key == "module") frame.module = value;
        if (key == "registered_name") frame.registered_name = value;
        if (key == "config") frame.config = value;
        if (key == "vocabulary") frame.vocabulary = value;
        if (key == "code" || key == "function") frame.function = value;
    } else if ((frame.inside == "function" || frame.inside == "items") && frame.function.empty()) {
        frame.function = value;
    }
}

void ConfigEvents::judge_value(std::string_view key, std::string_view text, std::size_t at) {
    if (looks_like_template(text)) judge_template(text, context_, at);
    if (key == "auto_map" || is_within("auto_map"))
        unproven(context_, rule::kRemoteCode,
                 text.find("--") != std::string_view::npos ? "auto_map loads code from another repository"
                                                           : "auto_map loads code that lies beside the model",
                 at, excerpt(text));
    if (is_within("weight_map") && leaves_folder(text))
        malicious(context_, rule::kOutsideFolder, "the index names a weights file outside the folder", at,
                  excerpt(text));
    if (key == "_target_" || key == "class_path" || key == "_component_") {
        if (is_dangerous_module(text))
            malicious(context_, rule::kRunsCode, "the configuration calls a function of the system", at, excerpt(text));
        else
            unproven(context_, rule::kRemoteCode, "the configuration names a class to be imported", at, excerpt(text));
    }
    if (is_within("custom_pipelines") && key == "impl")
        unproven(context_, rule::kRemoteCode, "the configuration loads a pipeline's code", at, excerpt(text));
    if (is_url(text) && names_fetch(key))
        unproven(context_, rule::kUrl, "the configuration names an address to talk to", at,
                 fmt::format("{}: {}", excerpt(key, 60), excerpt(text)));
    if (names_secret(key) && text.size() >= 12 && text.find(' ') == std::string_view::npos && text.find('<') != 0)
        unproven(context_, rule::kSecret, "a key or password lies open", at, excerpt(key, 60));
    if (text.size() < 12) return;
    report_secrets(text, context_, at);
    report_encoded_pickle(text, context_, at);
    if (const std::string_view command = command_in(text); !command.empty())
        unproven(context_, rule::kUnprovenCode, "code or a command where a value is expected", at, excerpt(command));
}

void ConfigEvents::judge_object(const Frame& frame) {
    if (frame.class_name.empty()) return;
    if (is_keras_module(frame.module) || is_keras_model(frame.class_name)) keras_ = true;
    judge_layer(frame);
}

void ConfigEvents::judge_layer(const Frame& frame) {
    const std::size_t at = offset_ + frame.at;
    const std::string what = frame.module.empty() ? frame.class_name : frame.module + "." + frame.class_name;
    const std::string named = frame.class_name == "function" && !frame.config.empty()
                                  ? fmt::format("{}.{}", frame.module, frame.config)
                                  : what;
    if (frame.class_name == "Lambda" || frame.class_name == "__lambda__" || frame.class_name.ends_with(">Lambda")) {
        judge_lambda(frame, frame.function);
    } else if (!frame.module.empty() && !is_keras_module(frame.module)) {
        if (is_dangerous_module(frame.module))
            malicious(context_, rule::kRunsCode, "the configuration imports a function of the system", at,
                      excerpt(named));
        else
            unproven(context_, rule::kRemoteCode, "the configuration imports a class from outside Keras", at,
                     excerpt(named));
    } else if (is_keras_gadget(frame.class_name == "function" ? frame.config : frame.class_name)) {
        malicious(context_, rule::kTouchesFiles, "the configuration calls a Keras function that reads or fetches files",
                  at, excerpt(named));
    } else if (frame.registered_name.find('>') != std::string::npos && !frame.registered_name.starts_with("keras")) {
        unproven(context_, rule::kRemoteCode, "a custom object: its code must come from elsewhere", at,
                 excerpt(frame.registered_name));
    } else if (keras_ && frame.module.empty() && !is_keras_class(frame.class_name)) {
        unproven(context_, rule::kRemoteCode, "a layer that Keras does not have: its code must come from elsewhere", at,
                 excerpt(frame.class_name));
    }
    const bool looks_up = frame.class_name.ends_with("Lookup") || frame.class_name == "TextVectorization";
    if (looks_up && !frame.vocabulary.empty())
        malicious(context_, rule::kTouchesFiles, "a layer reads its vocabulary from a file or an address", at,
                  excerpt(frame.vocabulary));
}

void ConfigEvents::judge_lambda(const Frame& frame, std::string_view code) {
    const std::size_t at = offset_ + frame.at;
    const std::string decoded = decode_base64(code);
    std::string_view danger = danger_in_code(decoded);
    if (danger.empty() && code.find("lambda") != std::string_view::npos) danger = danger_in_code(code);
    if (danger.empty()) danger = command_in(code);
    for (const std::string_view call : {"eval(", "exec(", "open(", "os.", "compile("})
        if (danger.empty() && code.find("lambda") != std::string_view::npos &&
            code.find(call) != std::string_view::npos)
            danger = call;
    if (!danger.empty())
        malicious(context_, rule::kRunsCode, "a Lambda layer whose code reaches the system", at, excerpt(danger));
    else
        unproven(context_, rule::kUnprovenCode, "a Lambda layer: code of its own", at, excerpt(code.substr(0, 80)));
}

}  // namespace bartizan::scan
