#pragma once
/// A file that ships inside the program: `data/` of a module becomes a table of these. Constants.

#include <string_view>

namespace bartizan {

struct EmbeddedFile {
    std::string_view name;  ///< "catalogues/nist-ai-rmf.json"
    std::string_view content;
};

}  // namespace bartizan
