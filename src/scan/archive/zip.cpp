/// Zip archives, judged as every loader might read them: all that is listed and all that is there.
#include <zlib.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "formats/bytes.h"
#include "scan/archive/inflate.h"
#include "scan/archive/member.h"
#include "scan/archive/zip_layout.h"
#include "scan/binary/weights.h"
#include "scan/hunt.h"
#include "scan/judges.h"
#include "scan/say.h"
#include "scan/tensors/tensor.h"
#include "scan/torch/checkpoint.h"
#include "scan/torch/checkpoint_tensors.h"

namespace bartizan::scan {
namespace {

using formats::as_text;

constexpr std::uint16_t kStored = 0, kDeflate = 8, kBzip2 = 12, kLzma = 14, kZstd = 93, kXz = 95;
constexpr std::uint16_t kEncrypted = 1;
/// Encryption, patch data and strong encryption: bits that loaders ignore and scanners stumble over.
constexpr std::uint16_t kOddFlags = 0x1 | 0x20 | 0x40 | 0x2000;
/// The CRC of larger members is not computed: torch does not either.
constexpr std::size_t kCheckedBytes = std::size_t{16} << 20;

/// The header that loaders of the directory believe; the local one where there is no other.
const ZipHeader& main_header(const ZipMember& member) { return member.central ? *member.central : *member.local; }

class ZipJudge {
public:
    ZipJudge(Bytes archive, Context& context) : archive_(archive), context_(context), layout_(zip_layout(archive)) {}

    void run() {
        name_kind();
        report_layout();
        report_names();
        find_storages();
        StorageTypes types;
        StorageTypes* const outer = std::exchange(context_.storages, torch_ ? &types : nullptr);
        for (const ZipMember& member : layout_.members) judge_member(member);
        context_.storages = outer;
        if (torch_) look_at_storages(types);
        judge_gaps();
    }

private:
    bool has_name(std::string_view suffix) const {
        return std::ranges::any_of(layout_.members, [&](const ZipMember& member) {
            const std::string_view name = main_header(member).name;
            return name == suffix || (name.ends_with(suffix) && name[name.size() - suffix.size() - 1] == '/');
        });
    }

    void name_kind() {
        const bool arrays =
            !layout_.members.empty() && std::ranges::all_of(layout_.members, [](const ZipMember& member) {
                return main_header(member).name.ends_with(".npy");
            });
        torch_ = has_name("data.pkl");
        const bool script = torch_ && has_name("constants.pkl");
        const bool keras = has_name("config.json") && (has_name("metadata.json") || has_name("model.weights.h5"));
        if (context_.depth != 0) return;
        if (script)
            context_.result.format = "torchscript";
        else if (torch_)
            context_.result.format = "torch zip";
        else if (keras)
            context_.result.format = "keras zip";
        else if (arrays)
            context_.result.format = "npz";
    }

    void report_layout() {
        if (layout_.too_many)
            context_.incomplete(
                fmt::format("an archive of more than {} members is not read to its end", kMaxZipMembers), 0);
        if (layout_.directories == 0)
            broken(context_, "a zip archive without a directory: cut off, or made to look so", 0);
        else if (layout_.broken)
            broken(context_, "a zip archive whose directory leads to nothing", 0);
        if (layout_.directories > 1)
            unproven(context_, rule::kTwoReadings, "several directories: loaders differ in which one they take", 0);
        if (layout_.overlapping)
            unproven(context_, rule::kExhausts, "members share bytes, as in bombs that are small and unfold widely", 0);
    }

    void report_names() {
        std::map<std::string_view, const ZipMember*> seen;
        for (const ZipMember& member : layout_.members) {
            const ZipHeader& header = main_header(member);
            const auto [at, added] = seen.try_emplace(header.name, &member);
            if (!added && !header.name.ends_with('/'))
                unproven(context_, rule::kTwoReadings, "two members of one name: loaders differ in which one they take",
                         header.offset, excerpt(header.name));
        }
    }

    /// The storages that the pickles of a torch checkpoint name: raw numbers, which nothing runs.
    void find_storages() {
        if (!torch_) return;
        for (const ZipMember& member : layout_.members) {
            const std::string_view name = main_header(member).name;
            if (!name.ends_with("data.pkl") && !name.ends_with("constants.pkl")) continue;
            const std::string root(name.substr(0, name.rfind('/') + 1));
            const std::string folder = root + (name.ends_with("constants.pkl") ? "constants/" : "data/");
            with_content(member, main_header(member), [&](Bytes content, const Unpacked*) {
                for (std::string& key : torch_keys(content)) storages_.insert(folder + key);
            });
        }
    }

    /// The numbers themselves, now that the pickles have told which of them are floats.
    void look_at_storages(const StorageTypes& types) {
        WeightsJudge weights(context_);
        StorageBytes found;
        for (const ZipMember& member : layout_.members) {
            if (!member.local || !is_storage(member)) continue;
            const ZipHeader& header = main_header(member);
            const std::string key = header.name.substr(header.name.rfind('/') + 1);
            const StorageTypes::Storage* storage = types.find(key);
            const auto values = formats::part(archive_, member.data, header.size);
            if (storage == nullptr || !values) continue;
            if (const auto kind = float_of(storage->type)) weights.tensor(*values, *kind, header.name, member.data);
            if (context_.tensors != nullptr) found[key] = *values;
        }
        if (context_.tensors == nullptr) return;
        if (has_name("byteorder")) check_byte_order();
        place_storages(found, *context_.tensors);
    }

    /// torch.save notes the order of the machine that it ran on.
    void check_byte_order() {
        for (const ZipMember& member : layout_.members)
            if (main_header(member).name.ends_with("byteorder"))
                with_content(member, main_header(member), [&](Bytes content, const Unpacked*) {
                    context_.tensors->foreign_order = as_text(content) != "little";
                });
    }

    bool is_storage(const ZipMember& member) const {
        const ZipHeader& header = main_header(member);
        const bool agrees = member.central && member.local && member.central->name == member.local->name &&
                            member.central->method == kStored && member.local->method == kStored &&
                            member.central->packed == member.central->size;
        return agrees && storages_.contains(header.name);
    }

    void report_header(const ZipMember& member) {
        const ZipHeader& header = main_header(member);
        check_path(context_, header.name, header.offset);
        if (member.local && member.local->name != header.name) {
            check_path(context_, member.local->name, member.local->offset);
            unproven(context_, rule::kTwoReadings, "a member has one name in the directory and another at its content",
                     member.local->offset, excerpt(header.name) + " / " + excerpt(member.local->name));
        }
        if (!member.central)
            unproven(context_, rule::kTwoReadings, "a member that the directory does not list", header.offset,
                     excerpt(header.name));
        const std::uint16_t local = member.local ? member.local->flags : header.flags;
        if (((local ^ header.flags) & kOddFlags) != 0)
            unproven(context_, rule::kTwoReadings, "directory and local header differ in their flags", header.offset,
                     excerpt(header.name));
        else if ((header.flags & kOddFlags & ~kEncrypted) != 0)
            unproven(context_, rule::kTwoReadings, "flags that some loaders obey and others ignore", header.offset,
                     excerpt(header.name));
    }

    void judge_member(const ZipMember& member) {
        report_header(member);
        if (!member.local || is_storage(member)) return;
        const ZipHeader& header = main_header(member);
        if (header.name.ends_with('/') && header.packed == 0 && header.size == 0) return;
        judge_reading(member, header);
        const bool differs = member.central && (member.central->method != member.local->method ||
                                                (!member.local->sizes_follow && member.local->packed != header.packed));
        if (!differs) return;
        unproven(context_, rule::kTwoReadings, "directory and local header differ in method or size", header.offset,
                 excerpt(header.name));
        judge_reading(member, *member.local);
    }

    void judge_reading(const ZipMember& member, const ZipHeader& header) {
        if (!judged_.insert({member.data, header.method, header.packed}).second) return;
        with_content(member, header, [&](Bytes content, const Unpacked* unpacked) {
            Context inner = member_context(context_, header.name);
            inner.mapped = unpacked != nullptr ? unpacked->mapped() : context_.mapped;
            const bool whole = content.size() == header.size;
            const bool crc_right = content.size() > kCheckedBytes || header.sizes_follow ||
                                   crc_of(content) == header.crc ||
                                   (member.local && crc_of(content) == member.local->crc);
            if ((header.flags & kEncrypted) != 0 && header.method == kStored && !crc_right &&
                format_of(content) == nullptr) {
                context_.incomplete("an encrypted member cannot be judged: " + excerpt(header.name), header.offset);
                return;
            }
            report_content(member, header, whole, content);
            if (unpacked != nullptr) check_expansion(inner, content, unpacked->packed());
            if (header.is_link) check_path(inner, as_text(content), 0);
            judge_as(header.name, content, inner);
        });
    }

    void report_content(const ZipMember& member, const ZipHeader& header, bool whole, Bytes content) {
        if (content.size() <= kCheckedBytes && whole) {
            const std::uint32_t crc = crc_of(content);
            const bool wrong = (member.central && member.central->crc != crc) ||
                               (!member.local->sizes_follow && member.local->crc != crc);
            if (wrong)
                unproven(context_, rule::kTwoReadings, "a wrong checksum: strict loaders stop, others load it",
                         header.offset, excerpt(header.name));
        } else if (!whole && member.central && header.method == kStored) {
            unproven(context_, rule::kTwoReadings, "the two sizes of a stored member differ", header.offset,
                     excerpt(header.name));
        }
    }

    void judge_as(const std::string& name, Bytes content, Context& inner) {
        if (torch_ && name.find("/code/") != std::string::npos && name.ends_with(".py"))
            return judge_torchscript(content, inner);
        if (torch_ && (name.ends_with(".pkl") || name.ends_with(".debug_pkl")) && judge_torch_pickle(content, inner))
            return;
        judge_content(content, inner);
    }

    static std::uint32_t crc_of(Bytes content) {
        return static_cast<std::uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(content.data()), content.size()));
    }

    /// Unpacks the member as `header` says and hands it to `use`; reports what keeps it from being unpacked.
    template <class Use>
    void with_content(const ZipMember& member, const ZipHeader& header, Use use) {
        if (!member.local) return;
        const std::uint64_t room = archive_.size() - std::min<std::uint64_t>(member.data, archive_.size());
        std::uint64_t packed = std::min(header.packed, room);
        if (!member.central && header.sizes_follow && packed == 0) packed = room;
        const Bytes data = *formats::part(archive_, std::min<std::uint64_t>(member.data, archive_.size()), packed);
        if (header.method == kStored) {
            use(data, nullptr);
            return;
        }
        Unpacked content(context_, data.size());
        if (!unpack(header, data, content)) {
            if (content.size() > 0) use(content.bytes(), &content);
            return;
        }
        use(content.bytes(), &content);
    }

    /// False when it could not be unpacked to its end, which is reported.
    bool unpack(const ZipHeader& header, Bytes data, Unpacked& content) {
        Unpacking how = Unpacking::broken;
        switch (header.method) {
            case kDeflate:
                how = inflate(data, Deflated::raw, content).how;
                break;
            case kBzip2:
            case kZstd:
            case kXz:
                how = unpack_filters(data, content);
                break;
            case kLzma:
                how = unpack_lzma(header, data, content);
                break;
            default:
                break;
        }
        if (how == Unpacking::ended) return true;
        if ((header.flags & kEncrypted) != 0 && content.size() == 0)
            context_.incomplete("an encrypted member cannot be judged: " + excerpt(header.name), header.offset);
        else if (how != Unpacking::stopped)
            broken(context_,
                   fmt::format("a member cannot be unpacked (method {}): {}", header.method, excerpt(header.name)),
                   header.offset);
        return false;
    }

    /// APPNOTE 5.8.8: two bytes of version, two of the properties' size, the properties. A .lzma file is the
    /// properties, the size in eight bytes, the data.
    static Unpacking unpack_lzma(const ZipHeader& header, Bytes data, Unpacked& content) {
        constexpr std::size_t kProperties = 5;
        if (data.size() < 4 + kProperties || data.size() > kCheckedBytes) return Unpacking::broken;
        std::vector<std::byte> alone(data.begin() + 4, data.begin() + 4 + kProperties);
        for (int shift = 0; shift < 64; shift += 8) alone.push_back(static_cast<std::byte>(header.size >> shift));
        alone.insert(alone.end(), data.begin() + 4 + kProperties, data.end());
        return unpack_filters(alone, content);
    }

    void judge_gaps() {
        for (const ZipRange& gap : layout_.gaps) {
            const Bytes bytes = *formats::part(archive_, gap.begin, gap.end - gap.begin);
            if (std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{0}; })) continue;
            Context inner = context_;
            inner.base += gap.begin;
            ++inner.depth;
            const bool before = gap.begin == 0 && gap.end != archive_.size();
            unproven(context_, before ? rule::kTwoReadings : rule::kHiddenData,
                     before                       ? "bytes before the archive: another format may claim the file"
                     : gap.end == archive_.size() ? "bytes behind the archive"
                                                  : "bytes between the members",
                     gap.begin, fmt::format("{} bytes", bytes.size()));
            const Format* format = format_of(bytes);
            if (format != nullptr && format->name != "zip")
                format->judge(bytes, inner);
            else
                hunt(bytes, inner);
        }
    }

    Bytes archive_;
    Context& context_;
    ZipLayout layout_;
    bool torch_ = false;
    std::set<std::string, std::less<>> storages_;
    std::set<std::tuple<std::uint64_t, std::uint16_t, std::uint64_t>> judged_;
};

}  // namespace

void judge_zip(Bytes content, Context& context) { ZipJudge(content, context).run(); }

}  // namespace bartizan::scan
