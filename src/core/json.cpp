#include "core/json.h"

#include <vector>

namespace bartizan {
namespace {

/// Depth and the keys of each object are checked before the parser sees them, by counting outside strings.
class Counter {
public:
    explicit Counter(const JsonLimits& limits) : limits_(limits) {}

    Result<void> run(std::string_view text) {
        bool in_string = false;
        for (std::size_t i = 0; i < text.size(); ++i) {
            const char c = text[i];
            if (in_string) {
                if (c == '\\') ++i;
                if (c == '"') in_string = false;
            } else if (c == '"') {
                in_string = true;
            } else {
                BARTIZAN_TRY(take(c, i));
            }
        }
        return {};
    }

private:
    Result<void> take(char c, std::size_t at) {
        if (c == '[' || c == '{') {
            if (keys_.size() == limits_.depth)
                return invalid_input("JSON nested deeper than " + std::to_string(limits_.depth) + " at byte " +
                                     std::to_string(at));
            keys_.push_back(0);
        } else if ((c == ']' || c == '}') && !keys_.empty()) {
            keys_.pop_back();
        } else if (c == ':' && !keys_.empty() && ++keys_.back() > limits_.keys) {
            return exhausted("a JSON object with more than " + std::to_string(limits_.keys) + " keys at byte " +
                             std::to_string(at));
        }
        return {};
    }

    const JsonLimits& limits_;
    std::vector<std::size_t> keys_;  ///< of each object or list that is open
};

}  // namespace

Result<Json> parse_json(std::string_view text, JsonLimits limits) {
    if (text.size() > limits.bytes)
        return exhausted("JSON of " + std::to_string(text.size()) + " bytes, at most " + std::to_string(limits.bytes) +
                         " are read");
    BARTIZAN_TRY(Counter(limits).run(text));
    try {
        return Json::parse(text);
    } catch (const Json::parse_error& error) {
        return invalid_input("not valid JSON at byte " + std::to_string(error.byte));
    } catch (const Json::exception&) {
        return invalid_input("not valid JSON: a number out of range");
    }
}

std::string to_text(const Json& document) {
    return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace bartizan
