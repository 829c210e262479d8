#include "core/json.h"

namespace bartizan {
namespace {

/// Depth is checked before the parser recurses, by counting brackets outside strings.
Result<void> check_depth(std::string_view text, std::size_t limit) {
    std::size_t depth = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (in_string) {
            if (c == '\\') ++i;
            else if (c == '"') in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '[' || c == '{') {
            if (++depth > limit)
                return invalid_input("JSON nested deeper than " + std::to_string(limit) + " at byte " +
                                     std::to_string(i));
        } else if ((c == ']' || c == '}') && depth > 0) {
            --depth;
        }
    }
    return {};
}

}  // namespace

Result<Json> parse_json(std::string_view text, JsonLimits limits) {
    if (text.size() > limits.bytes)
        return exhausted("JSON of " + std::to_string(text.size()) + " bytes, at most " +
                         std::to_string(limits.bytes) + " are read");
    BARTIZAN_TRY(check_depth(text, limits.depth));
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
