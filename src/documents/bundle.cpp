#include "documents/bundle.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "bartizan/version.h"
#include "core/time_text.h"
#include "documents/bill.h"
#include "documents/controls.h"
#include "documents/oscal.h"
#include "formats/zip.h"
#include "ledger/copy.h"
#include "ledger/proof.h"
#include "report/sarif.h"

namespace bartizan::documents {
namespace bundle {
namespace {

using governance::Evidence;

constexpr std::size_t kMostEvidence = 1000;
/// What is attached to a version and may leave with it; never the data ("reference", "members").
constexpr std::string_view kAttached[] = {"audit", "scan", "signature", "bom", "evidence"};

constexpr std::string_view kReadme = R"(Evidence about {subject}, packed by Bartizan {version} on {made}.

index.json    every file of this archive with its SHA-256, and which proof proves which evidence
index.proof   proves that the SHA-256 of index.json stands in the ledger "{log}"
log.key       the public key of that ledger, as this archive has it
evidence/     pieces of evidence, one file each, as they were recorded
proofs/       for each of them: its entry in the ledger, the path to the root (RFC 6962), the signed head (C2SP tlog-proof)
attachments/  reports, signatures and bills of materials that were attached to the version
others        the same facts for other tools: OSCAL, CycloneDX, SARIF; cards for people

Check it, with no network and no account:

    bartizan ledger verify --pack FILE.zip --key LOG.key

LOG.key is the ledger's public key, which you should have from elsewhere: on a channel that whoever gave you this archive does
not control. With log.key of the archive itself you learn only that it fits together. Any file that was changed, removed or
added since is named.

What is in here shows which checks ran, on which bytes, with which result. It is no statement of conformity with anything.
)";

std::string with(std::string text, std::string_view name, const std::string& value) {
    const std::string place = "{" + std::string(name) + "}";
    for (std::size_t at = text.find(place); at != std::string::npos; at = text.find(place, at + value.size()))
        text.replace(at, place.size(), value);
    return text;
}

struct Pack {
    pack::Index index;
    pack::Files files;

    void add(const std::string& path, std::string content, const std::string& what, const std::string& proof = {},
             const std::string& evidence = {}) {
        index.files.push_back({path, pack::sha256_text(content), content.size(), what, proof, evidence});
        files.emplace_back(path, std::move(content));
    }
};

/// The lines of entries, which must be below `size`; one pass over each file that has some of them.
Result<std::map<std::uint64_t, std::string>> lines_of(const std::filesystem::path& folder,
                                                      const std::set<std::uint64_t>& wanted, std::uint64_t size) {
    std::map<std::uint64_t, std::string> out;
    if (wanted.empty()) return out;
    const auto copy = BARTIZAN_TRY(ledger::Copy::open(folder));
    auto [source, at] = copy.entries(size, *wanted.begin());
    for (const std::uint64_t index : wanted) {
        if (index / ledger::kSegment > at / ledger::kSegment) {
            auto next = copy.entries(size, index);
            source = std::move(next.source);
            at = next.first;
        }
        for (; at <= index; ++at) {
            const auto line = BARTIZAN_TRY(source->next());
            if (!line) return internal_error(fmt::format("entry {} of the ledger is not there", index));
            if (at == index) out[index] = std::string(*line);
        }
    }
    return out;
}

Result<std::string> proof_of(ledger::Ledger& log, std::uint64_t index, std::string line, const std::string& head) {
    const auto checkpoint = BARTIZAN_TRY(ledger::parse_checkpoint(head));
    return ledger::proof_text(
        {index, std::move(line), BARTIZAN_TRY(log.prove_inclusion(index, checkpoint.size)), head});
}

Result<void> add_evidence(Pack& out, const std::vector<Evidence>& pieces, ledger::Ledger& log,
                          const std::filesystem::path& folder) {
    std::set<std::uint64_t> entries;
    for (const Evidence& one : pieces)
        if (one.entry >= 0) entries.insert(static_cast<std::uint64_t>(one.entry));
    const std::string head = log.head();
    const auto lines = BARTIZAN_TRY(lines_of(folder, entries, log.size()));
    std::map<std::uint64_t, std::string> proofs;
    for (const auto& [index, line] : lines) {
        proofs[index] = fmt::format("proofs/{:08}.proof", index);
        out.add(proofs[index], BARTIZAN_TRY(proof_of(log, index, line, head)),
                fmt::format("entry {} of the ledger, proved", index));
    }
    for (const Evidence& one : pieces) {
        const auto proof = proofs.find(static_cast<std::uint64_t>(std::max<std::int64_t>(one.entry, 0)));
        const bool proved = one.entry >= 0 && proof != proofs.end();
        out.add("evidence/" + one.id + ".json", to_text(to_json(one)),
                fmt::format("{}: {}", one.check, governance::to_string(one.verdict)), proved ? proof->second : "",
                one.id);
    }
    return {};
}

Result<void> add_attachments(Pack& out, const Facts& facts, const Sources& sources, registry::Reader reader) {
    if (!facts.version || facts.version->removed) return {};
    for (const std::string_view role : kAttached) {
        const registry::Attachment* one = facts.version->attachment(role);
        if (one == nullptr || one->bytes > pack::kLargestFile) continue;
        std::string content = BARTIZAN_TRY(sources.registry.content(facts.version->id, std::string(role), reader));
        const char* ending = content.starts_with('{') ? ".json" : "";
        out.add(fmt::format("attachments/{}{}", role, ending), std::move(content),
                fmt::format("attached to {} by {}", facts.subject(), one->created_by));
    }
    return {};
}

void add_exports(Pack& out, const Facts& facts) {
    out.add("oscal-assessment-results.json", to_text(oscal_results(facts)), "OSCAL 1.2 assessment results");
    if (const auto plan = oscal_plan(facts); plan.ok())
        out.add("oscal-poam.json", to_text(*plan), "OSCAL 1.2 plan of action and milestones");
    if (const auto bill = bill_of(facts, "1.6"); bill.ok())
        out.add("cyclonedx.json", to_text(*bill), "CycloneDX 1.6 with model card and attestations");
    out.add("controls.sarif", to_text(report::report_sarif(controls_report(facts))), "SARIF 2.1.0: checks that failed");
}

/// The ledger tells of the index; its proof is the last file.
Result<void> seal(Pack& out, const Facts& facts, ledger::Ledger& log, const std::filesystem::path& folder,
                  const std::string& actor) {
    const std::string text = pack::to_text(out.index);
    const std::uint64_t entry =
        BARTIZAN_TRY(log.append({std::string(pack::kEntryKind),
                                 actor,
                                 facts.subject(),
                                 {{"index_sha256", pack::sha256_text(text)}, {"files", out.index.files.size()}}}));
    const std::string head = log.head();
    auto lines = BARTIZAN_TRY(lines_of(folder, {entry}, log.size()));
    out.files.emplace_back(pack::kIndex, text);
    out.files.emplace_back(pack::kIndexProof, BARTIZAN_TRY(proof_of(log, entry, std::move(lines.at(entry)), head)));
    return {};
}

}  // namespace
}  // namespace bundle

Result<std::string> make_pack(const Facts& facts, const Sources& sources, ledger::Ledger& log,
                              const std::filesystem::path& folder, const PackOptions& options) {
    const std::string made = utc_text(static_cast<std::time_t>(facts.now()));
    bundle::Pack out{.index = {.asset = facts.subject(),
                               .made = made,
                               .made_by = options.actor,
                               .tool = fmt::format("bartizan {}", kVersion),
                               .log = log.verifier().name()}};
    std::string readme = bundle::with(std::string(bundle::kReadme), "subject", facts.subject());
    readme = bundle::with(std::move(readme), "version", std::string(kVersion));
    readme = bundle::with(std::move(readme), "made", made);
    out.add("README.txt", bundle::with(std::move(readme), "log", log.verifier().name()), "how to check this archive");
    out.add(std::string(pack::kKey), log.verifier().text() + "\n", "the ledger's public key");
    const auto pieces = BARTIZAN_TRY(
        sources.governance.book().list({.digest = facts.standing.subject.digest, .limit = bundle::kMostEvidence}));
    BARTIZAN_TRY(bundle::add_evidence(out, pieces, log, folder));
    if (options.attachments) BARTIZAN_TRY(bundle::add_attachments(out, facts, sources, options.reader));
    bundle::add_exports(out, facts);
    for (const auto& [path, content] : options.more) out.add(path, content, "for people");
    std::uint64_t total = 0;
    for (const auto& [path, content] : out.files) total += content.size();
    if (total > pack::kLargestPack - pack::kLargestIndex || out.files.size() > pack::kMostFiles - 2)
        return exhausted("the pack of " + facts.subject() + " is larger than 512 MiB", "leave the attachments out");
    BARTIZAN_TRY(bundle::seal(out, facts, log, folder, options.actor));
    return formats::make_zip(out.files);
}

}  // namespace bartizan::documents
