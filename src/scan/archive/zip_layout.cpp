#include "scan/archive/zip_layout.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <string_view>

#include "formats/bytes.h"
#include "scan/judges.h"

namespace bartizan::scan {
namespace {

using namespace std::string_view_literals;
using formats::as_text;
using formats::read_number;

constexpr std::string_view kLocal = "PK\3\4"sv;
constexpr std::string_view kCentral = "PK\1\2"sv;
constexpr std::string_view kEnd = "PK\5\6"sv;
constexpr std::string_view kEnd64 = "PK\6\6"sv;
constexpr std::string_view kEnd64Locator = "PK\6\7"sv;
constexpr std::string_view kDescriptor = "PK\7\x8"sv;
constexpr std::size_t kLocalSize = 30, kCentralSize = 46, kEndSize = 22, kEnd64Size = 56, kLocatorSize = 20;
/// How far from the end its record may lie: a comment has at most 65,535 bytes.
constexpr std::size_t kEndReach = kEndSize + 65'535;
/// More directories than this are not looked for.
constexpr int kMaxDirectories = 100;
constexpr std::uint32_t kIn64 = 0xffffffff;

std::uint16_t u16(Bytes bytes, std::uint64_t at) { return read_number<std::uint16_t>(bytes, at).value_or(0); }
std::uint32_t u32(Bytes bytes, std::uint64_t at) { return read_number<std::uint32_t>(bytes, at).value_or(0); }
std::uint64_t u64(Bytes bytes, std::uint64_t at) { return read_number<std::uint64_t>(bytes, at).value_or(0); }

bool has(Bytes archive, std::uint64_t at, std::string_view mark) {
    return at <= archive.size() && as_text(archive).substr(static_cast<std::size_t>(at)).starts_with(mark);
}

/// The zip64 field (id 1) holds those of size, packed size and offset that are 0xffffffff, in this order.
void read_zip64(Bytes extra, ZipHeader& header, std::uint64_t* offset) {
    for (std::size_t at = 0; at + 4 <= extra.size(); at += 4 + u16(extra, at + 2)) {
        if (u16(extra, at) != 1) continue;
        std::size_t value = at + 4;
        for (std::uint64_t* field : {&header.size, &header.packed, offset}) {
            if (field == nullptr || *field != kIn64) continue;
            *field = u64(extra, value);
            value += 8;
        }
        return;
    }
}

struct Parsed {
    ZipHeader header;
    std::uint64_t end = 0;     ///< behind the header
    std::uint64_t member = 0;  ///< central: where the local header is said to be
};

std::optional<Parsed> parse_local(Bytes archive, std::uint64_t at) {
    if (!has(archive, at, kLocal) || archive.size() - at < kLocalSize) return std::nullopt;
    const std::size_t name_size = u16(archive, at + 26);
    const std::size_t extra_size = u16(archive, at + 28);
    const auto name = formats::part(archive, at + kLocalSize, name_size);
    if (!name) return std::nullopt;
    Parsed parsed;
    parsed.header = {.name = std::string(as_text(*name).substr(0, kMaxZipName)),
                     .flags = u16(archive, at + 6),
                     .method = u16(archive, at + 8),
                     .crc = u32(archive, at + 14),
                     .packed = u32(archive, at + 18),
                     .size = u32(archive, at + 22),
                     .offset = at};
    parsed.header.sizes_follow = (parsed.header.flags & 8) != 0;
    parsed.end = at + kLocalSize + name_size + extra_size;
    if (const auto extra = formats::part(archive, at + kLocalSize + name_size, extra_size))
        read_zip64(*extra, parsed.header, nullptr);
    return parsed;
}

std::optional<Parsed> parse_central(Bytes archive, std::uint64_t at) {
    if (!has(archive, at, kCentral) || archive.size() - at < kCentralSize) return std::nullopt;
    const std::size_t name_size = u16(archive, at + 28);
    const std::size_t extra_size = u16(archive, at + 30);
    const auto name = formats::part(archive, at + kCentralSize, name_size);
    if (!name) return std::nullopt;
    Parsed parsed;
    parsed.header = {.name = std::string(as_text(*name).substr(0, kMaxZipName)),
                     .flags = u16(archive, at + 8),
                     .method = u16(archive, at + 10),
                     .crc = u32(archive, at + 16),
                     .packed = u32(archive, at + 20),
                     .size = u32(archive, at + 24),
                     .offset = at};
    constexpr std::uint32_t kLinkMode = 0120000, kModeMask = 0170000;
    parsed.header.is_link = ((u32(archive, at + 38) >> 16) & kModeMask) == kLinkMode;
    parsed.member = u32(archive, at + 42);
    if (const auto extra = formats::part(archive, at + kCentralSize + name_size, extra_size))
        read_zip64(*extra, parsed.header, &parsed.member);
    parsed.end = at + kCentralSize + name_size + extra_size + u16(archive, at + 32);
    return parsed;
}

class Walk {
public:
    explicit Walk(Bytes archive) : archive_(archive) {}

    ZipLayout run() {
        // The last end of a directory is what most loaders take. Others, unless they lie inside of members, are found
        // in the gaps.
        const std::size_t last = as_text(archive_).rfind(kEnd);
        if (last != std::string_view::npos && archive_.size() - last <= kEndReach) directory(last);
        search_gaps();
        finish();
        return std::move(layout_);
    }

private:
    void cover(std::uint64_t begin, std::uint64_t end) {
        end = std::min<std::uint64_t>(end, archive_.size());
        if (begin < end) covered_.push_back({begin, end});
    }

    void directory(std::uint64_t end_record) {
        if (archive_.size() - end_record < kEndSize) return;
        std::uint64_t size = u32(archive_, end_record + 12);
        std::uint64_t offset = u32(archive_, end_record + 16);
        std::uint64_t directory_end = end_record;
        if (end_record >= kLocatorSize && has(archive_, end_record - kLocatorSize, kEnd64Locator))
            directory_end = zip64_end(end_record - kLocatorSize, size, offset);
        ++layout_.directories;
        cover(end_record, end_record + kEndSize + u16(archive_, end_record + 20));
        if (size > directory_end) {
            layout_.broken = true;
            return;
        }
        // Data before the archive shift all offsets: zipfile corrects that, others do not.
        const std::uint64_t found = directory_end - size;
        const std::uint64_t shift = found >= offset ? found - offset : 0;
        list(found, directory_end, shift);
        if (found != offset && has(archive_, offset, kCentral)) list(offset, offset + size, 0);
    }

    /// The record that the locator points to, or the one right before it. Returns where the directory ends.
    std::uint64_t zip64_end(std::uint64_t locator, std::uint64_t& size, std::uint64_t& offset) {
        cover(locator, locator + kLocatorSize);
        std::uint64_t record = u64(archive_, locator + 8);
        if (!has(archive_, record, kEnd64)) record = locator >= kEnd64Size ? locator - kEnd64Size : 0;
        if (!has(archive_, record, kEnd64) || archive_.size() - record < kEnd64Size) {
            layout_.broken = true;
            return locator;
        }
        size = u64(archive_, record + 40);
        offset = u64(archive_, record + 48);
        cover(record, locator);
        return record;
    }

    void list(std::uint64_t at, std::uint64_t end, std::uint64_t shift) {
        if (!listed_.try_emplace(at, true).second) return;
        const std::uint64_t begin = at;
        while (at < end) {
            const auto parsed = parse_central(archive_, at);
            if (!parsed) {
                layout_.broken = true;
                break;
            }
            at = parsed->end;
            if (!add_central(*parsed, shift)) break;
        }
        cover(begin, at);
    }

    bool add_central(const Parsed& parsed, std::uint64_t shift) {
        if (layout_.members.size() >= kMaxZipMembers) {
            layout_.too_many = true;
            return false;
        }
        ZipMember member;
        member.central = parsed.header;
        auto local = parse_local(archive_, parsed.member + shift);
        if (!local && shift != 0) local = parse_local(archive_, parsed.member);
        if (local) {
            member.local = local->header;
            member.data = local->end;
            cover_member(member, parsed.header.packed);
        } else {
            layout_.broken = true;
        }
        layout_.members.push_back(std::move(member));
        return true;
    }

    void cover_member(const ZipMember& member, std::uint64_t packed) {
        std::uint64_t end = member.data + packed;
        if (end < member.data || end > archive_.size()) {
            layout_.broken = true;
            end = archive_.size();
        }
        // The descriptor: optional signature, CRC, sizes of four or eight bytes.
        if (member.local->sizes_follow && has(archive_, end, kDescriptor))
            end += packed >= kIn64 || u32(archive_, end + 8) != static_cast<std::uint32_t>(packed) ||
                           has(archive_, end + 24, "PK")
                       ? 24
                       : 16;
        else if (member.local->sizes_follow)
            end += 12;
        cover(member.local->offset, end);
        bodies_.push_back({member.local->offset, end});
    }

    std::vector<ZipRange> gaps() {
        std::ranges::sort(covered_, {}, &ZipRange::begin);
        std::vector<ZipRange> out;
        std::uint64_t at = 0;
        for (const ZipRange& range : covered_) {
            if (range.begin > at) out.push_back({at, range.begin});
            at = std::max(at, range.end);
        }
        if (at < archive_.size()) out.push_back({at, archive_.size()});
        return out;
    }

    /// Other directories, then local headers that none of them lists, in the bytes that are left.
    void search_gaps() {
        for (const ZipRange& gap : gaps()) {
            const std::string_view bytes = as_text(archive_).substr(0, static_cast<std::size_t>(gap.end));
            for (std::size_t at = bytes.find(kEnd, static_cast<std::size_t>(gap.begin));
                 at != std::string_view::npos && layout_.directories < kMaxDirectories; at = bytes.find(kEnd, at + 1))
                directory(at);
        }
        for (const ZipRange& gap : gaps()) {
            std::uint64_t at = gap.begin;
            while (at < gap.end && !layout_.too_many) at = search(at, gap.end);
        }
    }

    /// Takes in what begins first at or behind `at`; returns where to go on.
    std::uint64_t search(std::uint64_t at, std::uint64_t end) {
        const std::string_view rest =
            as_text(archive_).substr(static_cast<std::size_t>(at), static_cast<std::size_t>(end - at));
        const std::size_t next = rest.find("PK");
        if (next == std::string_view::npos) return end;
        at += next;
        if (has(archive_, at, kCentral)) return other_central(at);
        const auto local = parse_local(archive_, at);
        return local ? add_local(*local, end) : at + 2;
    }

    std::uint64_t other_central(std::uint64_t at) {
        const auto parsed = parse_central(archive_, at);
        if (!parsed) return at + 4;
        cover(at, parsed->end);
        return parsed->end;
    }

    std::uint64_t add_local(const Parsed& local, std::uint64_t end) {
        if (layout_.members.size() >= kMaxZipMembers) {
            layout_.too_many = true;
            return end;
        }
        ZipMember member{.central = {}, .local = local.header, .data = local.end};
        std::uint64_t packed = local.header.packed;
        if (local.header.sizes_follow && packed == 0) packed = until_next(local.end, end);
        packed = std::min(packed, archive_.size() - std::min<std::uint64_t>(local.end, archive_.size()));
        member.local->packed = packed;
        cover_member(member, packed);
        layout_.members.push_back(std::move(member));
        return std::max(bodies_.back().end, local.end);
    }

    std::uint64_t until_next(std::uint64_t data, std::uint64_t end) const {
        if (data >= end) return 0;
        const std::string_view rest =
            as_text(archive_).substr(static_cast<std::size_t>(data), static_cast<std::size_t>(end - data));
        std::size_t next = rest.size();
        for (const std::string_view mark : {kDescriptor, kLocal, kCentral}) next = std::min(next, rest.find(mark));
        return next;
    }

    void finish() {
        std::ranges::sort(bodies_, {}, &ZipRange::begin);
        for (std::size_t i = 1; i < bodies_.size(); ++i)
            layout_.overlapping |= bodies_[i].begin < bodies_[i - 1].end && bodies_[i].begin != bodies_[i - 1].begin;
        layout_.gaps = gaps();
        std::ranges::stable_sort(layout_.members, {},
                                 [](const ZipMember& member) { return member.local ? member.local->offset : 0; });
    }

    Bytes archive_;
    ZipLayout layout_;
    std::vector<ZipRange> covered_;
    std::vector<ZipRange> bodies_;
    std::map<std::uint64_t, bool> listed_;
};

}  // namespace

namespace {
/// Where `mark` comes last, npos if nowhere. Every file is asked for it, so the C library's fast search looks for the
/// mark's first byte.
std::size_t last_of(std::string_view text, std::string_view mark) {
    std::size_t end = text.size();
    while (end >= mark.size()) {
        const void* found = ::memrchr(text.data(), mark[0], end - mark.size() + 1);
        if (found == nullptr) return std::string_view::npos;
        const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
        if (text.substr(at).starts_with(mark)) return at;
        end = at + mark.size() - 1;
    }
    return std::string_view::npos;
}
}  // namespace

bool looks_like_zip(Bytes content) {
    if (has(content, 0, kLocal) && content.size() >= kLocalSize) return true;
    const std::size_t reach = std::min(content.size(), kEndReach);
    const Bytes tail = content.last(reach);
    const std::size_t end = last_of(as_text(tail), kEnd);
    if (end == std::string_view::npos || tail.size() - end < kEndSize) return false;
    const std::uint64_t at = content.size() - reach + end;
    const std::uint64_t size = u32(content, at + 12);
    const bool zip64 = at >= kLocatorSize && has(content, at - kLocatorSize, kEnd64Locator);
    return zip64 || (size <= at && has(content, at - size, kCentral)) || has(content, u32(content, at + 16), kCentral);
}

ZipLayout zip_layout(Bytes archive) { return Walk(archive).run(); }

}  // namespace bartizan::scan
