#include "governance/governance.h"

#include <algorithm>
#include <map>

namespace bartizan::governance {

Governance::Governance(journal::Journal& journal, Framework framework, Clock clock)
    : framework_(std::move(framework)),
      clock_(clock),
      book_(journal, framework_, clock),
      inventory_(journal, clock),
      waivers_(journal, framework_, clock) {}

Result<std::unique_ptr<Governance>> Governance::open(journal::Journal& journal, Clock clock,
                                                     std::span<const std::pair<std::string, std::string>> own) {
    std::unique_ptr<Governance> out(new Governance(journal, BARTIZAN_TRY(Framework::make(own)), std::move(clock)));
    BARTIZAN_TRY_WITHIN(out->book_.refresh(), "the evidence that there is");
    return out;
}

template <class Work>
auto Governance::with_basis(Work&& work) -> decltype(work(std::declval<const Basis&>())) {
    BARTIZAN_TRY(book_.refresh());
    const auto subjects = BARTIZAN_TRY(inventory_.subjects());
    const auto waivers = BARTIZAN_TRY(waivers_.list(true));
    return work(Basis{framework_, book_, *subjects, waivers, clock_()});
}

Result<Matrix> Governance::matrix(const MatrixQuery& query) {
    return with_basis([&](const Basis& basis) -> Result<Matrix> { return make_matrix(basis, query); });
}

Result<Json> Governance::control(const std::string& id, const std::string& asset, std::size_t most) {
    const auto at = framework_.requirement_index(id);
    if (!at)
        return Error(Errc::not_found, "there is no requirement '" + id.substr(0, 120) + "'", "bartizan control list");
    return with_basis([&](const Basis& basis) -> Result<Json> {
        const Requirement& requirement = framework_.requirements()[*at];
        const Catalogue& catalogue = framework_.catalogues()[requirement.catalogue];
        std::map<std::int64_t, Evidence> shown;
        Json subjects = Json::array();
        for (const Cell& cell : cells_of(basis, *at, asset, most)) {
            const Subject& subject = basis.subjects[cell.subject];
            Json one = {{"subject", subject.name}, {"digest", subject.digest}, {"state", to_string(cell.state)}};
            if (!cell.waived.empty()) one["waived"] = cell.waived;
            Json parts = Json::array();
            for (const Cell::Part& part : cell.parts) {
                const bool attests = requirement.must == 0 && part.must;
                Json row = {
                    {"check", attests ? std::string(kAttests) + requirement.id : framework_.checks()[part.check].id},
                    {"role", part.must ? "must" : "may"},
                    {"state", to_string(part.state)},
                    {"evidence", Json()}};
                if (part.evidence > 0) {
                    const Evidence evidence = BARTIZAN_TRY(book_.by_number(part.evidence));
                    row["evidence"] = {{"id", evidence.id},
                                       {"verdict", to_string(evidence.verdict)},
                                       {"collected", evidence.collected},
                                       {"expires", evidence.expires},
                                       {"summary", evidence.summary}};
                }
                parts.push_back(std::move(row));
            }
            one["checks"] = std::move(parts);
            subjects.push_back(std::move(one));
        }
        Json out = {{"requirement", requirement.id},       {"title", requirement.title},
                    {"scheme", catalogue.title},           {"licence", catalogue.licence},
                    {"mapping", catalogue.mapping_status}, {"subjects", std::move(subjects)}};
        if (requirement.must == 0) out["note"] = "no test bears on it: it is attested by documents at most";
        return out;
    });
}

Result<Standing> Governance::standing(const Subject& subject, const std::string& scheme) {
    BARTIZAN_TRY(book_.refresh());
    Standing out{.subject = subject, .at = clock_()};
    const std::vector<Subject> alone{subject};
    const auto waivers = BARTIZAN_TRY(waivers_.list(true));
    const Basis basis{framework_, book_, alone, waivers, out.at};
    for (std::size_t i = 0; i < framework_.requirements().size(); ++i) {
        if (!scheme.empty() && framework_.catalogues()[framework_.requirements()[i].catalogue].scheme != scheme)
            continue;
        for (Cell& cell : cells_of(basis, i, subject.asset, 1)) out.asked.push_back({i, std::move(cell)});
    }
    for (const Waiver& waiver : waivers)
        if (waiver.holds_for(subject.asset)) out.waivers.push_back(waiver);
    std::vector<std::int64_t> numbers;
    {
        const EvidenceBook::Reader reader(book_);
        for (const Newest& one : reader.of(subject.digest)) numbers.push_back(one.number);
    }
    for (const std::int64_t number : numbers) out.evidence.push_back(BARTIZAN_TRY(book_.by_number(number)));
    std::ranges::sort(out.evidence, {}, &Evidence::check);
    return out;
}

Json Governance::catalogues() const {
    Json list = Json::array();
    for (const Catalogue& one : framework_.catalogues()) {
        Json row = {{"scheme", one.scheme},
                    {"version", one.version},
                    {"title", one.title},
                    {"publisher", one.publisher},
                    {"licence", one.licence},
                    {"source", one.source},
                    {"requirements", one.count},
                    {"mapping", {{"version", one.mapping_version}, {"status", one.mapping_status}}}};
        if (!one.sector.empty()) row["sector"] = one.sector;
        if (!one.note.empty()) row["note"] = one.note;
        list.push_back(std::move(row));
    }
    return list;
}

Json Governance::checks() const {
    Json list = Json::array();
    for (const Capability& capability : framework_.capabilities()) {
        Json checks = Json::array(), subjects = Json::array();
        for (const std::size_t at : capability.checks) {
            const Check& check = framework_.checks()[at];
            Json one = {{"check", check.id}, {"title", check.title}};
            if (check.at_least) one["at_least"] = *check.at_least;
            if (check.at_most) one["at_most"] = *check.at_most;
            checks.push_back(std::move(one));
        }
        for (const SubjectKind kind : {SubjectKind::model, SubjectKind::data, SubjectKind::organisation})
            if (capability.subjects[static_cast<std::size_t>(kind)]) subjects.push_back(to_string(kind));
        list.push_back({{"capability", capability.id},
                        {"title", capability.title},
                        {"method", to_string(capability.method)},
                        {"valid_days", capability.valid_days},
                        {"subjects", subjects},
                        {"checks", checks}});
    }
    return list;
}

}  // namespace bartizan::governance
