#pragma once
/// Models and data sets: versions that never change, the aliases that point to them, and the gates, quarantine and
/// rollback that move those. Who may ask is decided before; what is asked goes into the ledger with its change.
/// Thread rule: all members may be called from any thread, and by several processes on one database.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

#include "bartizan/result.h"
#include "journal/journal.h"
#include "registry/gates.h"
#include "registry/model.h"
#include "store/blobs.h"
#include "store/database.h"

namespace bartizan::registry {

inline constexpr std::uint64_t kLargestAttachment = std::uint64_t{64} << 20;

struct NewVersion {
    std::string file_name;
    std::string note = {};
    std::optional<InputRange> input_range = {};
    std::vector<Link> links = {};
    std::string sidecar = {};  ///< its content; empty: none
};

/// May what is quarantined be read?
enum class Reader : std::uint8_t { ordinary, security };

/// What `collect` keeps beside everything that is referenced.
struct Retention {
    std::int64_t newest = 3;  ///< versions of each asset
    std::int64_t days = 30;   ///< since a version was made
};

class Registry final {
public:
    /// Seconds since 1970.
    using Clock = std::function<std::int64_t()>;
    /// Both must outlive the registry.
    Registry(journal::Journal& journal, store::Blobs& blobs, Clock clock);

    // Reading. `not_found` for what is not there.
    Result<std::vector<AssetState>> assets(Kind kind);
    Result<AssetState> asset(const AssetId& id);
    Result<Version> version(const VersionId& id);
    /// Newest first.
    Result<std::vector<Version>> versions(const AssetId& id);
    /// Newest first.
    Result<std::vector<Move>> moves(const AssetId& id);
    /// Which versions were made from this one.
    Result<std::vector<VersionId>> made_from(const VersionId& id);
    /// The content of a version (`role` empty) or of what is attached. Fails with `denied` when it is quarantined and
    /// the reader is ordinary, `not_found` when it was removed.
    Result<void> read(const VersionId& id, const std::string& role, Reader reader, const store::Blobs::Sink& sink);
    Result<std::string> content(const VersionId& id, const std::string& role, Reader reader);

    // Changing; `actor` is the principal.
    /// The next version of an asset, which is made when it is new; `candidate` moves to it.
    Result<Version> push(const std::string& actor, const AssetId& id, const NewVersion& fresh,
                         const store::Blobs::Source& content);
    /// Fails with `invalid_input` for a role that is none, or a sidecar: that belongs to the version as it was pushed.
    Result<void> attach(const std::string& actor, const VersionId& id, const std::string& role,
                        const std::string& content);
    Result<void> add_check(const VersionId& id, const Check& check);
    /// Moves an alias. `production`: fails with `denied` and what is missing when gates are not passed, unless
    /// `override_reason` says why that does not matter. `conflict` for what is quarantined or removed.
    Result<void> promote(const std::string& actor, const VersionId& id, const std::string& alias, const Gates& gates,
                         const std::string& reason, const std::string& override_reason = {});
    /// Moves an alias back to where it pointed before, past what is quarantined or removed; gives that version.
    Result<std::int64_t> rollback(const std::string& actor, const AssetId& id, const std::string& alias,
                                  const std::string& reason);
    /// Nobody but `security` reads it from now on. `number` 0: the whole asset.
    Result<void> quarantine(const std::string& actor, const AssetId& id, std::int64_t number,
                            const std::string& reason);
    Result<void> release(const std::string& actor, const AssetId& id, std::int64_t number, const std::string& reason);
    /// Removes the content of versions that nothing refers to: no alias, no rollback of production, no lineage of a
    /// version that is kept, no quarantine (it is evidence), and which are neither new nor among the newest. Only one
    /// process of several on one folder of blobs may do so at a time.
    Result<std::vector<VersionId>> collect(const std::string& actor, const Retention& retention);

private:
    Result<void> set_quarantine(const std::string& actor, const AssetId& id, std::int64_t number,
                                const std::optional<std::string>& quarantine, const std::string& reason);
    Result<void> remove_unused();

    journal::Journal& journal_;
    store::Blobs& blobs_;
    Clock clock_;
    std::shared_mutex blobs_in_use_;  ///< shared: a blob becomes referenced; alone: blobs are removed
};

/// What differs between two versions, as JSON: members "file", "input_range", "checks", "attachments", "lineage" with
/// "before" and "after", and "same_content". Pure.
Json difference(const Version& before, const Version& after);

}  // namespace bartizan::registry
