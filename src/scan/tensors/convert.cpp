#include "scan/tensors/convert.h"

#include <algorithm>
#include <bit>
#include <map>
#include <set>

#include <fmt/format.h>

#include "core/file.h"
#include "crypto/hash.h"
#include "report/escape.h"
#include "scan/judge.h"

namespace bartizan::scan {
namespace {

constexpr std::size_t kHeaderAlignment = 8;
constexpr std::size_t kShownRows = 40;
constexpr std::size_t kShownLeftOut = 10;

/// The tensors that safetensors has a type for, widest elements first and then by name, as its own writers order them.
Result<std::vector<const StoredTensor*>> choose(const TensorFile& file, std::vector<LeftOut>& left_out) {
    std::vector<const StoredTensor*> chosen;
    std::set<std::string_view> names;
    for (const StoredTensor& tensor : file.tensors()) {
        const std::uint64_t bits = element_bits(tensor.type);
        if (bits == 0 || bits % 8 != 0) {
            left_out.push_back({tensor.name, "numbers packed as " + tensor.type + ": safetensors has no such type"});
            continue;
        }
        if (!names.insert(tensor.name).second || tensor.name == "__metadata__")
            return invalid_input(fmt::format("two tensors would be called '{}'", report::clean_line(tensor.name)));
        chosen.push_back(&tensor);
    }
    if (chosen.empty())
        return invalid_input(fmt::format("'{}' ({}) holds no tensors that safetensors could hold", file.judged().path,
                                         file.judged().format));
    std::ranges::stable_sort(chosen, [](const StoredTensor* a, const StoredTensor* b) {
        return std::pair(element_bits(b->type), std::string_view(a->name)) <
               std::pair(element_bits(a->type), std::string_view(b->name));
    });
    return chosen;
}

/// Bytes of all elements.
Result<std::uint64_t> size_of(const StoredTensor& tensor) {
    const auto count = element_count(tensor.shape);
    std::uint64_t size = 0;
    if (!count || __builtin_mul_overflow(*count, element_bits(tensor.type) / 8, &size))
        return invalid_input(fmt::format("the shape of '{}' overflows", report::clean_line(tensor.name)));
    return size;
}

Result<std::string> header_of(const std::vector<const StoredTensor*>& tensors, const FileResult& judged,
                              std::uint64_t& total) {
    const std::uint64_t limit = std::max(kMaxGrowthFree, judged.size * kMaxGrowth);
    Json header = {{"__metadata__", {{"format", "pt"}}}};
    for (const StoredTensor* tensor : tensors) {
        const std::uint64_t size = BARTIZAN_TRY(size_of(*tensor));
        if (size > limit - std::min(limit, total))
            return exhausted(
                fmt::format("the tensors of '{}' unfold to more than {} times what it holds", judged.path, kMaxGrowth));
        header[tensor->name] = {
            {"dtype", tensor->type}, {"shape", tensor->shape}, {"data_offsets", {total, total + size}}};
        total += size;
    }
    std::string text = header.dump(-1, ' ', false, Json::error_handler_t::replace);
    text.resize((text.size() + kHeaderAlignment - 1) / kHeaderAlignment * kHeaderAlignment, ' ');
    return text;
}

Result<void> write(const std::vector<const StoredTensor*>& tensors, const std::string& header,
                   const AppendBytes& append, const RunContext& run) {
    std::uint64_t size = header.size();
    if constexpr (std::endian::native == std::endian::big) size = __builtin_bswap64(size);
    BARTIZAN_TRY(append(std::as_bytes(std::span(&size, 1))));
    BARTIZAN_TRY(append(std::as_bytes(std::span(header))));
    std::vector<std::byte> space;
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        if (run.stop_requested()) return Error(Errc::cancelled, "stopped; nothing was written");
        const Bytes values = row_major(*tensors[i], space);
        if (values.size() != BARTIZAN_TRY(size_of(*tensors[i])))
            return invalid_input(
                fmt::format("the values of '{}' do not fill its shape", report::clean_line(tensors[i]->name)));
        BARTIZAN_TRY(append(values));
        run.progress({.stage = "converting", .done = i + 1, .total = tensors.size(), .unit = "tensors"});
    }
    return {};
}

/// Reads the new file back, and takes the digests of what is equal in both.
Result<std::vector<Converted::Row>> compare(const std::vector<const StoredTensor*>& wrote,
                                            const std::filesystem::path& to) {
    const TensorFile file = BARTIZAN_TRY(TensorFile::open(to));
    std::map<std::string_view, const StoredTensor*> read;
    for (const StoredTensor& tensor : file.tensors()) read[tensor.name] = &tensor;
    std::vector<Converted::Row> rows;
    std::vector<std::byte> space;
    for (const StoredTensor* tensor : wrote) {
        const auto found = read.find(tensor->name);
        const Bytes before = row_major(*tensor, space);
        if (found == read.end() || found->second->type != tensor->type || found->second->shape != tensor->shape ||
            !std::ranges::equal(found->second->values, before))
            return internal_error(
                fmt::format("'{}' does not read back equal from '{}'", report::clean_line(tensor->name), to.string()));
        rows.push_back({tensor->name, tensor->type, tensor->shape, crypto::to_hex(crypto::sha256(before))});
    }
    return rows;
}

std::string shape_text(const std::vector<std::uint64_t>& shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

}  // namespace

Result<void> check_proven(const FileResult& judged) {
    if (judged.verdict == Verdict::clean) return {};
    std::string found = std::string(to_string(judged.verdict));
    const auto worst = std::ranges::max_element(judged.issues, {}, &Issue::verdict);
    if (worst != judged.issues.end()) found += ", " + worst->title;
    return Error(Errc::denied, fmt::format("'{}' is not proven clean: {}", judged.path, found),
                 "see what it holds with `bartizan scan " + judged.path + "`");
}

Result<Converted> convert_to_safetensors(const TensorFile& file, const std::filesystem::path& to,
                                         const RunContext& run) {
    BARTIZAN_TRY(check_proven(file.judged()));
    Converted out{.from = file.judged().path, .to = to.string(), .format = file.judged().format};
    out.left_out = file.left_out();
    const auto tensors = BARTIZAN_TRY(choose(file, out.left_out));
    const std::string header = BARTIZAN_TRY(header_of(tensors, file.judged(), out.bytes));
    BARTIZAN_TRY(
        write_pieces_atomically(to, [&](const AppendBytes& append) { return write(tensors, header, append, run); }));
    auto rows = compare(tensors, to);
    if (!rows.ok()) {
        // What cannot be shown to be equal is not left lying about.
        std::error_code ignored;
        std::filesystem::remove(to, ignored);
        return std::move(rows).error();
    }
    out.tensors = std::move(rows).value();
    return out;
}

Json convert_json(const Converted& converted) {
    Json tensors = Json::array(), left_out = Json::array();
    for (const auto& row : converted.tensors)
        tensors.push_back({{"name", row.name}, {"dtype", row.type}, {"shape", row.shape}, {"sha256", row.sha256}});
    for (const LeftOut& part : converted.left_out)
        left_out.push_back({{"name", report::clean_line(part.name)}, {"why", report::clean_line(part.why)}});
    return {{"schema", "bartizan.convert/1"},
            {"from", report::clean_line(converted.from)},
            {"to", report::clean_line(converted.to)},
            {"format", converted.format},
            {"equal", true},
            {"bytes", converted.bytes},
            {"tensors", std::move(tensors)},
            {"left_out", std::move(left_out)}};
}

std::string convert_text(const Converted& converted) {
    std::string out;
    for (std::size_t i = 0; i < std::min(converted.tensors.size(), kShownRows); ++i) {
        const auto& row = converted.tensors[i];
        out += fmt::format("  {:<5} {:<20} {}  {}\n", row.type, shape_text(row.shape), row.sha256.substr(0, 16),
                           report::clean_line(row.name));
    }
    if (converted.tensors.size() > kShownRows)
        out += fmt::format("  and {} more\n", converted.tensors.size() - kShownRows);
    for (std::size_t i = 0; i < std::min(converted.left_out.size(), kShownLeftOut); ++i)
        out += fmt::format("  left out: {}: {}\n", report::clean_line(converted.left_out[i].name),
                           report::clean_line(converted.left_out[i].why));
    if (converted.left_out.size() > kShownLeftOut)
        out += fmt::format("  and {} more left out\n", converted.left_out.size() - kShownLeftOut);
    return out + fmt::format("{} -> {}: {} tensors, {} bytes, each read back and equal to the byte; {} left out\n",
                             report::clean_line(converted.from), report::clean_line(converted.to),
                             converted.tensors.size(), converted.bytes, converted.left_out.size());
}

}  // namespace bartizan::scan
