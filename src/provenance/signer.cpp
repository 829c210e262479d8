#include "provenance/signer.h"

#include "core/utf8.h"
#include "provenance/bundle.h"
#include "provenance/hash_files.h"
#include "provenance/names.h"

namespace bartizan::provenance {
namespace {

Result<void> check_key(const crypto::PrivateKey& key, const SignOptions& options) {
    if (key.type() == crypto::KeyType::ed25519 && options.kinds == KeyKinds::openssf)
        return invalid_input("key: expected EC P-256, P-384 or P-521, found Ed25519",
                             "model signatures take EC keys: bartizan keygen --out KEY");
    if (options.chain.empty()) return {};
    const crypto::Certificate& leaf = options.chain.front();
    const crypto::PublicKey certified = BARTIZAN_TRY_WITHIN(leaf.public_key(), "certificate '" + leaf.subject() + "'");
    if (!certified.same_as(key.public_key()))
        return invalid_input("the certificate '" + leaf.subject() + "' is for another key",
                             "give the certificate that was issued for this key first");
    if (!leaf.may_sign())
        return invalid_input("the certificate '" + leaf.subject() +
                             "' is not for signing: expected key usage "
                             "digitalSignature or extended key usage codeSigning");
    if (!leaf.valid_at(options.now))
        return invalid_input("the certificate '" + leaf.subject() + "' is valid from " + leaf.not_before() + " to " +
                             leaf.not_after() + ", which is not now");
    return {};
}

/// The name without trailing slashes; of "." the folder's own.
std::string name_of(const std::filesystem::path& path) {
    std::error_code error;
    const std::filesystem::path whole = std::filesystem::weakly_canonical(path, error);
    const std::string name = whole.filename().string();
    return !name.empty() && is_utf8(name) ? name : "model";
}

Result<FileTree> files_to_sign(const std::filesystem::path& path, const SignOptions& options) {
    FileTree tree = BARTIZAN_TRY(list_files(path, {options.ignored, options.links}));
    if (!tree.refused.empty()) {
        const RefusedFile& first = tree.refused.front();
        return invalid_input("'" + first.name + "' cannot be signed: " + first.why,
                             "remove it, or leave it out with --ignore");
    }
    if (tree.files.empty()) return invalid_input("'" + path.string() + "' holds no file to sign");
    return tree;
}

/// Those that are known, in the order of the files; all of them, or an error: what was not scanned is not signed.
Result<std::vector<std::string>> known_digests(const FileTree& tree, const SignOptions& options) {
    std::vector<std::string> digests;
    for (const TreeFile& file : tree.files) {
        const auto known = options.digests.find(file.path.lexically_normal());
        if (known == options.digests.end() || known->second.empty())
            return Error(Errc::conflict, "'" + file.path.string() + "' came after the scan, or was not read by it",
                         "sign again when nothing writes to the model");
        digests.push_back(known->second);
    }
    return digests;
}

Result<std::vector<std::string>> digests_of(const FileTree& tree, const SignOptions& options,
                                            const RunContext& context) {
    if (!options.digests.empty()) return known_digests(tree, options);
    std::vector<std::string> digests;
    auto hashed = hash_files(tree.files, options.links, context);
    for (std::size_t i = 0; i < hashed.size(); ++i)
        digests.push_back(
            crypto::to_hex(BARTIZAN_TRY_WITHIN(std::move(hashed[i]), "'" + tree.files[i].path.string() + "'")));
    return digests;
}

struct Described {
    Statement statement;
    std::uint64_t bytes = 0;
    std::vector<std::string> warnings;
};

std::vector<std::string> links_outside(const std::filesystem::path& root, const FileTree& tree) {
    std::vector<std::string> warnings;
    std::error_code error;
    const std::filesystem::path inside = std::filesystem::weakly_canonical(root, error);
    for (const TreeFile& file : tree.files) {
        if (!std::filesystem::is_symlink(file.path, error)) continue;
        const auto target = std::filesystem::weakly_canonical(file.path, error).lexically_relative(inside);
        if (target.empty() || *target.begin() == "..")
            warnings.push_back("the link '" + file.name + "' leads out of the model");
    }
    return warnings;
}

Result<Described> describe_files(const std::filesystem::path& path, const SignOptions& options,
                                 const RunContext& context) {
    const FileTree tree = BARTIZAN_TRY(files_to_sign(path, options));
    const auto digests = BARTIZAN_TRY(digests_of(tree, options, context));
    Described out;
    if (options.links == Links::follow_to_files && !tree.single) out.warnings = links_outside(path, tree);
    out.statement.subject = name_of(path);
    out.statement.allow_symlinks = options.links == Links::follow_to_files;
    if (!tree.single) out.statement.ignore_paths = options.ignored;
    for (std::size_t i = 0; i < digests.size(); ++i) {
        out.statement.resources.push_back({tree.files[i].name, digests[i]});
        out.bytes += tree.files[i].size;
    }
    out.statement.root = root_of(out.statement.resources);
    return out;
}

}  // namespace

Result<Statement> describe(const std::filesystem::path& path, const SignOptions& options, const RunContext& context) {
    return BARTIZAN_TRY(describe_files(path, options, context)).statement;
}

Result<std::string> sign_statement(std::string payload, const crypto::PrivateKey& key, const SignOptions& options) {
    BARTIZAN_TRY(check_key(key, options));
    Bundle bundle;
    bundle.method = options.chain.empty() ? Method::key : Method::certificate;
    if (options.chain.empty()) bundle.hint = key_hint(key.public_key());
    bundle.chain = options.chain;
    bundle.payload = std::move(payload);
    bundle.signatures = {BARTIZAN_TRY(key.sign(pae(bundle.payload)))};
    return write_bundle(bundle);
}

Result<Signed> sign_model(const std::filesystem::path& path, const crypto::PrivateKey& key, const SignOptions& options,
                          const RunContext& context) {
    BARTIZAN_TRY(check_key(key, options));
    Described described = BARTIZAN_TRY(describe_files(path, options, context));
    std::string bundle = BARTIZAN_TRY(sign_statement(write_statement(described.statement), key, options));
    return Signed{std::move(bundle), std::move(described.statement), described.bytes, std::move(described.warnings)};
}

}  // namespace bartizan::provenance
