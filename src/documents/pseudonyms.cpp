#include "documents/pseudonyms.h"

#include <algorithm>

#include <fmt/format.h>

namespace bartizan::documents {
namespace {

bool is_program(const std::string& actor) {
    constexpr std::string_view kOwn[] = {"response", "service", "playbook", "clocks", "system"};
    return actor.empty() || actor.starts_with("detector:") || std::ranges::find(kOwn, actor) != std::end(kOwn);
}

bool in_word(char c) {
    const char lower = static_cast<char>(c | 0x20);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           static_cast<unsigned char>(c) >= 0x80;
}

std::string replaced(const std::string& text, const std::string& from, const std::string& to) {
    std::string out;
    std::size_t at = 0;
    for (;;) {
        const std::size_t found = text.find(from, at);
        if (found == std::string::npos) return out + text.substr(at);
        const std::size_t end = found + from.size();
        const bool whole = (found == 0 || !in_word(text[found - 1])) && (end == text.size() || !in_word(text[end]));
        out += text.substr(at, found - at) + (whole ? to : from);
        at = end;
    }
}

}  // namespace

Pseudonyms::Pseudonyms(const Json& report, bool as_they_are) : as_they_are_(as_they_are) {
    std::size_t principals = 0, responders = 0;
    for (const Json& one : report.at("incident").at("principals"))
        if (one.is_string()) add(one.get<std::string>(), "principal", principals);
    if (const Json& owner = report.at("incident").at("owner"); owner.is_string())
        add(owner.get<std::string>(), "responder", responders);
    const auto actors_of = [&](const char* list, const char* member) {
        for (const Json& one : report.at(list))
            if (const auto found = one.find(member); found != one.end() && found->is_string())
                add(found->get<std::string>(), "responder", responders);
    };
    actors_of("timeline", "actor");
    actors_of("tasks", "owner");
    actors_of("tasks", "done_by");
    actors_of("runs", "started_by");
    // The longest first: no name is cut by another one within it.
    std::ranges::stable_sort(names_, [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
}

void Pseudonyms::add(const std::string& real, const char* kind, std::size_t& count) {
    const bool known = std::ranges::any_of(names_, [&](const auto& one) { return one.first == real; });
    if (known || is_program(real)) return;
    names_.emplace_back(real, fmt::format("{}-{}", kind, ++count));
}

std::string Pseudonyms::name(const std::string& actor) const {
    if (as_they_are_ || is_program(actor)) return actor;
    const auto found = std::ranges::find_if(names_, [&](const auto& one) { return one.first == actor; });
    return found == names_.end() ? "somebody" : found->second;
}

std::string Pseudonyms::in(const std::string& text) const {
    if (as_they_are_) return text;
    std::string out = text;
    for (const auto& [real, shown] : names_) out = replaced(out, real, shown);
    return out;
}

}  // namespace bartizan::documents
