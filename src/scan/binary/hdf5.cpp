/// HDF5 as Keras writes it, searched rather than parsed. Attributes lie in one piece and uncompressed wherever the file
/// keeps them (object header, fractal heap, global heap: HDF5 File Format Specification 3.0, IV.A.2.m), so every
/// configuration is found by its JSON. Data and links that lead to other files are found by their messages.
#include <algorithm>
#include <string>

#include "formats/bytes.h"
#include "scan/archive/member.h"
#include "scan/config/config_events.h"
#include "scan/judges.h"
#include "scan/say.h"

namespace bartizan::scan {
namespace {

using namespace std::string_view_literals;
using formats::as_text;
using formats::read_number;

constexpr std::string_view kSignature = "\x89HDF\r\n\x1a\n"sv;
constexpr std::size_t kWindow = std::size_t{4} << 20;
constexpr int kMaxConfigurations = 100'000;
constexpr std::size_t kMaxPath = 4'096;

bool is_path(std::string_view text) {
    return !text.empty() && text.size() < kMaxPath &&
           std::ranges::all_of(text, [](unsigned char c) { return c >= 0x20 && c != 0x7f; });
}

std::string_view until_zero(std::string_view text) {
    const std::size_t zero = text.substr(0, kMaxPath).find('\0');
    return zero == std::string_view::npos ? std::string_view() : text.substr(0, zero);
}

class Hdf5Judge {
public:
    Hdf5Judge(Bytes content, Context& context) : content_(content), text_(as_text(content)), context_(context) {}

    void run() {
        for (std::size_t at = 0; at < content_.size(); at += kWindow) {
            const std::size_t end = std::min(content_.size(), at + kWindow);
            configurations(at, end);
            external_files(at, end);
            external_links(at, end);
            give_back(context_, content_.subspan(at, end - at));
        }
    }

private:
    void configurations(std::size_t at, std::size_t end) {
        for (at = text_.find('{', at); at < end && at != std::string_view::npos; at = text_.find('{', at + 1)) {
            if (at < next_ || !looks_like_json(content_.subspan(at))) continue;
            if (++configurations_ > kMaxConfigurations) {
                if (configurations_ == kMaxConfigurations + 1) context_.incomplete("too many configurations", at);
                return;
            }
            ConfigEvents events(context_, 0);
            const JsonEnd read = read_json(text_, at, events);
            if (read.fault.empty()) next_ = read.at;
        }
    }

    /// External Data Files message (type 7): version 1, three zeros, slots allocated and used, address of a local heap.
    void external_files(std::size_t from, std::size_t end) {
        constexpr std::string_view kHead = "\1\0\0\0"sv;
        for (std::size_t at = text_.find(kHead, from); at < end && at != std::string_view::npos;
             at = text_.find(kHead, at + 1)) {
            const std::uint16_t allocated = read_number<std::uint16_t>(content_, at + 4).value_or(0);
            const std::uint16_t used = read_number<std::uint16_t>(content_, at + 6).value_or(0);
            if (used == 0 || used > allocated) continue;
            const std::uint64_t heap = read_number<std::uint64_t>(content_, at + 8).value_or(0);
            if (heap >= content_.size() || !text_.substr(static_cast<std::size_t>(heap)).starts_with("HEAP")) continue;
            const std::uint64_t names = read_number<std::uint64_t>(content_, heap + 24).value_or(0);
            const std::uint64_t name = names + read_number<std::uint64_t>(content_, at + 16).value_or(0);
            if (name < names || name >= content_.size()) continue;
            const std::string_view file = until_zero(text_.substr(static_cast<std::size_t>(name)));
            if (!is_path(file)) continue;
            const bool outside = leaves_folder(file);
            if (outside)
                malicious(context_, rule::kTouchesFiles, "a data set whose numbers are read from another file", at,
                          excerpt(file));
            else
                unproven(context_, rule::kTouchesFiles, "a data set whose numbers are read from another file", at,
                         excerpt(file));
        }
    }

    /// Link message (IV.A.2.g) of type 64: version 1, flags with the type's bit, the type, the name, then a length,
    /// a zero, the file's name and the object's.
    void external_links(std::size_t from, std::size_t end) {
        for (std::size_t at = text_.find('\x40', from); at < end && at != std::string_view::npos;
             at = text_.find('\x40', at + 1)) {
            if (at < 2 || text_[at - 2] != '\1') continue;
            const auto flags = static_cast<unsigned char>(text_[at - 1]);
            if ((flags & 0x08) == 0 || (flags & 0xe0) != 0) continue;
            std::size_t next = at + 1 + ((flags & 0x04) != 0 ? 8 : 0) + ((flags & 0x10) != 0 ? 1 : 0);
            const std::size_t width = std::size_t{1} << (flags & 3);
            std::uint64_t size = 0;
            for (std::size_t i = 0; i < width; ++i)
                size |= std::uint64_t{read_number<std::uint8_t>(content_, next + i).value_or(0)} << (8 * i);
            next += width;
            if (size == 0 || size > 1'024 || next + size + 4 > text_.size() || !is_path(text_.substr(next, size)))
                continue;
            next += size;
            const std::uint16_t info = read_number<std::uint16_t>(content_, next).value_or(0);
            if (info < 4 || next + 2 + info > text_.size() || text_[next + 2] != '\0') continue;
            const std::string_view file = until_zero(text_.substr(next + 3));
            if (!is_path(file)) continue;
            if (leaves_folder(file))
                malicious(context_, rule::kTouchesFiles, "a link into another file", at, excerpt(file));
            else
                unproven(context_, rule::kTouchesFiles, "a link into another file", at, excerpt(file));
        }
    }

    Bytes content_;
    std::string_view text_;
    Context& context_;
    std::size_t next_ = 0;
    int configurations_ = 0;
};

}  // namespace

bool looks_like_hdf5(Bytes content) {
    // After a user block of 0, 512, 1024, ... bytes.
    for (std::size_t at = 0; at < content.size() && at <= (std::size_t{1} << 20); at = at == 0 ? 512 : at * 2)
        if (as_text(content).substr(at).starts_with(kSignature)) return true;
    return false;
}

void judge_hdf5(Bytes content, Context& context) { Hdf5Judge(content, context).run(); }

}  // namespace bartizan::scan
