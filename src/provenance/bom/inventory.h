#pragma once
/// What is in a model: its files with digests, its papers, its licences and signatures. The facts of a bill of
/// materials, before they are written in the words of a format.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "provenance/bom/licences.h"
#include "provenance/bom/model_card.h"
#include "provenance/file_tree.h"

namespace bartizan::provenance {

struct ListedFile {
    std::string name;  ///< relative to the model; of a single file its own name
    std::uint64_t size = 0;
    std::string sha256;
};

struct FoundSignature {
    std::string file;
    std::string sha256;
    std::string signer;  ///< "key 1f2e...", "certificate CN=..."; not verified
};

/// What a scan said, filled in by the program: this module does not scan.
struct ScanStatement {
    std::string verdict;  ///< "clean", "unproven", "incomplete", "malicious"
    bool complete = false;
    std::uint64_t files = 0;
    std::uint64_t findings = 0;
    std::string tool;  ///< "bartizan 0.1.0"
};

struct Inventory {
    std::string name;
    bool single = false;
    std::string root;  ///< the digest that a model signature of these files would carry
    std::vector<ListedFile> files;
    std::vector<RefusedFile> not_read;
    ModelCard card;
    std::vector<Licence> licences;  ///< of the card and of licence files, none twice
    std::vector<FoundSignature> signatures;
    std::optional<ScanStatement> scan;
};

/// Fails with `not_found`, `denied` (the model itself cannot be read), `exhausted`, `cancelled`. Files that cannot be
/// read are listed as such, links too unless `rules` says to follow them: a link may lead to what is not to be told.
Result<Inventory> take_inventory(const std::filesystem::path& path, const TreeRules& rules, const RunContext& context);

}  // namespace bartizan::provenance
