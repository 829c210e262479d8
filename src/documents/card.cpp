#include "documents/card.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include <fmt/format.h>

#include "core/time_text.h"

namespace bartizan::documents {
namespace card {
namespace {

using governance::Evidence;
using governance::State;
using governance::Verdict;

std::string day(std::int64_t seconds) { return utc_text(static_cast<std::time_t>(seconds)).substr(0, 10); }

struct Prompt {
    const char *name, *title, *text;
};
constexpr Prompt kModelPrompts[] = {
    {"intended-use", "Intended use", "what the model is for, who uses it, which decisions rest on it"},
    {"out-of-scope", "Out of scope", "what it must not be used for, and why"},
    {"training-data", "Training data", "what it was trained on, who is in the data, how it was chosen"},
    {"ethical-considerations", "Ethical considerations", "whom it may harm, and what was done about that"},
    {"caveats", "Caveats and recommendations", "what users must know that no test shows"},
    {"contact", "Contact", "who answers questions, and who is told of harm"},
};
constexpr Prompt kDataPrompts[] = {
    {"description", "Description", "what the data set is, in two sentences"},
    {"motivation", "Motivation", "for what purpose, by whom and with whose money it was made"},
    {"composition", "Composition", "what an item is, how many there are, what is missing, who is in it"},
    {"collection", "Collection process", "how it was acquired, over what time, with whose consent"},
    {"preprocessing", "Preprocessing, cleaning, labelling", "what was done to it, by whom, and where the raw data are"},
    {"uses", "Uses", "what it has been used for, and what it should not be used for"},
    {"biases", "Biases", "who or what is over- or under-represented"},
    {"personal-data", "Personal and sensitive data", "which there are, on which legal ground"},
    {"distribution", "Distribution", "who gets it, how, under which conditions"},
    {"licence", "Licence", "the licence alone, as SPDX names it or as an address: CC-BY-4.0"},
    {"url", "Address", "where the data set is told of, one address alone"},
    {"creators", "Creators", "one name a line"},
    {"citation", "Citation", "how to cite it"},
    {"maintenance", "Maintenance", "who keeps it, how errors are told, when it is updated or withdrawn"},
    {"contact", "Contact", "who answers questions"},
};

Section details(const Facts& facts, Audience audience) {
    const registry::Version& version = *facts.version;
    Section out{.name = "details", .title = "Details"};
    out.facts = {{"Name", version.id.asset.name},
                 {"Version", std::to_string(version.id.number)},
                 {"SHA-256", version.digest},
                 {"Date", day(version.created)}};
    if (audience == Audience::internal) {
        out.facts.emplace_back("File", fmt::format("{}, {} bytes", version.file_name, version.bytes));
        out.facts.emplace_back("Registered by", version.created_by);
        out.facts.emplace_back("Stage", version.stage);
        if (version.input_range)
            out.facts.emplace_back("Inputs lie within",
                                   fmt::format("{} to {}", version.input_range->low, version.input_range->high));
        if (!version.note.empty()) out.facts.emplace_back("Note", version.note);
        if (version.quarantine) out.facts.emplace_back("Quarantined", *version.quarantine);
    }
    if (!facts.organisation.empty()) out.facts.emplace_back("Published by", facts.organisation);
    return out;
}

Section inventory(const Facts& facts, Audience audience) {
    const governance::Profile& told = facts.profile;
    Section out{.name = "inventory", .title = "What the inventory says"};
    const auto add = [&](const char* name, const std::string& value) {
        if (!value.empty()) out.facts.emplace_back(name, value);
    };
    add("Purpose", told.purpose);
    add("Takes", told.modality);
    add("Sector", told.sector);
    add("Risk class (EU AI Act)", told.risk_class);
    if (audience == Audience::internal) {
        add("Owner", told.owner);
        add("Supplied by", told.vendor);
        add("Who can call it", told.exposure);
        if (told.criticality > 0) add("Criticality", fmt::format("{} of 5", told.criticality));
        std::string classes;
        for (const std::string& one : told.data_classes) classes += (classes.empty() ? "" : ", ") + one;
        add("Classes of data", classes);
    }
    if (out.facts.empty())
        out.paragraphs.push_back("Nobody has described it: bartizan inventory set " + facts.standing.subject.asset);
    return out;
}

Section lineage(const Facts& facts) {
    Section out{.name = "lineage", .title = "Lineage"};
    for (const registry::Link& link : facts.version->links) {
        std::string relation = link.relation;
        std::ranges::replace(relation, '_', ' ');
        out.list.push_back(relation + " " + link.source.text());
    }
    for (const registry::VersionId& one : facts.made_from_it) out.list.push_back("from it was made " + one.text());
    if (out.list.empty()) out.paragraphs.emplace_back("Nobody told what it was made from.");
    return out;
}

Section evidence(const Facts& facts, Audience audience) {
    Section out{.name = "evidence", .title = "Evidence"};
    const bool inside = audience == Audience::internal;
    out.table.header = {"Check", "Result", "Number", "Collected", "Holds until", "Evidence"};
    if (inside) out.table.header.insert(out.table.header.end() - 1, "What it showed");
    for (const Evidence& one : facts.standing.evidence) {
        const governance::Check* check = facts.framework->check(one.check);
        const std::string number = withheld(facts, one, audience) ? "kept back" : value_text(one);
        std::vector<std::string> row{check == nullptr ? one.check : fmt::format("{} ({})", check->title, one.check),
                                     result_word(facts, one),
                                     number,
                                     day(one.collected),
                                     day(one.expires),
                                     one.id};
        if (inside) row.insert(row.end() - 1, one.summary);
        out.table.rows.push_back(std::move(row));
    }
    out.paragraphs.emplace_back(out.table.rows.empty()
                                    ? "There is no evidence about this version."
                                    : "Numbers stand with their 95 % interval and the number of samples. Each piece of "
                                      "evidence is bound to the SHA-256 above and stands in a ledger.");
    return out;
}

/// What explanations are worth, from the one check that measures it.
Section explanations(const Facts& facts, Audience audience) {
    Section out{.name = "explanations", .title = "Explanations"};
    const Evidence* one = facts.evidence_of("explain.fidelity");
    if (one == nullptr) {
        out.paragraphs.emplace_back("Whether explanations of this model say what it does was not measured.");
        return out;
    }
    out.paragraphs.push_back(
        fmt::format("Whether explanations say what the model does: {} [{}].", result_word(facts, *one), one->id));
    if (const std::string number = cited_number(facts, "explain.fidelity", audience); !number.empty())
        out.facts.emplace_back("Deletion lift over random order", number);
    return out;
}

Section not_shown(const Facts& facts) {
    Section out{.name = "not-shown", .title = "Not shown"};
    for (const std::size_t at : facts.checks()) {
        const governance::Check& check = facts.framework->checks()[at];
        if (facts.evidence_of(check.id) == nullptr) out.list.push_back(fmt::format("{} ({})", check.title, check.id));
    }
    if (!out.list.empty())
        out.paragraphs.emplace_back(
            "These checks are asked of it and there is no evidence of them. That is not the same as "
            "a good result.");
    else
        out.paragraphs.emplace_back("There is evidence of every check that is asked of it.");
    return out;
}

Section limitations(const Facts& facts) {
    Section out{.name = "limitations", .title = "Limitations of the evidence"};
    for (const Evidence& one : facts.standing.evidence)
        for (const std::string& limit : one.limitations)
            out.list.push_back(fmt::format("{}: {} [{}]", one.check, limit, one.id));
    if (out.list.empty()) out.paragraphs.emplace_back("The evidence names none.");
    return out;
}

Section requirements(const Facts& facts) {
    std::map<std::size_t, std::array<std::size_t, governance::kStates + 1>> counts;
    for (const auto& asked : facts.standing.asked) {
        auto& row = counts[facts.requirement(asked).catalogue];
        ++row[asked.cell.waived.empty() ? static_cast<std::size_t>(asked.cell.state) : governance::kStates];
    }
    Section out{.name = "requirements", .title = "Requirements"};
    out.table.header = {"Catalogue", "failing", "unknown", "stale", "attested", "met", "set aside"};
    for (const auto& [at, row] : counts) {
        const governance::Catalogue& one = facts.framework->catalogues()[at];
        std::vector<std::string> cells{one.title + " " + one.version};
        for (const std::size_t number : row) cells.push_back(std::to_string(number));
        out.table.rows.push_back(std::move(cells));
    }
    out.paragraphs.emplace_back(
        "How many requirements are in which state. Evidence bears on a requirement; that does not say "
        "that it is fulfilled.");
    for (const governance::Waiver& one : facts.standing.waivers)
        out.list.push_back(fmt::format("set aside until {}: {}, for {} ({})", day(one.expires), one.requirement,
                                       one.reason, one.owner));
    return out;
}

Section incidents(const Facts& facts) {
    Section out{.name = "incidents", .title = "Incidents"};
    for (const incident::Incident& one : facts.incidents)
        out.list.push_back(fmt::format("{} {}: {}, {}, {}", day(one.opened), one.number, one.threat, one.severity,
                                       incident::to_string(one.state)));
    if (out.list.empty()) out.paragraphs.emplace_back("None names it.");
    return out;
}

Section kept_back(const Facts& facts) {
    Section out{.name = "kept-back", .title = "What this public card leaves out"};
    out.paragraphs.emplace_back(
        "Files, lineage, people, tools and their parameters, single requirements and incidents (MITRE ATLAS AML.M0000, "
        "AML.M0001).");
    for (const Evidence& one : facts.standing.evidence)
        if (withheld(facts, one, Audience::published))
            out.list.push_back(fmt::format("the number of {}, which did not pass [{}]", one.check, one.id));
    return out;
}

}  // namespace
}  // namespace card

std::string_view to_string(Audience audience) { return audience == Audience::internal ? "internal" : "public"; }

Result<Audience> audience_from(std::string_view word) {
    for (const Audience one : {Audience::internal, Audience::published})
        if (to_string(one) == word) return one;
    return invalid_input("'" + std::string(word.substr(0, 40)) + "' is no audience", "internal or public");
}

std::string result_word(const Facts& facts, const governance::Evidence& one) {
    if (one.disputed) return "disputed";
    const std::string word(governance::to_string(one.verdict));
    return governance::state_of(one, facts.now()) == governance::State::stale ? word + ", expired" : word;
}

std::string card_title(const Facts& facts) {
    return facts.standing.subject.kind == governance::SubjectKind::data ? "Data sheet" : "Model card";
}

bool withheld(const Facts&, const governance::Evidence& evidence, Audience audience) {
    if (audience == Audience::internal || !evidence.value || evidence.verdict == governance::Verdict::pass)
        return false;
    // Of these every reader may know the number: it helps who is affected, and nobody who attacks.
    constexpr std::string_view kTold[] = {"fairness.groups", "explain.fidelity", "data.quality"};
    return std::ranges::find(kTold, evidence.check) == std::end(kTold);
}

std::string cited_number(const Facts& facts, const std::string& check, Audience audience) {
    const governance::Evidence* one = facts.evidence_of(check);
    if (one == nullptr || withheld(facts, *one, audience)) return {};
    const std::string value = value_text(*one);
    return fmt::format("{} [{}]", value.empty() ? std::string(governance::to_string(one->verdict)) : value, one->id);
}

std::vector<CardPart> card_parts(const Facts& facts, Audience audience) {
    const bool data = facts.standing.subject.kind == governance::SubjectKind::data;
    const bool inside = audience == Audience::internal;
    std::vector<CardPart> out;
    const auto known = [&](Section section) { out.push_back({false, std::move(section), {}}); };
    known(card::details(facts, audience));
    known(card::inventory(facts, audience));
    const auto ask = [&](std::span<const card::Prompt> prompts) {
        for (const card::Prompt& one : prompts)
            out.push_back(
                {true, {.name = one.name, .title = one.title}, std::string("To be written: ") + one.text + "."});
    };
    if (data)
        ask(card::kDataPrompts);
    else
        ask(card::kModelPrompts);
    if (inside) known(card::lineage(facts));
    known(card::evidence(facts, audience));
    if (!data) known(card::explanations(facts, audience));
    known(card::limitations(facts));
    known(card::not_shown(facts));
    if (inside) {
        known(card::requirements(facts));
        known(card::incidents(facts));
    } else {
        known(card::kept_back(facts));
    }
    return out;
}

}  // namespace bartizan::documents
