#pragma once
/// Short words for what a judge has to say. Offsets are in the member, as the judge sees them; the context's base is
/// added. The severities are those of the verdicts: what is malicious is critical, what is unproven medium.
/// Thread rule: as Context.

#include <cstdint>
#include <string>
#include <string_view>

#include "scan/judge.h"
#include "scan/rules.h"

namespace bartizan::scan {

/// It would do harm when loaded; `detail` shows what would run.
void malicious(const Context& context, std::string_view rule, std::string title, std::uint64_t offset,
               std::string detail = {});
/// It is not shown to be harmless.
void unproven(const Context& context, std::string_view rule, std::string title, std::uint64_t offset,
              std::string detail = {});
/// Worth knowing; the verdict stays as it is.
void note(const Context& context, std::string_view rule, std::string title, std::uint64_t offset,
          std::string detail = {});
/// Malformed: judged up to here, the rest could not be.
void broken(const Context& context, std::string title, std::uint64_t offset);

/// Up to `limit` bytes of `text` on one line, for details: what is not printable ASCII becomes \xNN.
std::string excerpt(std::string_view text, std::size_t limit = 160);
/// "weights.bin" of "folder/archive.zip!/weights.bin": the name that loaders choose by.
std::string_view name_of(const Context& context);
/// ".bin", in lower case; empty: none.
std::string extension_of(std::string_view name);

}  // namespace bartizan::scan
