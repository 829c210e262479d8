#include "bartizan/params.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>

namespace bartizan {
namespace {

Result<double> parse_plain(std::string_view text, std::string_view whole) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || text.empty() || !std::isfinite(value))
        return invalid_input(fmt::format("'{}' is not a number", whole), "write 0.03, 1e-3 or 8/255");
    return value;
}

Result<double> parse_value(const ParamSpec& spec, std::string_view text) {
    if (spec.kind == ParamKind::flag) {
        if (text == "true" || text == "yes" || text == "1" || text.empty()) return 1.0;
        if (text == "false" || text == "no" || text == "0") return 0.0;
        return invalid_input(fmt::format("'{}' is neither yes nor no", text));
    }
    const double value = BARTIZAN_TRY(parse_number(text));
    if (spec.kind == ParamKind::integer && value != std::floor(value))
        return invalid_input(fmt::format("'{}' is not a whole number", text));
    if (value < spec.low || value > spec.high)
        return invalid_input(fmt::format("{} is outside {} to {}", text, spec.low, spec.high));
    return value;
}

}  // namespace

Result<double> parse_number(std::string_view text) {
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos) return parse_plain(text, text);
    const double above = BARTIZAN_TRY(parse_plain(text.substr(0, slash), text));
    const double below = BARTIZAN_TRY(parse_plain(text.substr(slash + 1), text));
    if (below == 0) return invalid_input(fmt::format("'{}' divides by zero", text));
    return above / below;
}

Result<Params> Params::make(std::span<const ParamSpec> specs, const std::map<std::string, std::string>& given) {
    Params params;
    for (const ParamSpec& spec : specs) params.values_.emplace(spec.name, spec.preset);
    for (const auto& [name, text] : given) {
        const auto spec = std::ranges::find(specs, name, &ParamSpec::name);
        if (spec == specs.end()) {
            std::string known;
            for (const ParamSpec& s : specs) known += (known.empty() ? "" : ", ") + std::string(s.name);
            return invalid_input(fmt::format("no parameter '{}' here", name),
                                 known.empty() ? "this one takes none" : "it takes " + known);
        }
        params.values_[name] = BARTIZAN_TRY_WITHIN(parse_value(*spec, text), "--" + name);
    }
    return params;
}

double Params::number(std::string_view name) const {
    const auto found = values_.find(name);
    if (found == values_.end()) {
        std::fprintf(stderr, "bartizan: parameter '%s' is read but not declared\n", std::string(name).c_str());
        std::abort();
    }
    return found->second;
}

std::int64_t Params::integer(std::string_view name) const { return static_cast<std::int64_t>(number(name)); }
bool Params::flag(std::string_view name) const { return number(name) != 0; }

}  // namespace bartizan
