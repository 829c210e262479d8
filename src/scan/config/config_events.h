#pragma once
/// What configurations say that makes a loader run, import, read or fetch something: auto_map, trust_remote_code,
/// custom objects, Lambda layers, templates, paths, keys. Fed by JSON and, line by line, by YAML.
/// Thread rule: one object, one thread.

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "scan/judge.h"
#include "scan/text/json_events.h"

namespace bartizan::scan {

/// Of one object so many keys are kept, to find the one that comes twice.
inline constexpr std::size_t kMaxSeenKeys = 4'096;

class ConfigEvents final : public JsonEvents {
public:
    /// `offset`: of the document in the member.
    ConfigEvents(const Context& context, std::uint64_t offset) : context_(context), offset_(offset) {}

    void begin(bool is_object, std::size_t at) override;
    void end(std::size_t at) override;
    void key(std::string_view text, std::size_t at) override;
    void string(std::string_view text, std::size_t at) override;
    void plain(std::string_view text, std::size_t at) override;

private:
    struct Frame {
        bool is_object = true;
        std::string key;     ///< the one whose value comes
        std::string inside;  ///< the key that holds this object
        std::string class_name, module, registered_name, config, vocabulary, function;
        std::unordered_set<std::uint64_t> seen;
        std::size_t at = 0;
    };

    /// The key whose value comes, or, in an array, the key of the array.
    std::string_view current_key() const;
    bool is_within(std::string_view key) const;
    void judge_value(std::string_view key, std::string_view text, std::size_t at);
    void remember(std::string_view key, std::string_view text);
    void judge_object(const Frame& frame);
    void judge_layer(const Frame& frame);
    void judge_lambda(const Frame& frame, std::string_view code);

    const Context& context_;
    std::uint64_t offset_;
    std::vector<Frame> frames_;
    void release(std::size_t at);

    std::size_t released_ = 0;
    bool keras_ = false;  ///< the document is an architecture of Keras
};

}  // namespace bartizan::scan
