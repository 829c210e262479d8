/// Tar archives (POSIX.1-2017 pax, GNU long names), walked over the bytes: stored members are judged where they lie.
#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "formats/bytes.h"
#include "scan/archive/member.h"
#include "scan/hunt.h"
#include "scan/judges.h"
#include "scan/say.h"
#include "scan/torch/checkpoint.h"

namespace bartizan::scan {
namespace {

using formats::as_text;
constexpr std::size_t kBlock = 512;
constexpr std::size_t kMaxTarMembers = 100'000;
constexpr std::size_t kMaxLongName = 4'096;

std::uint64_t octal(std::string_view field) {
    // GNU: the first bit set means a big-endian number.
    if (!field.empty() && (static_cast<unsigned char>(field[0]) & 0x80) != 0) {
        std::uint64_t value = 0;
        for (const char c : field.substr(field.size() - 8)) value = (value << 8) | static_cast<unsigned char>(c);
        return value;
    }
    std::uint64_t value = 0;
    for (const char c : field)
        if (c >= '0' && c <= '7')
            value = value * 8 + static_cast<std::uint64_t>(c - '0');
        else if (c != ' ')
            break;
    return value;
}

std::string_view until_zero(std::string_view field) {
    return field.substr(0, std::min(field.find('\0'), field.size()));
}

bool has_checksum(Bytes block) {
    if (block.size() < kBlock) return false;
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < kBlock; ++i)
        sum += i >= 148 && i < 156 ? std::uint64_t{' '} : std::to_integer<std::uint64_t>(block[i]);
    return sum != 256 && sum == octal(as_text(block).substr(148, 8));
}

bool all_zero(Bytes bytes) {
    return std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{0}; });
}

struct Header {
    std::string name;
    std::string link;
    std::uint64_t size = 0;
    char kind = '0';
};

Header header_of(Bytes block) {
    const std::string_view text = as_text(block);
    Header header;
    header.name = until_zero(text.substr(0, 100));
    if (text.substr(257, 5) == "ustar" && text[345] != '\0' && text[263] != ' ')
        header.name = std::string(until_zero(text.substr(345, 155))) + "/" + header.name;
    header.link = until_zero(text.substr(157, 100));
    header.size = octal(text.substr(124, 12));
    header.kind = text[156] == '\0' ? '0' : text[156];
    return header;
}

/// "27 path=some/name\n" of a pax header.
std::string pax_value(std::string_view records, std::string_view key) {
    const std::string wanted = " " + std::string(key) + "=";
    const std::size_t at = records.find(wanted);
    if (at == std::string_view::npos) return {};
    const std::string_view value = records.substr(at + wanted.size());
    return std::string(value.substr(0, std::min({value.find('\n'), value.size(), kMaxLongName})));
}

class TarJudge {
public:
    TarJudge(Bytes archive, Context& context) : archive_(archive), context_(context) {}

    void run() {
        std::uint64_t at = 0;
        for (std::size_t members = 0; at + kBlock <= archive_.size(); ++members) {
            const Bytes block = *formats::part(archive_, at, kBlock);
            if (all_zero(block)) break;
            if (!has_checksum(block)) {
                broken(context_, "a tar archive whose next header is none", at);
                break;
            }
            if (members == kMaxTarMembers) {
                context_.incomplete(fmt::format("an archive of more than {} members is not read to its end", members),
                                    at);
                return;
            }
            at = judge_member(block, at);
        }
        rest(at);
    }

private:
    std::uint64_t judge_member(Bytes block, std::uint64_t at) {
        Header header = header_of(block);
        const std::uint64_t data = at + kBlock;
        const std::uint64_t room = archive_.size() - data;
        if (header.size > room) {
            broken(context_, "a tar member that is cut off", at);
            header.size = room;
        }
        const Bytes content = *formats::part(archive_, data, header.size);
        take(header, content, at);
        return data + (header.size + kBlock - 1) / kBlock * kBlock;
    }

    void take(Header& header, Bytes content, std::uint64_t at) {
        const std::string_view text = as_text(content);
        if (header.kind == 'L') {
            long_name_ = until_zero(text.substr(0, kMaxLongName));
            return;
        }
        if (header.kind == 'K') {
            long_link_ = until_zero(text.substr(0, kMaxLongName));
            return;
        }
        if (header.kind == 'x' || header.kind == 'g') {
            if (std::string name = pax_value(text, "path"); !name.empty()) long_name_ = std::move(name);
            if (std::string link = pax_value(text, "linkpath"); !link.empty()) long_link_ = std::move(link);
            return;
        }
        if (!long_name_.empty()) header.name = std::exchange(long_name_, {});
        if (!long_link_.empty()) header.link = std::exchange(long_link_, {});
        check_path(context_, header.name, at);
        if (header.kind == '1' || header.kind == '2') check_path(context_, header.link, at);
        if (header.kind == '3' || header.kind == '4' || header.kind == '6')
            unproven(context_, rule::kOutsideFolder, "an archive that would make a device or a pipe", at,
                     excerpt(header.name));
        if (content.empty()) return;
        Context inner = member_context(context_, header.name);
        // Checkpoints of torch before 0.1.10: pickles with persistent ids.
        const bool torch = header.name == "pickle" || header.name == "storages" || header.name == "tensors" ||
                           header.name == "sys_info";
        if (!torch || !judge_torch_pickle(content, inner)) judge_content(content, inner);
    }

    void rest(std::uint64_t at) {
        const Bytes bytes = archive_.subspan(static_cast<std::size_t>(std::min<std::uint64_t>(at, archive_.size())));
        if (all_zero(bytes)) return;
        unproven(context_, rule::kHiddenData, "bytes behind the end of the archive", at);
        Context inner = context_;
        inner.base += at;
        ++inner.depth;
        hunt(bytes, inner);
    }

    Bytes archive_;
    Context& context_;
    std::string long_name_, long_link_;
};

}  // namespace

bool looks_like_tar(Bytes content) { return has_checksum(content); }
void judge_tar(Bytes content, Context& context) { TarJudge(content, context).run(); }

}  // namespace bartizan::scan
