#pragma once
/// Members of a JSON object from outside, by name and type, with messages that say which one is wrong.
/// Pure. All fail with `invalid_input`: "requirements[3].ref: expected a text".

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bartizan/result.h"
#include "core/json.h"

namespace bartizan {

/// One object, and where it stands. Refers to the object.
class JsonFields {
public:
    /// Fails when it is no object.
    static Result<JsonFields> of(const Json& json, std::string place);

    Result<std::string> text(const char* name, std::size_t longest = 1000) const;  ///< must be there, not empty
    Result<std::string> text_or(const char* name, std::string preset, std::size_t longest = 1000) const;
    Result<std::int64_t> integer(const char* name, std::int64_t low, std::int64_t high) const;
    Result<std::int64_t> integer_or(const char* name, std::int64_t preset, std::int64_t low, std::int64_t high) const;
    Result<std::optional<double>> number(const char* name) const;
    Result<bool> flag_or(const char* name, bool preset) const;
    Result<std::vector<std::string>> texts_or_none(const char* name, std::size_t most = 1000) const;
    /// An array; empty when it is not there and need not be.
    Result<const Json*> list(const char* name, std::size_t most, bool required = true) const;
    /// Fails for a member that is none of these.
    Result<void> only(std::initializer_list<std::string_view> known) const;

    std::string place(const std::string& name) const { return place_.empty() ? name : place_ + "." + name; }
    Error fault(const std::string& name, const std::string& what) const {
        return invalid_input(place(name) + ": " + what);
    }

private:
    JsonFields(const Json& json, std::string place) : json_(&json), place_(std::move(place)) {}
    const Json* find(const char* name) const;
    const Json* json_;
    std::string place_;
};

}  // namespace bartizan
