#pragma once
/// Seals a data set: writes its manifest and the signed statement about it. The next time, what was sealed keeps its
/// line and its place, additions are appended, what changed is replaced, what is gone is left out.
/// Thread rule: one seal of a data set at a time.

#include <ctime>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "crypto/key.h"
#include "lineage/comparison.h"
#include "lineage/statement.h"
#include "provenance/verifier.h"

namespace bartizan::lineage {

/// Where the manifest of a data set lies unless the caller says otherwise: beside it.
std::filesystem::path default_manifest(const std::filesystem::path& data_set);
std::filesystem::path default_seal(const std::filesystem::path& manifest);

/// What a description (Croissant) says of a file.
struct Described {
    std::string sha256;  ///< empty: not told
    std::string source;  ///< empty: not told
};

struct SealRequest {
    std::filesystem::path data_set, manifest, seal;
    Reading reading;
    Origin origin = {};  ///< of what this run adds or replaces
    std::vector<Parent> derived_from = {};
    Card card = {};
    std::map<std::string, Described> described = {};  ///< by item id
    Times times = Times::ignore;                      ///< trust: also writes down the times that the next run may trust
    bool fresh = false;                               ///< begin anew, whatever was sealed before
    std::string sealed_at;                            ///< RFC 3339
};

struct Sealed {
    SealStatement statement;
    std::uint64_t same = 0, added = 0, changed = 0, removed = 0;
    std::uint64_t reused = 0;  ///< of the same, not read again
    std::vector<std::string> warnings = {};
};

/// Fails with `invalid_input` (something that cannot be an item, a digest other than described, two rows with one id),
/// `denied` when the manifest that is there was not sealed by this key or was altered, `conflict` when it was cut into
/// items in another way.
Result<Sealed> seal(const SealRequest& request, const crypto::PrivateKey& key, const RunContext& context);

/// A manifest whose seal holds.
struct SealedManifest {
    provenance::Signer signer;
    SealStatement statement;
    bool in_order = true;
};

/// Checks the signature, then the manifest against it, line by line. Fails with `denied` and the reason when it does
/// not hold, `not_found` when there is no manifest.
Result<SealedManifest> open_sealed(const std::filesystem::path& manifest, const std::filesystem::path& seal,
                                   const provenance::Trust& trust);

/// What the seal of a manifest says, whoever signed it. Fails as reading does.
Result<SealStatement> read_unchecked_seal(const std::filesystem::path& seal);

}  // namespace bartizan::lineage
