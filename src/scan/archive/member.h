#pragma once
/// What archives share: contexts for their members, and paths that lead out of the folder.
/// Thread rule: as Context.

#include <string>
#include <string_view>

#include "scan/archive/unpacked.h"
#include "scan/judge.h"

namespace bartizan::scan {

/// The context of a member: one level deeper, "outer!/name".
Context member_context(const Context& context, std::string_view name);
/// A member whose content was unpacked: judged by content, and for being a bomb.
void judge_unpacked(Unpacked& content, Context& context);
/// Reports content that unfolds from `packed` bytes to many times as much.
void check_expansion(const Context& context, Bytes content, std::uint64_t packed);

/// Absolute, with a drive or with "..": unpacking would write elsewhere.
bool leaves_folder(std::string_view path);
/// Reports a member's name, or the target of a link, that leads out of the folder.
void check_path(const Context& context, std::string_view path, std::uint64_t offset);

}  // namespace bartizan::scan
