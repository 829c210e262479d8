#include "formats/npz.h"

#include <algorithm>

namespace bartizan::formats {

Result<Npz> Npz::open(const std::filesystem::path& path) {
    auto file = BARTIZAN_TRY(MappedFile::open(path));
    ZipReader zip = BARTIZAN_TRY(ZipReader::open(file->bytes()));
    return Npz(std::move(file), std::move(zip));
}

Result<Npz> Npz::parse(std::shared_ptr<const std::string> archive) {
    ZipReader zip = BARTIZAN_TRY(ZipReader::open(std::as_bytes(std::span(*archive))));
    return Npz(std::move(archive), std::move(zip));
}

const ZipEntry* Npz::find(std::string_view name) const {
    const auto found = std::ranges::find(zip_.entries(), std::string(name) + ".npy", &ZipEntry::name);
    return found == zip_.entries().end() ? nullptr : &*found;
}

std::vector<std::string> Npz::names() const {
    std::vector<std::string> names;
    for (const ZipEntry& entry : zip_.entries())
        if (entry.name.ends_with(".npy")) names.push_back(entry.name.substr(0, entry.name.size() - 4));
    return names;
}

Result<NpyContent> Npz::content(std::string_view name, std::uint64_t limit) const {
    const std::string place = "array '" + std::string(name) + "'";
    const ZipEntry* entry = find(name);
    if (entry == nullptr) {
        std::string known;
        for (const std::string& one : names()) known += (known.empty() ? "" : ", ") + one;
        return Error(Errc::not_found, "no array called '" + std::string(name) + "'", "the file has " + known);
    }
    if (entry->method == 0) return parse_npy(BARTIZAN_TRY_WITHIN(zip_.stored(*entry), place), owner_).within(place);
    auto bytes = std::make_shared<std::vector<std::byte>>(BARTIZAN_TRY_WITHIN(zip_.read(*entry, limit), place));
    return parse_npy(*bytes, bytes).within(place);
}

Result<NdArray> Npz::array(std::string_view name, std::uint64_t limit) const {
    NpyContent found = BARTIZAN_TRY(content(name, limit));
    if (!std::holds_alternative<NdArray>(found))
        return invalid_input("array '" + std::string(name) + "' holds text where numbers are needed",
                             "number its values (numpy.unique with return_inverse) and keep the text as 'classes'");
    return std::get<NdArray>(std::move(found));
}

Result<void> write_npz(const std::filesystem::path& path, const std::vector<std::pair<std::string, NdArray>>& arrays) {
    std::vector<std::pair<std::string, std::string>> entries;
    for (const auto& [name, array] : arrays)
        entries.emplace_back(name + ".npy", BARTIZAN_TRY_WITHIN(make_npy(array), "array '" + name + "'"));
    const std::string zip = BARTIZAN_TRY(make_zip(entries));
    return write_file_atomically(path, zip);
}

}  // namespace bartizan::formats
