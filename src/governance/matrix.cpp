#include "governance/matrix.h"

#include <algorithm>
#include <optional>

namespace bartizan::governance {
namespace {

using WaiversOf = std::map<std::size_t, std::vector<const Waiver*>>;

WaiversOf by_requirement(const Basis& basis) {
    WaiversOf out;
    for (const Waiver& waiver : basis.waivers)
        if (const auto at = basis.framework.requirement_index(waiver.requirement)) out[*at].push_back(&waiver);
    return out;
}

const Waiver* waiver_for(const WaiversOf& waivers, std::size_t requirement, const std::string& asset) {
    const auto found = waivers.find(requirement);
    if (found == waivers.end()) return nullptr;
    const auto holds = std::ranges::find_if(found->second, [&](const Waiver* one) { return one->holds_for(asset); });
    return holds == found->second.end() ? nullptr : *holds;
}

bool wanted(const Catalogue& catalogue, const MatrixQuery& query) {
    if (!query.scheme.empty() && catalogue.scheme != query.scheme) return false;
    return query.sector.empty() || catalogue.sector.empty() || catalogue.sector == query.sector;
}

/// The state of a requirement for a subject; nothing when it is not asked of it.
std::optional<State> state_for(const Basis& basis, const Subject& subject, const CapabilityStates& states,
                               std::size_t requirement, std::span<const Newest> evidence) {
    const CapabilitySet must = basis.framework.requirements()[requirement].must;
    if (must == 0) {
        if (subject.kind != SubjectKind::organisation) return {};
        return attestation(requirement, evidence, basis.now);
    }
    const CapabilitySet needed = must & states.asked;
    if (needed == 0) return {};
    return worst(states, needed);
}

void count(MatrixRow& row, State state, const Waiver* waiver) {
    ++row.asked;
    if (waiver != nullptr) {
        ++(waiver->kind == "not_applicable" ? row.not_applicable : row.waived);
        return;
    }
    ++row.in[static_cast<std::size_t>(state)];
    row.worst = std::min(row.worst, state);
}

}  // namespace

Matrix make_matrix(const Basis& basis, const MatrixQuery& query) {
    Matrix out{.now = basis.now};
    const auto& requirements = basis.framework.requirements();
    for (std::size_t i = 0; i < requirements.size(); ++i)
        if (wanted(basis.framework.catalogues()[requirements[i].catalogue], query))
            out.rows.push_back({.requirement = i});
    const WaiversOf waivers = by_requirement(basis);
    // Requirements that must have the same have the same states, unless something is waived: one count for all of them.
    std::map<CapabilitySet, MatrixRow> alike;
    std::vector<MatrixRow*> apart;
    for (MatrixRow& row : out.rows) {
        const CapabilitySet must = requirements[row.requirement].must;
        if (must == 0 || waivers.contains(row.requirement))
            apart.push_back(&row);
        else
            alike.try_emplace(must, row);
    }
    const EvidenceBook::Reader reader(basis.book);
    for (const Subject& subject : basis.subjects) {
        if (!query.asset.empty() && subject.asset != query.asset) continue;
        ++out.subjects;
        const auto evidence = reader.of(subject.digest);
        const CapabilityStates states = capability_states(basis.framework, subject, evidence, basis.now);
        for (auto& [must, row] : alike)
            if (const CapabilitySet needed = must & states.asked; needed != 0)
                count(row, worst(states, needed), nullptr);
        for (MatrixRow* row : apart)
            if (const auto state = state_for(basis, subject, states, row->requirement, evidence))
                count(*row, *state, waiver_for(waivers, row->requirement, subject.asset));
    }
    for (MatrixRow& row : out.rows)
        if (const auto same = alike.find(requirements[row.requirement].must);
            same != alike.end() && !waivers.contains(row.requirement)) {
            const std::size_t requirement = row.requirement;
            row = same->second;
            row.requirement = requirement;
        }
    std::erase_if(out.rows, [&](const MatrixRow& row) {
        return row.asked == 0 || (!query.state.empty() && to_string(row.worst) != query.state);
    });
    return out;
}

Json to_json(const Framework& framework, const Matrix& matrix) {
    Json rows = Json::array(), schemes = Json::array();
    std::map<std::size_t, std::array<std::size_t, kStates>> totals;
    for (const MatrixRow& row : matrix.rows) {
        const Requirement& requirement = framework.requirements()[row.requirement];
        Json counts = Json::object();
        for (std::size_t state = 0; state < kStates; ++state)
            counts[std::string(to_string(static_cast<State>(state)))] = row.in[state];
        ++totals[requirement.catalogue][static_cast<std::size_t>(row.worst)];
        Json one = {{"requirement", requirement.id}, {"title", requirement.title}, {"state", to_string(row.worst)}};
        one["subjects"] = std::move(counts);
        if (row.waived > 0) one["waived"] = row.waived;
        if (row.not_applicable > 0) one["not_applicable"] = row.not_applicable;
        if (requirement.unchecked) one["unchecked"] = true;
        rows.push_back(std::move(one));
    }
    for (const auto& [catalogue, total] : totals) {
        Json counts = Json::object();
        for (std::size_t state = 0; state < kStates; ++state)
            counts[std::string(to_string(static_cast<State>(state)))] = total[state];
        const Catalogue& one = framework.catalogues()[catalogue];
        schemes.push_back({{"scheme", one.scheme + "@" + one.version}, {"title", one.title}, {"requirements", counts}});
    }
    return {{"at", matrix.now}, {"subjects", matrix.subjects}, {"schemes", schemes}, {"controls", rows}};
}

std::vector<Cell> cells_of(const Basis& basis, std::size_t requirement, const std::string& asset, std::size_t most) {
    const Requirement& asked = basis.framework.requirements()[requirement];
    const WaiversOf waivers = by_requirement(basis);
    std::vector<Cell> out;
    const EvidenceBook::Reader reader(basis.book);
    for (std::size_t i = 0; i < basis.subjects.size(); ++i) {
        const Subject& subject = basis.subjects[i];
        if (!asset.empty() && subject.asset != asset) continue;
        const auto evidence = reader.of(subject.digest);
        const CapabilityStates states = capability_states(basis.framework, subject, evidence, basis.now);
        const auto state = state_for(basis, subject, states, requirement, evidence);
        if (!state) continue;
        Cell cell{.subject = i, .state = *state};
        if (const Waiver* waiver = waiver_for(waivers, requirement, subject.asset)) cell.waived = waiver->kind;
        const auto add = [&](std::uint32_t number, std::size_t check, bool must) {
            const auto found = std::ranges::find(evidence, number, &Newest::check);
            const Newest* newest = found == evidence.end() ? nullptr : &*found;
            cell.parts.push_back({check, must, state_of(newest, basis.now), newest == nullptr ? 0 : newest->number});
        };
        if (asked.must == 0) add(kRequirementsFrom + static_cast<std::uint32_t>(requirement), requirement, true);
        const auto& capabilities = basis.framework.capabilities();
        for (std::size_t c = 0; c < capabilities.size(); ++c) {
            if (((asked.must | asked.may) & states.asked) >> c & 1U)
                for (const std::size_t check : capabilities[c].checks)
                    add(static_cast<std::uint32_t>(check), check, (asked.must >> c & 1U) != 0);
        }
        out.push_back(std::move(cell));
    }
    std::ranges::stable_sort(
        out, {}, [](const Cell& cell) { return std::pair(!cell.waived.empty(), static_cast<int>(cell.state)); });
    if (out.size() > most) out.resize(most);
    return out;
}

}  // namespace bartizan::governance
