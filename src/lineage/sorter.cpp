#include "lineage/sorter.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "core/file.h"

namespace bartizan::lineage {
namespace {

/// How a record lies in memory and in the file: the lengths of key and value, then their bytes.
struct Lengths {
    std::uint32_t key = 0;
    std::uint32_t value = 0;
};
constexpr std::size_t kWrite = std::size_t{1} << 20;
constexpr std::size_t kSmallestWindow = std::size_t{64} << 10;

Record record_at(const char* at) {
    Lengths lengths;
    std::memcpy(&lengths, at, sizeof lengths);
    return {{at + sizeof lengths, lengths.key}, {at + sizeof lengths + lengths.key, lengths.value}};
}

std::size_t stored_size(const Record& record) { return sizeof(Lengths) + record.key.size() + record.value.size(); }

/// A file that nobody else sees, and that is gone when the program is.
class ScratchFile {
public:
    ScratchFile() = default;
    ScratchFile(const ScratchFile&) = delete;
    ScratchFile& operator=(const ScratchFile&) = delete;
    ~ScratchFile() {
        if (fd_ >= 0) ::close(fd_);
    }

    bool open() const { return fd_ >= 0; }

    Result<void> make(const std::filesystem::path& folder) {
        std::string name = (folder / ".bartizan-sort-XXXXXX").string();
        folder_ = folder;
        fd_ = ::mkostemp(name.data(), O_CLOEXEC);
        if (fd_ < 0) return system_failure(errno, "cannot make a temporary file in", folder);
        ::unlink(name.c_str());
        return {};
    }

    Result<void> append(const std::vector<char>& bytes) {
        std::size_t done = 0;
        while (done < bytes.size()) {
            const ssize_t written = ::pwrite(fd_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(size_));
            if (written < 0 && errno == EINTR) continue;
            if (written < 0) return system_failure(errno, "cannot write a temporary file in", folder_);
            done += static_cast<std::size_t>(written);
            size_ += static_cast<std::uint64_t>(written);
        }
        return {};
    }

    /// Reads exactly `size` bytes.
    Result<void> read(char* into, std::size_t size, std::uint64_t at) const {
        while (size > 0) {
            const ssize_t got = ::pread(fd_, into, size, static_cast<off_t>(at));
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return system_failure(errno, "cannot read a temporary file in", folder_);
            if (got == 0) return internal_error("a temporary file became shorter");
            into += got;
            size -= static_cast<std::size_t>(got);
            at += static_cast<std::uint64_t>(got);
        }
        return {};
    }

    std::uint64_t size() const { return size_; }

private:
    std::filesystem::path folder_;
    int fd_ = -1;
    std::uint64_t size_ = 0;
};

/// A sorted stretch of the file, seen through a window of its own.
class Run {
public:
    Run(const ScratchFile& file, std::uint64_t from, std::uint64_t to) : file_(&file), at_(from), to_(to) {}

    void set_window(std::size_t bytes) { window_.resize(bytes); }
    const Record& record() const { return record_; }

    /// False at the end.
    Result<bool> advance() {
        begin_ += consumed_;
        consumed_ = 0;
        if (BARTIZAN_TRY(has(sizeof(Lengths)))) {
            Lengths lengths;
            std::memcpy(&lengths, window_.data() + begin_, sizeof lengths);
            const std::size_t whole = sizeof lengths + lengths.key + lengths.value;
            if (!BARTIZAN_TRY(has(whole))) return internal_error("a temporary file is damaged");
            record_ = record_at(window_.data() + begin_);
            consumed_ = whole;
            return true;
        }
        return false;
    }

private:
    /// Whether `bytes` lie in the window, if need be after reading on.
    Result<bool> has(std::size_t bytes) {
        if (end_ - begin_ >= bytes) return true;
        std::memmove(window_.data(), window_.data() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
        if (bytes > window_.size()) window_.resize(bytes);
        const auto more = static_cast<std::size_t>(std::min<std::uint64_t>(window_.size() - end_, to_ - at_));
        BARTIZAN_TRY(file_->read(window_.data() + end_, more, at_));
        at_ += more;
        end_ += more;
        return end_ - begin_ >= bytes;
    }

    const ScratchFile* file_;
    std::uint64_t at_, to_;
    std::vector<char> window_;
    std::size_t begin_ = 0, end_ = 0, consumed_ = 0;
    Record record_;
};

}  // namespace

struct Sorter::State {
    State(std::filesystem::path folder, std::size_t limit) : scratch(std::move(folder)), memory(limit) {}

    Result<void> spill() {
        sort_in_memory();
        if (!file.open()) BARTIZAN_TRY(file.make(scratch));
        const std::uint64_t from = file.size();
        std::vector<char> out;
        for (const std::size_t offset : offsets) {
            const char* record = bytes.data() + offset;
            out.insert(out.end(), record, record + stored_size(record_at(record)));
            if (out.size() < kWrite) continue;
            BARTIZAN_TRY(file.append(out));
            out.clear();
        }
        BARTIZAN_TRY(file.append(out));
        runs.emplace_back(file, from, file.size());
        bytes.clear();
        offsets.clear();
        return {};
    }

    void sort_in_memory() {
        std::ranges::stable_sort(offsets, {}, [&](std::size_t offset) { return record_at(bytes.data() + offset).key; });
    }

    /// Earlier runs first among equals, which keeps the order of adding.
    auto after() {
        return [this](std::size_t a, std::size_t b) {
            const int order = runs[a].record().key.compare(runs[b].record().key);
            return order != 0 ? order > 0 : a > b;
        };
    }

    Result<void> start_merge() {
        bytes = {};
        offsets = {};
        const std::size_t window = std::max(memory / 2 / runs.size(), kSmallestWindow);
        for (std::size_t i = 0; i < runs.size(); ++i) {
            runs[i].set_window(window);
            if (BARTIZAN_TRY(runs[i].advance())) heap.push_back(i);
        }
        std::ranges::make_heap(heap, after());
        return {};
    }

    Result<std::optional<Record>> next_merged() {
        if (last) {
            heap.pop_back();
            if (BARTIZAN_TRY(runs[*last].advance())) {
                heap.push_back(*last);
                std::ranges::push_heap(heap, after());
            }
        }
        last.reset();
        if (heap.empty()) return std::optional<Record>();
        std::ranges::pop_heap(heap, after());
        last = heap.back();
        return std::optional<Record>(runs[*last].record());
    }

    std::filesystem::path scratch;
    std::size_t memory;
    std::vector<char> bytes;
    std::vector<std::size_t> offsets;
    std::size_t at = 0;
    ScratchFile file;
    std::vector<Run> runs;
    std::vector<std::size_t> heap;
    std::optional<std::size_t> last;
};

Sorter::Sorter(std::filesystem::path scratch, std::size_t memory)
    : state_(std::make_unique<State>(std::move(scratch), memory)) {}
Sorter::Sorter(Sorter&&) noexcept = default;
Sorter& Sorter::operator=(Sorter&&) noexcept = default;
Sorter::~Sorter() = default;

Result<void> Sorter::add(std::string_view key, std::string_view value) {
    State& s = *state_;
    if (key.size() + value.size() > kLongestRecord) return exhausted("a record is too long to be sorted");
    // The offsets take their part, and both vectors grow by doubling.
    if (2 * (s.bytes.size() + s.offsets.size() * sizeof(std::size_t)) > s.memory && !s.offsets.empty())
        BARTIZAN_TRY(s.spill());
    const Lengths lengths{static_cast<std::uint32_t>(key.size()), static_cast<std::uint32_t>(value.size())};
    const auto* head = reinterpret_cast<const char*>(&lengths);
    s.offsets.push_back(s.bytes.size());
    s.bytes.insert(s.bytes.end(), head, head + sizeof lengths);
    s.bytes.insert(s.bytes.end(), key.begin(), key.end());
    s.bytes.insert(s.bytes.end(), value.begin(), value.end());
    return {};
}

Result<void> Sorter::sort() {
    State& s = *state_;
    if (s.runs.empty()) {
        s.sort_in_memory();
        return {};
    }
    if (!s.offsets.empty()) BARTIZAN_TRY(s.spill());
    return s.start_merge();
}

Result<std::optional<Record>> Sorter::next() {
    State& s = *state_;
    if (!s.runs.empty()) return s.next_merged();
    if (s.at == s.offsets.size()) return std::optional<Record>();
    return std::optional<Record>(record_at(s.bytes.data() + s.offsets[s.at++]));
}

std::filesystem::path default_scratch() {
    std::error_code error;
    const auto folder = std::filesystem::temp_directory_path(error);
    return error ? std::filesystem::path("/tmp") : folder;
}

}  // namespace bartizan::lineage
