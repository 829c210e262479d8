/// Pictures, sound and documents that lie in model folders: nothing of them runs, but other things hide in and
/// behind them.
#include <array>
#include <string_view>

#include "formats/bytes.h"
#include "scan/hunt.h"
#include "scan/judges.h"

namespace bartizan::scan {

using formats::as_text;

bool looks_like_media(Bytes content) {
    using namespace std::string_view_literals;
    // Then tables, fonts, databases and models of numbers alone: CatBoost, XGBoost in its old form and as UBJSON.
    constexpr std::array kData = {"PAR1"sv,  "ARROW1"sv, "FEA1"sv, "SQLite format 3\0"sv, "%PDF-"sv,    "wOFF"sv,
                                  "wOF2"sv,  "CBM1"sv,   "binf"sv, "{L\0\0\0\0"sv,        "\0\0\1\0"sv, "BM"sv,
                                  "II*\0"sv, "MM\0*"sv};
    for (const std::string_view magic : kData)
        if (as_text(content).starts_with(magic))
            return magic != "BM" || (content.size() > 14 && content[6] == std::byte{0} && content[7] == std::byte{0});
    constexpr std::array kMagic = {"\x89PNG\r\n\x1a\n", "\xff\xd8\xff", "GIF87a", "GIF89a", "OggS", "fLaC", "ID3"};
    const std::string_view text = as_text(content);
    for (const std::string_view magic : kMagic)
        if (text.starts_with(magic)) return true;
    return text.starts_with("RIFF") && text.size() >= 12 &&
           (text.substr(8, 4) == "WAVE" || text.substr(8, 4) == "WEBP");
}

void judge_media(Bytes content, Context& context) { hunt(content, context); }

}  // namespace bartizan::scan
