#include "pack/index.h"

#include <fmt/format.h>

#include "core/json_fields.h"
#include "crypto/hash.h"

namespace bartizan::pack {
namespace {

constexpr std::string_view kSchema = "bartizan.evidence-pack/1";

bool is_digest(std::string_view text) {
    return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Result<Listed> listed_of(const Json& json, const std::string& place) {
    const auto fields = BARTIZAN_TRY(JsonFields::of(json, place));
    Listed out{.path = BARTIZAN_TRY(fields.text("path", 300)), .sha256 = BARTIZAN_TRY(fields.text("sha256", 64))};
    if (!is_digest(out.sha256)) return fields.fault("sha256", "expected 64 hexadecimal digits");
    out.bytes =
        static_cast<std::uint64_t>(BARTIZAN_TRY(fields.integer("bytes", 0, static_cast<std::int64_t>(kLargestFile))));
    out.what = BARTIZAN_TRY(fields.text_or("what", ""));
    out.proof = BARTIZAN_TRY(fields.text_or("proof", "", 300));
    out.evidence = BARTIZAN_TRY(fields.text_or("evidence", "", 40));
    return out;
}

}  // namespace

std::string sha256_text(std::string_view bytes) {
    return crypto::to_hex(crypto::sha256(std::as_bytes(std::span(bytes))));
}

std::string to_text(const Index& index) {
    Json files = Json::array();
    for (const Listed& one : index.files) {
        Json row = {{"path", one.path}, {"sha256", one.sha256}, {"bytes", one.bytes}, {"what", one.what}};
        if (!one.evidence.empty()) row["evidence"] = one.evidence;
        if (!one.proof.empty()) row["proof"] = one.proof;
        files.push_back(std::move(row));
    }
    return bartizan::to_text({{"schema", kSchema},
                              {"asset", index.asset},
                              {"made", index.made},
                              {"made_by", index.made_by},
                              {"tool", index.tool},
                              {"log", index.log},
                              {"files", std::move(files)}});
}

Result<Index> parse_index(std::string_view text) {
    const Json json = BARTIZAN_TRY(parse_json(text, {.bytes = kLargestIndex, .depth = 8}));
    const auto fields = BARTIZAN_TRY(JsonFields::of(json, "index"));
    if (BARTIZAN_TRY(fields.text("schema")) != kSchema)
        return fields.fault("schema", "expected " + std::string(kSchema));
    Index out{.asset = BARTIZAN_TRY(fields.text("asset", 300)),
              .made = BARTIZAN_TRY(fields.text("made", 40)),
              .made_by = BARTIZAN_TRY(fields.text_or("made_by", "")),
              .tool = BARTIZAN_TRY(fields.text_or("tool", "")),
              .log = BARTIZAN_TRY(fields.text_or("log", ""))};
    const Json* files = BARTIZAN_TRY(fields.list("files", kMostFiles));
    for (std::size_t i = 0; i < files->size(); ++i)
        out.files.push_back(BARTIZAN_TRY(listed_of((*files)[i], fmt::format("index.files[{}]", i))));
    return out;
}

}  // namespace bartizan::pack
