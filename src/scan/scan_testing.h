#pragma once
/// Archives for tests, made byte by byte so that they can be made wrong.

#include <string>

#include "formats/zip.h"
#include "scan/scan.h"

namespace bartizan::scan {

inline std::string number(std::uint64_t value, int bytes) {
    std::string out;
    for (int i = 0; i < bytes; ++i) out += i < 8 ? static_cast<char>(value >> (8 * i)) : '\0';
    return out;
}

/// Something whose verdict is malicious in whatever it is wrapped.
inline std::string harm() {
    return std::string(
               "\x7f"
               "ELF\x02\x01\x01") +
           std::string(80, '\0');
}

struct StoredMember {
    std::string name, content;
    std::string local_name = {};  ///< empty: the same
    int flags = 0;
    int local_flags = -1;  ///< -1: the same
    std::uint32_t crc = 0;
    bool listed = true;
};

/// Stored members; the CRCs are those given.
inline std::string stored_zip(const std::vector<StoredMember>& members) {
    std::string out, directory;
    int listed = 0;
    for (const StoredMember& member : members) {
        const std::string& local = member.local_name.empty() ? member.name : member.local_name;
        const std::string sizes =
            number(member.crc, 4) + number(member.content.size(), 4) + number(member.content.size(), 4);
        const std::uint64_t offset = out.size();
        const int local_flags = member.local_flags < 0 ? member.flags : member.local_flags;
        out += "PK\3\4" + number(20, 2) + number(static_cast<unsigned>(local_flags), 2) + number(0, 6) + sizes +
               number(local.size(), 2) + number(0, 2) + local + member.content;
        if (!member.listed) continue;
        ++listed;
        directory += "PK\1\2" + number(20, 2) + number(20, 2) + number(static_cast<unsigned>(member.flags), 2) +
                     number(0, 6) + sizes + number(member.name.size(), 2) + number(0, 12) + number(offset, 4) +
                     member.name;
    }
    const std::size_t begin = out.size();
    return out + directory + "PK\5\6" + number(0, 4) + number(static_cast<unsigned>(listed), 2) +
           number(static_cast<unsigned>(listed), 2) + number(directory.size(), 4) + number(begin, 4) + number(0, 2);
}

inline FileResult judged(const std::string& content, const std::string& name = "model.pt") {
    return scan_bytes(std::as_bytes(std::span(content.data(), content.size())), name, {});
}

inline bool has_rule(const FileResult& result, std::string_view rule) {
    for (const Issue& issue : result.issues)
        if (issue.rule == rule) return true;
    return false;
}

}  // namespace bartizan::scan
