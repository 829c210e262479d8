#pragma once
/// The parts of governance on one journal, as the service holds them. Thread rule: that of the parts.

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "governance/evidence_book.h"
#include "governance/inventory.h"
#include "governance/matrix.h"
#include "governance/waivers.h"

namespace bartizan::governance {

/// One subject: what is asked of it, and the evidence that each state follows from.
struct Standing {
    Subject subject = {};
    std::int64_t at = 0;
    struct Asked {
        std::size_t requirement = 0;  ///< of the framework
        Cell cell = {};
    };
    std::vector<Asked> asked = {};
    std::vector<Evidence> evidence = {};  ///< the newest of each check about these bytes, by the name of the check
    std::vector<Waiver> waivers = {};     ///< that hold for its asset now
};

class Governance final {
public:
    using Clock = std::function<std::int64_t()>;
    /// `own`: catalogues of the installation, as (file name, text). The journal must outlive it.
    static Result<std::unique_ptr<Governance>> open(journal::Journal& journal, Clock clock,
                                                    std::span<const std::pair<std::string, std::string>> own = {});

    const Framework& framework() const { return framework_; }
    EvidenceBook& book() { return book_; }
    Inventory& inventory() { return inventory_; }
    Waivers& waivers() { return waivers_; }
    std::int64_t now() const { return clock_(); }

    Result<Matrix> matrix(const MatrixQuery& query);
    /// A requirement with the subjects it is asked of, the worst first, and the evidence behind each state.
    Result<Json> control(const std::string& requirement, const std::string& asset, std::size_t most);
    /// Of any version, also of one that the matrix does not ask. `scheme` empty: every catalogue.
    Result<Standing> standing(const Subject& subject, const std::string& scheme = {});
    /// What is shown of every catalogue: names, versions, licences, and how far the mapping was checked.
    Json catalogues() const;
    /// Checks by capability.
    Json checks() const;

private:
    Governance(journal::Journal& journal, Framework framework, Clock clock);
    /// What holds now, handed to `work`.
    template <class Work>
    auto with_basis(Work&& work) -> decltype(work(std::declval<const Basis&>()));

    Framework framework_;
    Clock clock_;
    EvidenceBook book_;
    Inventory inventory_;
    Waivers waivers_;
};

}  // namespace bartizan::governance
