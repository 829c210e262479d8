#pragma once
/// Everything that the service remembers, in one folder: `state.db` (or a PostgreSQL elsewhere), `blobs/`, `ledger/`,
/// and `secrets/` (the master key of the blobs, the ledger's signing key, the key under which API keys are hashed), for
/// the owner alone.

#include <filesystem>
#include <memory>
#include <optional>

#include "access/access.h"
#include "bartizan/result.h"
#include "crypto/secret.h"
#include "gateway/config.h"
#include "journal/journal.h"
#include "ledger/ledger.h"
#include "registry/registry.h"
#include "store/blobs.h"
#include "store/database.h"

namespace bartizan::governance {
class Governance;
}
namespace bartizan::registers {
class Registers;
}

namespace bartizan::gateway {

struct State {
    State();
    ~State();
    /// Makes what is not there. Fails with `conflict` when another process uses the folder.
    static Result<std::unique_ptr<State>> open(const Config& config);

    std::filesystem::path folder;
    std::unique_ptr<store::Database> database;
    std::unique_ptr<store::Blobs> blobs;
    std::unique_ptr<ledger::Ledger> ledger;
    std::unique_ptr<journal::Journal> journal;
    std::unique_ptr<registry::Registry> registry;
    std::unique_ptr<access::Access> access;
    std::unique_ptr<governance::Governance> governance;
    std::unique_ptr<registers::Registers> registers;
    policy::Key policy_key{};  ///< of noise in answers: the same after a restart, or noise would average out
    /// Of the admin that was made because there was nobody: told once.
    std::optional<crypto::Secret> admin_key;
};

}  // namespace bartizan::gateway
