#include "provenance/bom/inventory.h"

#include <algorithm>

#include "core/file.h"
#include "provenance/bundle.h"
#include "provenance/hash_files.h"
#include "provenance/statement.h"

namespace bartizan::provenance {
namespace {

constexpr std::size_t kLargestListedSignature = std::size_t{64} << 20;
constexpr std::size_t kMostSignatureFiles = 32;

std::string base_name(std::string_view name) { return std::string(name.substr(name.rfind('/') + 1)); }

bool looks_like_signature(std::string_view name) {
    return name.ends_with(".sig") || name.ends_with(".sigstore") || name.ends_with(".sigstore.json") ||
           name.ends_with(".bundle.json");
}

class Inventorist {
public:
    explicit Inventorist(Inventory& into) : into_(into) {}

    void read(const TreeFile& file, const ListedFile& listed) {
        const std::string name = base_name(listed.name);
        const bool at_root = listed.name.find('/') == std::string::npos;
        if (at_root && name == "README.md")
            paper(file, read_hub_card);
        else if (at_root && name == "config.json")
            paper(file, read_config);
        else if (at_root && name.ends_with(".bartizan.yaml"))
            paper(file, read_sidecar);
        else if (is_licence_file(name))
            licence(file);
        else if (looks_like_signature(name))
            signature(file, listed);
    }

    /// The sidecar of a model that is one file lies beside it.
    void read_beside(const std::filesystem::path& model) {
        const std::filesystem::path sidecar = model.string() + ".bartizan.yaml";
        std::error_code ignored;
        if (std::filesystem::is_regular_file(sidecar, ignored))
            paper({sidecar.filename().string(), sidecar, 0}, read_sidecar);
    }

    void finish() {
        for (const Licence& licence : into_.card.licences) add(licence);
        for (const Licence& licence : of_files_) add(licence);
    }

private:
    void paper(const TreeFile& file, void (*read_paper)(std::string_view, const std::string&, ModelCard&)) {
        const auto content = read_file(file.path, kLargestPaper);
        if (content.ok())
            read_paper(*content, file.name, into_.card);
        else
            into_.card.warnings.push_back(content.error().line());
    }

    void licence(const TreeFile& file) {
        const auto content = read_file(file.path, kLargestPaper);
        if (content.ok() && of_files_.size() < kMostListed) of_files_.push_back(licence_of_text(*content, file.name));
    }

    void signature(const TreeFile& file, const ListedFile& listed) {
        if (into_.signatures.size() >= kMostSignatureFiles) return;
        const auto content = read_file(file.path, kLargestListedSignature);
        const auto bundle = content.ok() ? parse_bundle(*content) : Result<Bundle>(content.error());
        if (!bundle.ok()) return;
        const std::string who =
            bundle->method == Method::key ? bundle->hint.value_or("not named") : bundle->chain.front().subject();
        into_.signatures.push_back({listed.name, listed.sha256, std::string(to_string(bundle->method)) + " " + who});
    }

    void add(const Licence& licence) {
        const auto same = [&](const Licence& other) { return other.id == licence.id && other.name == licence.name; };
        const bool told = !licence.id.empty() || !licence.name.empty();
        if (told && std::ranges::none_of(into_.licences, same)) into_.licences.push_back(licence);
    }

    Inventory& into_;
    std::vector<Licence> of_files_;
};

/// A signature does not cover itself.
std::string root_without_signatures(const Inventory& inventory) {
    std::vector<Resource> resources;
    for (const ListedFile& file : inventory.files)
        if (std::ranges::find(inventory.signatures, file.name, &FoundSignature::file) == inventory.signatures.end())
            resources.push_back({file.name, file.sha256});
    return root_of(resources);
}

std::string name_of(const std::filesystem::path& path) {
    std::error_code error;
    const std::string name = std::filesystem::weakly_canonical(path, error).filename().string();
    return name.empty() ? "model" : name;
}

}  // namespace

Result<Inventory> take_inventory(const std::filesystem::path& path, const TreeRules& rules, const RunContext& context) {
    const FileTree tree = BARTIZAN_TRY(list_files(path, rules));
    const auto digests = hash_files(tree.files, rules.links, context);
    BARTIZAN_TRY(context.checkpoint());
    Inventory inventory{name_of(path), tree.single};
    inventory.not_read = tree.refused;
    Inventorist inventorist(inventory);
    for (std::size_t i = 0; i < tree.files.size(); ++i) {
        const TreeFile& file = tree.files[i];
        if (!digests[i].ok()) {
            inventory.not_read.push_back({file.name, digests[i].error().line()});
            continue;
        }
        inventory.files.push_back({tree.single ? inventory.name : file.name, file.size, crypto::to_hex(*digests[i])});
        if (!tree.single) inventorist.read(file, inventory.files.back());
    }
    if (tree.single) inventorist.read_beside(path);
    inventorist.finish();
    inventory.root = root_without_signatures(inventory);
    return inventory;
}

}  // namespace bartizan::provenance
