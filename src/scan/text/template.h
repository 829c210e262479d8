#pragma once
/// Jinja templates, as chat templates and configurations carry them. An expression of a template can walk from any
/// object to the operating system by attributes whose names begin and end with two underscores; a template that needs
/// none of these is harmless, so what reaches for them, or hides what it reaches for, is reported.
/// Lexical rules: Jinja 3 (docs, "Template Designer Documentation"). Nothing is rendered.
/// Thread rule: as Context.

#include <cstdint>
#include <string_view>

#include "scan/judge.h"

namespace bartizan::scan {

/// More tokens than this in one template are not read.
inline constexpr std::size_t kMaxTemplateTokens = 1'000'000;

/// It has an expression or a statement in it.
bool looks_like_template(std::string_view text);
/// `offset`: of the text in the member.
void judge_template(std::string_view text, const Context& context, std::uint64_t offset);

}  // namespace bartizan::scan
