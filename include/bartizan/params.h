#pragma once
/// The parameters of a plug-in, described once: command-line flags, YAML keys, JSON schema, documentation and
/// Python keyword arguments are all made from the same `ParamSpec` table.
/// Thread rule: specs are constants; a `Params` is immutable once made.

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "bartizan/result.h"

namespace bartizan {

enum class ParamKind { number, integer, flag };

struct ParamSpec {
    std::string_view name;  ///< lower case, hyphens; never renamed once released
    ParamKind kind;
    double preset;          ///< the default; flags: 0 or 1
    double low;
    double high;
    std::string_view help;  ///< one line, with the unit
};

/// Values for a table of specs: defaults, overridden by what the user gave.
class Params {
public:
    /// Fails with `invalid_input` on a name that the table lacks or a value outside its range.
    static Result<Params> make(std::span<const ParamSpec> specs, const std::map<std::string, std::string>& given);

    /// The value of `name`, which must be in the table (aborts otherwise: a bug, not bad input).
    double number(std::string_view name) const;
    std::int64_t integer(std::string_view name) const;
    bool flag(std::string_view name) const;
    const std::map<std::string, double, std::less<>>& all() const { return values_; }

private:
    std::map<std::string, double, std::less<>> values_;
};

/// A number, also as a fraction "8/255". Fails with `invalid_input` on anything else, infinities and NaN.
Result<double> parse_number(std::string_view text);

}  // namespace bartizan
