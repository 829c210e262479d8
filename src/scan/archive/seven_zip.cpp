/// 7z, RAR and cab archives, read by libarchive.
#include <archive.h>
#include <archive_entry.h>

#include <array>
#include <memory>
#include <string_view>

#include <fmt/format.h>

#include "formats/bytes.h"
#include "scan/archive/member.h"
#include "scan/judges.h"
#include "scan/say.h"

namespace bartizan::scan {
namespace {

using formats::as_text;
constexpr std::size_t kMaxMembers = 100'000;
constexpr std::size_t kChunk = std::size_t{64} << 10;

struct Closer {
    void operator()(archive* reader) const { archive_read_free(reader); }
};

std::string_view text_or_empty(const char* text) { return text == nullptr ? std::string_view() : text; }

void judge_entry(archive* reader, archive_entry* entry, std::uint64_t packed, Context& context) {
    const std::string name(text_or_empty(archive_entry_pathname(entry)));
    check_path(context, name, 0);
    check_path(context, text_or_empty(archive_entry_symlink(entry)), 0);
    if (archive_entry_is_encrypted(entry) != 0) {
        context.incomplete("an encrypted member cannot be judged: " + excerpt(name), 0);
        return;
    }
    Context inner = member_context(context, name);
    Unpacked out(inner, packed);
    std::array<std::byte, kChunk> chunk;
    for (;;) {
        const la_ssize_t got = archive_read_data(reader, chunk.data(), chunk.size());
        if (got < 0) broken(inner, "a member that cannot be unpacked", 0);
        if (got <= 0 || !out.append(Bytes(chunk.data(), static_cast<std::size_t>(got)))) break;
    }
    judge_unpacked(out, inner);
}

}  // namespace

bool looks_like_seven_zip(Bytes content) {
    const std::string_view text = as_text(content);
    return text.starts_with("7z\xbc\xaf\x27\x1c") || text.starts_with("Rar!\x1a\x07") || text.starts_with("MSCF");
}

void judge_seven_zip(Bytes content, Context& context) {
    const std::unique_ptr<archive, Closer> reader(archive_read_new());
    if (reader == nullptr) return;
    archive_read_support_format_7zip(reader.get());
    archive_read_support_format_rar(reader.get());
    archive_read_support_format_rar5(reader.get());
    archive_read_support_format_cab(reader.get());
    if (archive_read_open_memory(reader.get(), content.data(), content.size()) != ARCHIVE_OK) {
        context.incomplete("an archive that cannot be opened", 0);
        return;
    }
    archive_entry* entry = nullptr;
    std::size_t members = 0;
    int status = ARCHIVE_OK;
    while ((status = archive_read_next_header(reader.get(), &entry)) == ARCHIVE_OK || status == ARCHIVE_WARN) {
        if (++members > kMaxMembers) {
            context.incomplete(fmt::format("an archive of more than {} members is not read to its end", kMaxMembers),
                               0);
            return;
        }
        judge_entry(reader.get(), entry, content.size(), context);
    }
    if (status != ARCHIVE_EOF)
        context.incomplete(
            "an archive that cannot be read to its end: " + excerpt(text_or_empty(archive_error_string(reader.get()))),
            0);
}

}  // namespace bartizan::scan
