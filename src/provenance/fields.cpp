#include "provenance/fields.h"

namespace bartizan::provenance {
namespace {

constexpr std::size_t kLongestShown = 100;

Result<const Json*> field(const Json& parent, const char* name, bool (*is)(const Json&), const char* kind) {
    if (!parent.is_object()) return invalid_input("an object is needed that holds '" + std::string(name) + "'");
    const auto found = parent.find(name);
    if (found == parent.end()) return invalid_input("'" + std::string(name) + "' is missing");
    if (!is(*found)) return unexpected(name, kind, found->type_name());
    return &*found;
}

bool is_object(const Json& value) { return value.is_object(); }
bool is_list(const Json& value) { return value.is_array(); }
bool is_text(const Json& value) { return value.is_string(); }

}  // namespace

std::string shortened(std::string_view text) {
    if (text.size() <= kLongestShown) return std::string(text);
    return std::string(text.substr(0, kLongestShown)) + "...";
}

Error unexpected(std::string_view what, std::string_view expected, std::string_view found) {
    return invalid_input(std::string(what) + ": expected " + std::string(expected) + ", found " + shortened(found));
}

Result<const Json*> object_field(const Json& parent, const char* name) {
    return field(parent, name, is_object, "an object");
}

Result<const Json*> list_field(const Json& parent, const char* name) { return field(parent, name, is_list, "a list"); }

Result<std::string> text_field(const Json& parent, const char* name) {
    const Json* found = BARTIZAN_TRY(field(parent, name, is_text, "text"));
    return found->get<std::string>();
}

Result<void> expect_text(const Json& parent, const char* name, std::string_view expected) {
    const std::string found = BARTIZAN_TRY(text_field(parent, name));
    if (found != expected) return unexpected(name, expected, found);
    return {};
}

}  // namespace bartizan::provenance
