/// Compressed streams, one or several in a row: what loaders open without asking (joblib, pandas, numpy), then judge
/// what they hold.
#include <algorithm>
#include <array>
#include <string>

#include <fmt/format.h>

#include "formats/bytes.h"
#include "scan/archive/inflate.h"
#include "scan/archive/member.h"
#include "scan/hunt.h"
#include "scan/judges.h"
#include "scan/say.h"

namespace bartizan::scan {
namespace {

using namespace std::string_view_literals;
using formats::as_text;
using formats::read_number;

constexpr std::string_view kZfile = "ZF";
/// More gzip members in a row than this are not read.
constexpr int kMaxStreams = 10'000;

/// Old joblib: "ZF", the length as text ("0x1a" or "26" padded), then zlib. Returns where the zlib stream begins.
std::size_t zfile_data(Bytes content) {
    const std::string_view text = as_text(content);
    if (!text.starts_with(kZfile)) return 0;
    for (std::size_t at = kZfile.size(); at < std::min<std::size_t>(text.size(), 40); ++at)
        if (looks_like_zlib(content.subspan(at))) return at;
    return 0;
}

/// The name of what is in a stream: that of the stream without its ending.
std::string inner_name(const Context& context, std::string_view otherwise) {
    const std::string_view name = name_of(context);
    const std::string extension = extension_of(name);
    for (const std::string_view known : {".gz", ".bz2", ".xz", ".zst", ".lz4", ".lzma", ".z"})
        if (extension == known && name.size() > known.size())
            return std::string(name.substr(0, name.size() - known.size()));
    return std::string(otherwise);
}

void behind_stream(Bytes rest, std::size_t offset, Context& context) {
    if (std::ranges::all_of(rest, [](std::byte byte) { return byte == std::byte{0}; })) return;
    unproven(context, rule::kHiddenData, "bytes behind the compressed stream", offset,
             fmt::format("{} bytes", rest.size()));
    Context inner = context;
    inner.base += offset;
    ++inner.depth;
    judge_content(rest, inner);
}

void judge_stream(Bytes content, Deflated kind, Context& context) {
    Unpacked out(context, content.size());
    std::size_t used = 0;
    Inflation inflation;
    for (int i = 0; i < kMaxStreams; ++i) {
        inflation = inflate(content.subspan(used), kind, out);
        used += inflation.used;
        const bool more = kind == Deflated::gzip && inflation.how == Unpacking::ended &&
                          as_text(content.subspan(used)).starts_with("\x1f\x8b");
        if (!more) break;
    }
    Context inner = member_context(context, inner_name(context, kind == Deflated::gzip ? "gunzipped" : "inflated"));
    judge_unpacked(out, inner);
    if (inflation.how == Unpacking::cut || inflation.how == Unpacking::broken)
        broken(context, "a compressed stream that breaks off", used);
    else if (inflation.how == Unpacking::ended && used < content.size())
        behind_stream(content.subspan(used), used, context);
}

}  // namespace

bool looks_like_gzip(Bytes content) { return as_text(content).starts_with("\x1f\x8b\x08"); }
void judge_gzip(Bytes content, Context& context) { judge_stream(content, Deflated::gzip, context); }

bool looks_like_zlib(Bytes content) {
    if (content.size() < 8) return false;
    const auto first = std::to_integer<unsigned>(content[0]);
    const auto second = std::to_integer<unsigned>(content[1]);
    // RFC 1950: deflate with a window of at most 32 KiB, the check bits, no dictionary.
    if ((first & 0x0f) != 8 || (first >> 4) > 7 || (first * 256 + second) % 31 != 0 || (second & 0x20) != 0)
        return false;
    if (first != 0x78) return false;
    FileResult scratch;
    Budget budget{.unpacked = std::uint64_t{1} << 20};
    const Context trial{scratch, budget};
    Unpacked out(trial, content.size());
    const Inflation inflation =
        inflate(content.first(std::min<std::size_t>(content.size(), 4096)), Deflated::zlib, out);
    return inflation.how != Unpacking::broken && out.size() > 0;
}
void judge_zlib(Bytes content, Context& context) { judge_stream(content, Deflated::zlib, context); }

bool looks_like_zfile(Bytes content) { return zfile_data(content) != 0; }
void judge_zfile(Bytes content, Context& context) {
    const std::size_t at = zfile_data(content);
    judge_stream(content.subspan(at), Deflated::zlib, context);
}

bool looks_like_filtered(Bytes content) {
    const std::string_view text = as_text(content);
    if (text.starts_with("BZh") && text.size() > 10 &&
        (text.substr(4, 6) == "1AY&SY" || text.substr(4, 6) == "\x17\x72\x45\x38\x50\x90"))
        return true;
    constexpr std::array kMagic = {
        "\xfd"
        "7zXZ\0"sv,
        "\x28\xb5\x2f\xfd"sv, "\x04\x22\x4d\x18"sv, "\x02\x21\x4c\x18"sv, "\x1f\x9d"sv};
    if (std::ranges::any_of(kMagic, [&](std::string_view magic) { return text.starts_with(magic); })) return true;
    // Skippable frames of zstd and lz4: 0x184d2a50 to 5f.
    if (const auto magic = read_number<std::uint32_t>(content, 0); magic && (*magic & 0xfffffff0U) == 0x184d2a50U)
        return true;
    // .lzma has no magic: the usual properties, a dictionary of a power of two, a size or all ones.
    return text.size() > 13 && text[0] == 0x5d && text[1] == 0 && text[2] == 0 &&
           (text.substr(5, 8) == "\xff\xff\xff\xff\xff\xff\xff\xff" || text.substr(9, 4) == "\0\0\0\0"sv);
}

void judge_filtered(Bytes content, Context& context) {
    Unpacked out(context, content.size());
    const Unpacking how = unpack_filters(content, out);
    Context inner = member_context(context, inner_name(context, "unpacked"));
    judge_unpacked(out, inner);
    if (how == Unpacking::cut || how == Unpacking::broken) {
        broken(context, "a compressed stream that breaks off", 0);
        Context here = context;
        ++here.depth;
        hunt(content, here);
    }
}

}  // namespace bartizan::scan
