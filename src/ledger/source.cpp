#include "ledger/source.h"

#include <algorithm>
#include <fstream>

#include <fmt/format.h>

#include "core/file.h"
#include "ledger/entry.h"
#include "ledger/tiles.h"

namespace bartizan::ledger {
namespace {

constexpr std::size_t kBlock = std::size_t{256} << 10;
constexpr std::size_t kLargestBundle = kBundle * (2 + kLongestEntry);

class SegmentSource final : public EntrySource {
public:
    SegmentSource(std::filesystem::path folder, std::uint64_t segment)
        : folder_(std::move(folder)), segment_(segment) {}

    Result<std::optional<std::string_view>> next() override {
        for (;;) {
            const std::size_t end = buffer_.find('\n', begin_);
            if (end != std::string::npos) {
                const std::string_view line = std::string_view(buffer_).substr(begin_, end - begin_);
                begin_ = end + 1;
                if (line.size() > kLongestEntry) break;
                return std::optional(line);
            }
            if (buffer_.size() - begin_ > kLongestEntry) break;
            if (!BARTIZAN_TRY(fill())) return std::optional<std::string_view>();
        }
        return invalid_input("a line is longer than any entry", "in " + segment_path(folder_, segment_).string());
    }

private:
    /// Reads on, in the next segment at the end of one; false when there is no more.
    Result<bool> fill() {
        buffer_.erase(0, begin_);
        begin_ = 0;
        for (;;) {
            if (!stream_.is_open()) {
                const auto path = segment_path(folder_, segment_);
                std::error_code error;
                if (!std::filesystem::is_regular_file(path, error)) return false;
                stream_.open(path, std::ios::binary);
                if (!stream_.is_open()) return Error(Errc::denied, "cannot open '" + path.string() + "'");
            }
            const std::size_t before = buffer_.size();
            buffer_.resize(before + kBlock);
            stream_.read(buffer_.data() + before, kBlock);
            buffer_.resize(before + static_cast<std::size_t>(std::max<std::streamsize>(stream_.gcount(), 0)));
            if (buffer_.size() > before) return true;
            if (before > 0) return false;  // a torn line: whatever follows is not in order
            stream_ = std::ifstream();
            ++segment_;
        }
    }

    std::filesystem::path folder_;
    std::uint64_t segment_;
    std::ifstream stream_;
    std::string buffer_;
    std::size_t begin_ = 0;
};

class BundleSource final : public EntrySource {
public:
    BundleSource(std::filesystem::path folder, std::uint64_t size, std::uint64_t bundle)
        : folder_(std::move(folder)), size_(size), bundle_(bundle) {}

    Result<std::optional<std::string_view>> next() override {
        while (at_ == entries_.size()) {
            const std::uint64_t first = bundle_ * kBundle;
            if (first >= size_) return std::optional<std::string_view>();
            const auto path = folder_ / tile_name("entries", bundle_, std::min(kBundle, size_ - first));
            const std::string bytes = BARTIZAN_TRY(read_file(path, kLargestBundle));
            entries_ = BARTIZAN_TRY_WITHIN(parse_bundle(bytes), "'" + path.string() + "'");
            at_ = 0;
            ++bundle_;
        }
        return std::optional<std::string_view>(entries_[at_++]);
    }

private:
    std::filesystem::path folder_;
    std::uint64_t size_;
    std::uint64_t bundle_;
    std::vector<std::string> entries_;
    std::size_t at_ = 0;
};

}  // namespace

std::filesystem::path segment_path(const std::filesystem::path& folder, std::uint64_t segment) {
    return folder / "entries" / fmt::format("{:06}.jsonl", segment);
}

std::unique_ptr<EntrySource> segment_source(std::filesystem::path folder, std::uint64_t segment) {
    return std::make_unique<SegmentSource>(std::move(folder), segment);
}

std::unique_ptr<EntrySource> bundle_source(std::filesystem::path folder, std::uint64_t size, std::uint64_t bundle) {
    return std::make_unique<BundleSource>(std::move(folder), size, bundle);
}

Result<std::vector<std::string>> parse_bundle(std::string_view bytes) {
    std::vector<std::string> entries;
    while (!bytes.empty()) {
        if (entries.size() == kBundle) return invalid_input("more than 256 entries in a bundle");
        if (bytes.size() < 2) return invalid_input("a bundle of entries is cut off");
        const auto high = static_cast<unsigned char>(bytes[0]);
        const auto low = static_cast<unsigned char>(bytes[1]);
        const std::size_t length = std::size_t{high} << 8 | low;
        if (bytes.size() - 2 < length) return invalid_input("a bundle of entries is cut off");
        entries.emplace_back(bytes.substr(2, length));
        bytes.remove_prefix(2 + length);
    }
    return entries;
}

}  // namespace bartizan::ledger
