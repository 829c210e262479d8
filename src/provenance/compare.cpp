#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "provenance/hash_files.h"
#include "provenance/names.h"
#include "provenance/verifier.h"

namespace bartizan::provenance {
namespace {

/// A single file is called "." by the reference signer, by its own name in the specification.
std::string signed_name(const FileTree& tree, const TreeFile& file, const Statement& statement) {
    if (!tree.single) return file.name;
    const bool by_name = statement.resources[0].name != kSingleFile;
    return by_name ? file.path.filename().string() : file.name;
}

class Comparison {
public:
    Comparison(const Statement& statement, const VerifyOptions& options) : statement_(statement), options_(options) {
        for (const Resource& resource : statement.resources) expected_.emplace(resource.name, &resource.sha256);
        for (const auto& paths : {default_ignored(), options.ignored, statement.ignore_paths})
            ignored_.insert(paths.begin(), paths.end());
    }

    Result<Differences> run(const FileTree& tree, const RunContext& context) {
        std::vector<TreeFile> to_hash;
        for (const TreeFile& file : tree.files) take(tree, file, to_hash);
        for (const RefusedFile& file : tree.refused) refuse(file);
        const Links links = statement_.allow_symlinks ? Links::follow_to_files : Links::refuse;
        const auto digests = hash_files(to_hash, links, context);
        for (std::size_t i = 0; i < digests.size(); ++i) judge(to_hash[i], digests[i]);
        BARTIZAN_TRY(context.checkpoint());
        for (const Resource& resource : statement_.resources)
            if (expected_.contains(resource.name)) differences_.missing.push_back(resource.name);
        return std::move(differences_);
    }

private:
    /// Signed files are hashed whatever is ignored; the others are additions unless ignored.
    void take(const FileTree& tree, const TreeFile& file, std::vector<TreeFile>& to_hash) {
        TreeFile named = file;
        named.name = signed_name(tree, file, statement_);
        if (expected_.contains(named.name))
            to_hash.push_back(std::move(named));
        else if (!options_.allow_unsigned_files && !is_ignored(named.name))
            differences_.added.push_back(std::move(named.name));
    }

    void refuse(const RefusedFile& file) {
        const bool is_signed = expected_.erase(file.name) > 0;
        if (is_signed || (!options_.allow_unsigned_files && !is_ignored(file.name)))
            differences_.unreadable.push_back(file);
    }

    void judge(const TreeFile& file, const Result<crypto::Sha256Digest>& digest) {
        const auto expected = expected_.find(file.name);
        const std::string& wanted = *expected->second;
        expected_.erase(expected);
        if (!digest.ok()) {
            differences_.unreadable.push_back({file.name, digest.error().line()});
            return;
        }
        differences_.bytes += file.size;
        const std::string found = crypto::to_hex(*digest);
        if (found != wanted) differences_.changed.push_back({file.name, wanted, found});
    }

    /// The name itself, or a folder above it.
    bool is_ignored(std::string_view name) const {
        for (std::size_t end = name.find('/'); end != std::string_view::npos; end = name.find('/', end + 1))
            if (ignored_.contains(std::string(name.substr(0, end)))) return true;
        return ignored_.contains(std::string(name));
    }

    const Statement& statement_;
    const VerifyOptions& options_;
    std::unordered_map<std::string, const std::string*> expected_;  ///< not met yet
    std::unordered_set<std::string> ignored_;
    Differences differences_;
};

}  // namespace

Result<Differences> compare(const Statement& statement, const std::filesystem::path& path, const VerifyOptions& options,
                            const RunContext& context) {
    // Nothing is ignored while listing: what was signed is checked wherever it lies.
    const Links links = statement.allow_symlinks ? Links::follow_to_files : Links::refuse;
    const FileTree tree = BARTIZAN_TRY(list_files(path, {{}, links}));
    return Comparison(statement, options).run(tree, context);
}

}  // namespace bartizan::provenance
