#include "lineage/verify.h"

namespace bartizan::lineage {
namespace {

Difference difference_of(const Pair& pair, Change change) {
    Difference out{change, pair.id(), {}, {}, {}};
    if (pair.sealed) out.expected = pair.sealed->item.sha256;
    if (pair.found) out.found = pair.found->item.sha256;
    if (change == Change::changed) out.what = pair.what_changed();
    if (change == Change::unreadable) out.what = pair.found->refused;
    return out;
}

std::uint64_t& count_of(Verdict& verdict, Change change) {
    switch (change) {
        case Change::changed:
            return verdict.changed;
        case Change::missing:
            return verdict.missing;
        case Change::added:
            return verdict.added;
        case Change::unreadable:
            return verdict.unreadable;
        default:
            return verdict.same;
    }
}

std::string reason_of(const Verdict& verdict) {
    if (verdict.verified) return "all " + std::to_string(verdict.same) + " items are as they were sealed";
    std::string reason = "the data set is not what was sealed: ";
    reason += std::to_string(verdict.changed) + " changed, " + std::to_string(verdict.missing) + " missing, " +
              std::to_string(verdict.added) + " added";
    if (verdict.unreadable > 0) reason += ", " + std::to_string(verdict.unreadable) + " unreadable";
    return reason;
}

}  // namespace

Result<Verdict> verify(const VerifyRequest& request, const RunContext& context,
                       const std::function<Result<void>(const Difference&)>& tell) {
    Verdict verdict;
    BARTIZAN_TRY(unit_of(request.data_set));
    auto sealed = open_sealed(request.manifest, request.seal, request.trust);
    if (!sealed.ok()) {
        if (sealed.error().code() != Errc::denied && sealed.error().code() != Errc::unsupported) return sealed.error();
        verdict.reason = sealed.error().line();
        return verdict;
    }
    verdict.signer = std::move(sealed->signer);
    verdict.statement = std::move(sealed->statement);
    const Reading& reading = verdict.statement->reading;
    auto entries = BARTIZAN_TRY(
        SortedManifest::open(request.manifest, id_rule(reading.unit), sealed->in_order, default_scratch()));
    auto items = open_items(request.data_set, reading, default_scratch(), context);
    if (!items.ok() && items.error().code() == Errc::invalid_input) {
        verdict.reason = "the data set cannot be read as it was sealed: " + items.error().line();
        return verdict;
    }
    if (!items.ok()) return items.error();
    const auto compared =
        compare(&entries, **items, request.times, verdict.statement->items, context, [&](Pair& pair) -> Result<void> {
            const Change change = pair.change();
            ++count_of(verdict, change);
            verdict.reused += pair.reused ? 1 : 0;
            return change == Change::same ? Result<void>() : tell(difference_of(pair, change));
        });
    if (!compared.ok() && compared.error().code() == Errc::invalid_input) {
        verdict.reason = compared.error().line();  // a double id, in the manifest or in the rows
        return verdict;
    }
    if (!compared.ok()) return compared.error();
    verdict.verified = verdict.changed + verdict.missing + verdict.added + verdict.unreadable == 0;
    verdict.reason = reason_of(verdict);
    return verdict;
}

}  // namespace bartizan::lineage
