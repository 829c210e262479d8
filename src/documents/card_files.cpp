#include "documents/card_files.h"

#include <algorithm>
#include <charconv>
#include <map>

#include <fmt/format.h>

#include "bartizan/version.h"
#include "core/json_fields.h"
#include "crypto/hash.h"
#include "documents/card_forms.h"
#include "ledger/canonical.h"

namespace bartizan::documents {
namespace card_files {
namespace {

constexpr std::string_view kPrompt = "To be written: ";

std::string digest(std::string_view text) {
    return crypto::to_hex(crypto::sha256(std::as_bytes(std::span(text)))).substr(0, 32);
}

/// What people wrote in an earlier card, and whether a hand is in the rest.
struct Earlier {
    std::string subject, audience, facts;
    Written written;
    std::vector<std::string> edited;
    std::optional<Marked> marked;                ///< of Markdown
    std::map<std::string, std::string> results;  ///< as it tells them, by evidence: "pass, expired"
};

/// Rows of the evidence table: check, result, ..., evidence. Of Markdown and of JSON alike.
void take_results(const std::vector<std::string>& row, std::map<std::string, std::string>& into) {
    if (row.size() > 2 && row.back().starts_with("ev-")) into[row.back()] = row[1];
}

void take_results(std::string_view table, std::map<std::string, std::string>& into) {
    while (!table.empty()) {
        std::string_view line = table.substr(0, table.find('\n'));
        table.remove_prefix(std::min(line.size() + 1, table.size()));
        std::vector<std::string> row;
        while (line.starts_with("| ")) {
            line.remove_prefix(2);
            const auto end = std::min(line.find(" |"), line.size());
            row.emplace_back(line.substr(0, end));
            line.remove_prefix(std::min(end + 1, line.size()));
        }
        take_results(row, into);
    }
}

bool still_asked(std::string_view text) {
    const auto at = text.find_first_not_of(" \t\r\n_#");
    return at == std::string_view::npos || text.substr(at).starts_with(kPrompt);
}

Result<Earlier> earlier_json(const std::string& text) {
    const Json json = BARTIZAN_TRY(parse_json(text, {.bytes = kLongestDocument, .depth = 16}));
    const auto fields = BARTIZAN_TRY(JsonFields::of(json, ""));
    if (!BARTIZAN_TRY(fields.text("schema")).starts_with("bartizan.card/"))
        return fields.fault("schema", "expected bartizan.card/1");
    Earlier out{.subject = BARTIZAN_TRY(fields.text("subject", 300)),
                .audience = BARTIZAN_TRY(fields.text("audience", 20)),
                .facts = BARTIZAN_TRY(fields.text("facts", 64))};
    if (const auto written = json.find("written"); written != json.end() && written->is_object())
        for (const auto& [name, value] : written->items())
            if (value.is_string() && !still_asked(value.get<std::string>()))
                out.written[name] = value.get<std::string>();
    const auto generated = json.find("generated");
    const Json::json_pointer rows("/evidence/table/rows");
    if (generated != json.end() && generated->is_object() && generated->contains(rows) &&
        generated->at(rows).is_array())
        for (const Json& one : generated->at(rows)) {
            std::vector<std::string> row;
            for (const Json& cell : one)
                if (cell.is_string()) row.push_back(cell.get<std::string>());
            take_results(row, out.results);
        }
    const std::string spelled = generated == json.end() ? "" : ledger::canonical(*generated).value_or("");
    if (BARTIZAN_TRY(fields.text_or("generated_sha256", "", 64)) != digest(spelled))
        out.edited.emplace_back("generated");
    return out;
}

Result<Earlier> earlier_of(const std::string& text) {
    if (text.size() > kLongestDocument) return exhausted("a card has at most 4 MiB");
    if (text.starts_with('{')) return earlier_json(text);
    Marked marked = BARTIZAN_TRY(parse_marked(text));
    if (marked.subject.empty())
        return invalid_input("the document does not say what it is about",
                             "a line 'bartizan:card ...' is expected: card make");
    Earlier out{.subject = marked.subject, .audience = marked.audience, .facts = marked.facts};
    for (const Segment& one : marked.segments) {
        if (one.kind == PartKind::written && !still_asked(one.body)) out.written[one.name] = one.body;
        if (one.edited) out.edited.push_back(one.name);
        if (one.kind == PartKind::generated && one.name == "evidence") take_results(one.body, out.results);
    }
    out.marked = std::move(marked);
    return out;
}

std::vector<FreshPart> fresh_parts(const Facts& facts, const std::vector<CardPart>& parts, Audience audience) {
    std::vector<FreshPart> out = front_parts(facts, audience);
    for (const CardPart& one : parts)
        out.push_back({.kind = one.written ? PartKind::written : PartKind::generated,
                       .name = one.section.name,
                       .title = one.section.title,
                       .body = one.written ? "_" + one.prompt + "_\n" : markdown_of(one.section)});
    return out;
}

/// Of everything that is generated: another one means that the card no longer says what is known.
std::string facts_digest(const std::vector<FreshPart>& parts) {
    std::string all;
    for (const FreshPart& one : parts)
        if (one.kind == PartKind::generated) all += one.name + "\n" + one.body + "\n";
    return digest(all);
}

std::vector<std::string> unwritten_of(const std::vector<CardPart>& parts, const Written& written) {
    std::vector<std::string> out;
    for (const CardPart& one : parts)
        if (one.written && !written.contains(one.section.name)) out.push_back(one.section.name);
    return out;
}

std::string joined(const std::vector<std::string>& list) {
    std::string out;
    for (const std::string& one : list) out += (out.empty() ? "" : ", ") + one;
    return out;
}

std::string card_json(const Facts& facts, const std::vector<CardPart>& parts, const Written& written, Audience audience,
                      const std::string& facts_sha) {
    Json generated = Json::object(), texts = Json::object(), numbers = Json::array();
    for (const CardPart& one : parts) {
        if (!one.written) {
            generated[one.section.name] = to_json(one.section);
            continue;
        }
        const auto found = written.find(one.section.name);
        texts[one.section.name] = found == written.end() ? one.prompt : found->second;
    }
    for (const governance::Evidence& one : facts.standing.evidence)
        if (one.value && !withheld(facts, one, audience))
            numbers.push_back({{"check", one.check},
                               {"value", *one.value},
                               {"low", one.low ? Json(*one.low) : Json()},
                               {"high", one.high ? Json(*one.high) : Json()},
                               {"samples", one.samples},
                               {"evidence", one.id}});
    generated["numbers"] = std::move(numbers);
    for (const auto& [name, text] : written)
        if (!texts.contains(name) && name != "front") texts[name] = text;
    const std::string spelled = ledger::canonical(generated).value_or("");
    return to_text({{"schema", "bartizan.card/1"},
                    {"title", card_title(facts)},
                    {"subject", facts.subject()},
                    {"audience", to_string(audience)},
                    {"tool", fmt::format("bartizan {}", kVersion)},
                    {"facts", facts_sha},
                    {"generated_sha256", digest(spelled)},
                    {"generated", std::move(generated)},
                    {"written", std::move(texts)}});
}

std::string asset_of(const std::string& subject) { return subject.substr(0, subject.rfind('@')); }

}  // namespace
}  // namespace card_files

Json to_json(const CardMade& made) {
    return {{"document", made.document},
            {"edited", made.edited},
            {"unwritten", made.unwritten},
            {"left_alone", made.left_alone},
            {"missing", made.missing}};
}
Json to_json(const CardChecked& checked) {
    return {{"state", checked.state},
            {"reasons", checked.reasons},
            {"edited", checked.edited},
            {"unwritten", checked.unwritten}};
}

Result<CardMade> make_card(const Facts& facts, const CardRequest& request) {
    using namespace card_files;
    if (!facts.version) return invalid_input("the organisation has no card", "name a model or data set");
    Earlier earlier;
    if (!request.existing.empty()) {
        earlier = BARTIZAN_TRY_WITHIN(earlier_of(request.existing), "the earlier card");
        if (card_files::asset_of(earlier.subject) != facts.standing.subject.asset)
            return invalid_input("the earlier card is of " + earlier.subject.substr(0, 100), "it stays as it is");
        if (!earlier.edited.empty() && !request.overwrite)
            return Error(Errc::conflict, "somebody changed what is generated in: " + joined(earlier.edited),
                         "move it to a part that people write, or give --overwrite");
    }
    const auto parts = card_parts(facts, request.audience);
    const auto fresh = fresh_parts(facts, parts, request.audience);
    const std::string sha = facts_digest(fresh);
    const std::string line = card_line(facts.subject(), std::string(to_string(request.audience)), sha);
    CardMade out{.edited = earlier.edited, .unwritten = unwritten_of(parts, earlier.written)};
    const NumberOf number = [&](const std::string& check) { return cited_number(facts, check, request.audience); };
    if (request.form == "json") {
        out.document = card_json(facts, parts, earlier.written, request.audience, sha);
    } else if (request.form == "html") {
        out.document = card_page(facts, parts, earlier.written, request.audience);
    } else if (request.form == "croissant") {
        out.document = to_text(BARTIZAN_TRY(croissant_of(facts, earlier.written, request.audience, out.missing)));
    } else if (request.form != "markdown") {
        return invalid_input("a card is made as markdown, json, html or croissant");
    } else if (earlier.marked && earlier.audience == to_string(request.audience)) {
        Refilled made = refilled(*earlier.marked, fresh, line, number);
        out.document = std::move(made.text);
        out.left_alone = std::move(made.left_alone);
    } else {  // for another audience nothing but what people wrote goes over: the rest was not meant for it
        auto filled = fresh;
        for (FreshPart& one : filled)
            if (const auto found = earlier.written.find(one.name); found != earlier.written.end())
                one.body = found->second;
        out.document =
            fresh_text(filled, line, fmt::format("{} of {}", card_title(facts), facts.standing.subject.asset));
    }
    return out;
}

Result<CardHead> head_of(const std::string& document) {
    const auto earlier = BARTIZAN_TRY_WITHIN(card_files::earlier_of(document), "the card");
    CardHead out{.asset = card_files::asset_of(earlier.subject),
                 .audience = BARTIZAN_TRY(audience_from(earlier.audience))};
    const std::string number = earlier.subject.substr(std::min(out.asset.size() + 1, earlier.subject.size()));
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), out.number);
    if (error != std::errc{} || end != number.data() + number.size() || out.number < 1)
        return invalid_input("the card is of '" + earlier.subject.substr(0, 100) + "', which is no version");
    return out;
}

Result<CardChecked> check_card(const Facts& facts, const std::string& document) {
    using namespace card_files;
    const Earlier earlier = BARTIZAN_TRY_WITHIN(earlier_of(document), "the card");
    const Audience audience = BARTIZAN_TRY(audience_from(earlier.audience));
    const auto parts = card_parts(facts, audience);
    const auto fresh = fresh_parts(facts, parts, audience);
    CardChecked out{.state = "current", .edited = earlier.edited, .unwritten = unwritten_of(parts, earlier.written)};
    if (!facts.asked_version.empty() && facts.asked_version != facts.subject())
        out.reasons.push_back(fmt::format("it is of {}; {} is in use now", facts.subject(), facts.asked_version));
    if (facts_digest(fresh) != earlier.facts) {
        for (const governance::Evidence& one : facts.standing.evidence) {
            const auto told = earlier.results.find(one.id);
            const std::string now = result_word(facts, one);
            if (told == earlier.results.end())
                out.reasons.push_back(fmt::format("new evidence {} of {}", one.id, one.check));
            else if (told->second != now)
                out.reasons.push_back(fmt::format("evidence {} of {} is now: {}", one.id, one.check, now));
        }
        if (out.reasons.empty()) out.reasons.emplace_back("what is known of it has changed since the card was made");
    }
    if (!out.edited.empty()) out.state = "edited";
    if (!out.reasons.empty()) out.state = "stale";
    return out;
}

}  // namespace bartizan::documents
