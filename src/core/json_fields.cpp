#include "core/json_fields.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/spelling.h"
#include "core/utf8.h"

namespace bartizan {

Result<JsonFields> JsonFields::of(const Json& json, std::string place) {
    if (!json.is_object()) return invalid_input((place.empty() ? "it" : place) + ": expected an object");
    return JsonFields(json, std::move(place));
}

const Json* JsonFields::find(const char* name) const {
    const auto found = json_->find(name);
    return found == json_->end() || found->is_null() ? nullptr : &*found;
}

Result<std::string> JsonFields::text(const char* name, std::size_t longest) const {
    const std::string value = BARTIZAN_TRY(text_or(name, "", longest));
    if (value.empty()) return fault(name, "expected a text that is not empty");
    return value;
}

Result<std::string> JsonFields::text_or(const char* name, std::string preset, std::size_t longest) const {
    const Json* value = find(name);
    if (value == nullptr) return preset;
    if (!value->is_string()) return fault(name, "expected a text");
    const std::string& text = value->get_ref<const std::string&>();
    if (text.size() > longest) return fault(name, fmt::format("is longer than {} bytes", longest));
    if (!is_utf8(text)) return fault(name, "is not UTF-8");
    return text;
}

Result<std::int64_t> JsonFields::integer_or(const char* name, std::int64_t preset, std::int64_t low,
                                            std::int64_t high) const {
    return find(name) == nullptr ? Result<std::int64_t>(preset) : integer(name, low, high);
}

Result<std::int64_t> JsonFields::integer(const char* name, std::int64_t low, std::int64_t high) const {
    const Json* value = find(name);
    const bool fits = value != nullptr && value->is_number_integer() &&
                      !(value->is_number_unsigned() && value->get<std::uint64_t>() > INT64_MAX);
    if (!fits || value->get<std::int64_t>() < low || value->get<std::int64_t>() > high)
        return fault(name, fmt::format("expected a whole number from {} to {}", low, high));
    return value->get<std::int64_t>();
}

Result<std::optional<double>> JsonFields::number(const char* name) const {
    const Json* value = find(name);
    if (value == nullptr) return std::optional<double>();
    if (!value->is_number()) return fault(name, "expected a number");
    return std::optional(value->get<double>());
}

Result<bool> JsonFields::flag_or(const char* name, bool preset) const {
    const Json* value = find(name);
    if (value == nullptr) return preset;
    if (!value->is_boolean()) return fault(name, "expected true or false");
    return value->get<bool>();
}

Result<std::vector<std::string>> JsonFields::texts_or_none(const char* name, std::size_t most) const {
    std::vector<std::string> out;
    const Json* all = BARTIZAN_TRY(list(name, most, false));
    if (all == nullptr) return out;
    for (const Json& one : *all) {
        if (!one.is_string() || one.get_ref<const std::string&>().size() > 1000)
            return fault(name, "expected a list of texts");
        out.push_back(one.get<std::string>());
    }
    return out;
}

Result<const Json*> JsonFields::list(const char* name, std::size_t most, bool required) const {
    const Json* value = find(name);
    if (value == nullptr && !required) return static_cast<const Json*>(nullptr);
    if (value == nullptr || !value->is_array()) return fault(name, "expected a list");
    if (value->size() > most) return fault(name, fmt::format("has more than {} entries", most));
    return value;
}

Result<void> JsonFields::only(std::initializer_list<std::string_view> known) const {
    for (const auto& [name, value] : json_->items()) {
        if (std::ranges::find(known, name) != known.end()) continue;
        return Error(Errc::invalid_input, place(name.substr(0, 60)) + ": there is no such member",
                     did_you_mean(name, std::span(known.begin(), known.size())));
    }
    return {};
}

}  // namespace bartizan
