#include "gateway/state.h"

#include <chrono>
#include <cstring>

#include "core/file.h"
#include "governance/governance.h"
#include "registers/registers.h"

namespace bartizan::gateway {
namespace {

constexpr std::string_view kOrigin = "bartizan/service";
constexpr std::uint64_t kLongestSecret = 4096;

std::int64_t seconds_now() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::seconds>(now).count();
}

Result<void> make_private_folder(const std::filesystem::path& path) {
    BARTIZAN_TRY(make_folder(path));
    std::error_code error;
    std::filesystem::permissions(path, std::filesystem::perms::owner_all, error);
    if (error) return system_failure(error.value(), "cannot protect", path);
    return {};
}

/// The content of a private file, which `make` makes when it is not there.
template <class Make>
Result<std::string> secret_file(const std::filesystem::path& path, const Make& make) {
    if (std::filesystem::exists(path)) return read_file(path, kLongestSecret);
    const std::string fresh = BARTIZAN_TRY(make());
    BARTIZAN_TRY(write_new_private_file(path, fresh));
    return fresh;
}

Result<crypto::PrivateKey> ledger_key(const std::filesystem::path& path) {
    const std::string pem = BARTIZAN_TRY(secret_file(path, []() -> Result<std::string> {
        const auto key = BARTIZAN_TRY(crypto::PrivateKey::generate(crypto::KeyType::ed25519));
        return std::string(BARTIZAN_TRY(key.pem({})).text());
    }));
    return crypto::PrivateKey::from_pem(pem, {});
}

Result<std::unique_ptr<governance::Governance>> open_governance(const Config& config, journal::Journal& journal) {
    std::vector<std::pair<std::string, std::string>> own;
    for (const std::filesystem::path& path : config.catalogues)
        own.emplace_back(path.string(),
                         BARTIZAN_TRY_WITHIN(read_file(path, governance::kLongestCatalogue), "a catalogue"));
    return governance::Governance::open(journal, seconds_now, own);
}

Result<crypto::Secret> make_admin(access::Access& access) {
    BARTIZAN_TRY(access.add_principal("setup", {"admin", access::PrincipalKind::person}));
    BARTIZAN_TRY(access.grant("setup", "admin", {access::Role::admin, "*"}));
    return BARTIZAN_TRY(access.add_key("setup", {"admin", "first key"})).text();
}

}  // namespace

State::State() = default;
State::~State() = default;

Result<std::unique_ptr<State>> State::open(const Config& config) {
    auto state = std::make_unique<State>();
    state->folder = config.state;
    const auto secrets = config.state / "secrets";
    BARTIZAN_TRY(make_private_folder(config.state));
    BARTIZAN_TRY(make_private_folder(secrets));
    auto key = BARTIZAN_TRY_WITHIN(ledger_key(secrets / "ledger.key"), "the ledger's key");
    state->ledger = BARTIZAN_TRY_WITHIN(
        ledger::Ledger::open(config.state / "ledger", {std::string(kOrigin), std::move(key)}), "the ledger");
    const std::string address = config.store.empty() ? (config.state / "state.db").string() : config.store;
    state->database = BARTIZAN_TRY_WITHIN(store::Database::open(address), "the database");
    BARTIZAN_TRY_WITHIN(state->database->migrate(), "the database");
    auto master = BARTIZAN_TRY_WITHIN(store::MasterKey::open(secrets / "master.key"), "the master key");
    state->blobs = BARTIZAN_TRY(store::Blobs::open(config.state / "blobs", std::move(master)));
    state->journal = BARTIZAN_TRY(journal::Journal::open(*state->database, *state->ledger));
    state->registry = std::make_unique<registry::Registry>(*state->journal, *state->blobs, seconds_now);
    std::string pepper =
        BARTIZAN_TRY(secret_file(secrets / "pepper", []() -> Result<std::string> { return access::random_hex(32); }));
    state->access = BARTIZAN_TRY(
        access::Access::open(*state->journal, access::KeyHasher(crypto::Secret(std::move(pepper))), seconds_now));
    state->governance = BARTIZAN_TRY(open_governance(config, *state->journal));
    state->registers = BARTIZAN_TRY(registers::Registers::open(*state->journal, *state->governance, seconds_now));
    const std::string noise =
        BARTIZAN_TRY(secret_file(secrets / "policy", []() -> Result<std::string> { return access::random_hex(16); }));
    if (noise.size() != state->policy_key.size()) return invalid_input("the secret 'policy' has not its 32 characters");
    std::memcpy(state->policy_key.data(), noise.data(), noise.size());
    if (state->access->people()->principals().empty()) state->admin_key = BARTIZAN_TRY(make_admin(*state->access));
    return state;
}

}  // namespace bartizan::gateway
