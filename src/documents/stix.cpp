#include "documents/stix.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "core/time_text.h"
#include "crypto/uuid.h"
#include "documents/facts.h"
#include "documents/pseudonyms.h"
#include "report/taxonomy.h"

namespace bartizan::documents {
namespace stix {
namespace {

constexpr std::string_view kSpace = "6ba7b811-9dad-11d1-80b4-00c04fd430c8";
/// OASIS: TLP 2.0 as an extension of marking-definition; its objects have fixed identifiers.
constexpr std::string_view kTlpExtension = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d";
struct Tlp {
    std::string_view label, name, id;
};
constexpr Tlp kTlp[] = {
    {"clear", "TLP:CLEAR", "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487"},
    {"green", "TLP:GREEN", "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"},
    {"amber", "TLP:AMBER", "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"},
    {"amber+strict", "TLP:AMBER+STRICT", "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003"},
    {"red", "TLP:RED", "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"},
};

/// What each threat is in ATLAS 5.6.0, where no detector told.
struct ThreatRow {
    std::string_view threat, atlas, title;
    bool artefact;  ///< the bytes of the version are what others should look for
};
constexpr ThreatRow kThreats[] = {
    {"evasion", "AML.T0015", "Evade AI Model", false},
    {"extraction", "AML.T0024.002", "Extract AI Model", false},
    {"membership", "AML.T0024.000", "Infer Training Data Membership", false},
    {"drift", "AML.T0031", "Erode AI Model Integrity", false},
    {"tampering", "AML.T0076", "Corrupt AI Model", true},
    {"poisoning", "AML.T0020", "Poison Training Data", true},
    {"backdoor", "AML.T0018.000", "Poison AI Model", true},
    {"leaked-key", "AML.T0055", "Unsecured Credentials", false},
    {"misuse", "AML.T0040", "AI Model Inference API Access", false},
};
const ThreatRow* threat_row(std::string_view threat) {
    const auto found = std::ranges::find(kThreats, threat, &ThreatRow::threat);
    return found == std::end(kThreats) ? nullptr : &*found;
}

std::string text_of(const Json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}
std::int64_t time_of(const Json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}
/// STIX wants a fraction of the second: three digits.
std::string stamp(std::int64_t seconds) {
    std::string text = utc_text(static_cast<std::time_t>(seconds));
    text.insert(text.size() - 1, ".000");
    return text;
}

class Bundle {
public:
    Bundle(const Json& report, const StixOptions& options, const Tlp& tlp)
        : report_(report),
          incident_(report.at("incident")),
          options_(options),
          tlp_(tlp),
          people_(report, options.names),
          threat_(text_of(incident_, "threat")),
          began_(time_of(incident_, "opened")) {}

    Json made() {
        identity_ = id("identity", "organisation");
        incident_id_ = id("incident", "incident");
        extension_ = id("extension-definition", "incident-extension");
        add_marking();
        add_identity();
        add_extension_definition();
        add_incident();
        add_attack_patterns();
        add_indicators();
        add_courses_of_action();
        add_timeline();
        if (options_.text) add_words();
        return {{"type", "bundle"}, {"id", id("bundle", stamp(options_.now))}, {"objects", std::move(objects_)}};
    }

private:
    std::string id(std::string_view type, std::string_view name) const {
        // The incident's extension is one for all installations; everything else is of one incident of one log.
        const std::string of = type == "extension-definition"
                                   ? std::string(kNamespace)
                                   : fmt::format("{}/{}/{}", kNamespace, options_.log, incident_.at("incident").dump());
        return fmt::format("{}--{}", type, crypto::name_uuid(kSpace, fmt::format("{}/{}/{}", of, type, name)));
    }
    Json object(std::string_view type, const std::string& identifier, std::int64_t at) const {
        return {{"type", type},
                {"spec_version", "2.1"},
                {"id", identifier},
                {"created_by_ref", identity_},
                {"created", stamp(at)},
                {"modified", stamp(at)},
                {"object_marking_refs", Json::array({tlp_.id})}};
    }
    void add_marking() {
        objects_.push_back(
            {{"type", "marking-definition"},
             {"spec_version", "2.1"},
             {"id", tlp_.id},
             {"created", "2022-10-01T00:00:00.000Z"},
             {"name", tlp_.name},
             {"extensions", {{kTlpExtension, {{"extension_type", "property-extension"}, {"tlp_2_0", tlp_.label}}}}}});
    }
    void add_identity() {
        Json one = object("identity", identity_, began_);
        one.erase("created_by_ref");
        one["name"] = options_.organisation.empty() ? "An installation of Bartizan" : options_.organisation;
        one["identity_class"] = options_.organisation.empty() ? "system" : "organization";
        objects_.push_back(std::move(one));
    }
    void add_extension_definition() {
        constexpr std::int64_t kMade = 1'796'083'200;  // 2026-12-01: it does not change with the incident
        Json one = object("extension-definition", extension_, kMade);
        one["name"] = "Bartizan incident";
        one["description"] =
            "Adds to incident: threat, severity, state, times (seconds since 1970 of began, aware, contained ...), "
            "affected versions, detectors, and principals by pseudonym.";
        one["schema"] = std::string(kNamespace) + "/stix-incident";
        one["version"] = "1.0.0";
        one["extension_types"] = Json::array({"property-extension"});
        objects_.push_back(std::move(one));
    }
    void add_incident() {
        Json one = object("incident", incident_id_, began_);
        one["modified"] = stamp(std::max(began_, time_of(incident_, "last_signal")));
        one["name"] = options_.text ? people_.in(text_of(incident_, "title"))
                                    : fmt::format("{} of a machine-learning system", threat_);
        one["description"] =
            fmt::format("Severity {}, {}.", text_of(incident_, "severity"), text_of(incident_, "state"));
        Json principals = Json::array(), detectors = Json::array();
        for (const Json& name : incident_.at("principals")) principals.push_back(people_.name(name.get<std::string>()));
        for (const Json& signal : incident_.at("signals"))
            detectors.push_back({{"detector", text_of(signal, "detector")}, {"times", signal.value("times", 1)}});
        one["extensions"] = {{extension_,
                              {{"extension_type", "property-extension"},
                               {"threat", threat_},
                               {"severity", text_of(incident_, "severity")},
                               {"state", text_of(incident_, "state")},
                               {"times", incident_.at("anchors")},
                               {"versions", incident_.at("versions")},
                               {"detectors", std::move(detectors)},
                               {"principals", std::move(principals)}}}};
        objects_.push_back(std::move(one));
    }
    void add_attack_patterns() {
        std::vector<std::string> ids;
        for (const Json& one : incident_.at("atlas"))
            if (one.is_string() && one.get<std::string>().starts_with("AML.T")) ids.push_back(one.get<std::string>());
        const ThreatRow* row = threat_row(threat_);
        if (ids.empty() && row != nullptr) ids.emplace_back(row->atlas);
        for (const std::string& atlas : ids) {
            std::string title(report::taxon_title("MITRE ATLAS", atlas));
            if (title.empty()) title = row != nullptr && row->atlas == atlas ? std::string(row->title) : atlas;
            Json one = object("attack-pattern", id("attack-pattern", atlas), began_);
            one["name"] = title;
            one["external_references"] = Json::array({{{"source_name", "mitre-atlas"},
                                                       {"external_id", atlas},
                                                       {"url", "https://atlas.mitre.org/techniques/" + atlas}}});
            attack_patterns_.push_back(one["id"].get<std::string>());
            objects_.push_back(std::move(one));
            relate(incident_id_, "related-to", attack_patterns_.back());
        }
    }
    void relate(const std::string& from, std::string_view kind, const std::string& to) {
        Json one = object("relationship", id("relationship", from + "/" + std::string(kind) + "/" + to), began_);
        one["relationship_type"] = kind;
        one["source_ref"] = from;
        one["target_ref"] = to;
        objects_.push_back(std::move(one));
    }
    void add_indicator(const std::string& name, const std::string& description, const std::string& pattern,
                       std::int64_t from) {
        Json one = object("indicator", id("indicator", pattern), began_);
        one["name"] = name;
        one["description"] = description;
        one["indicator_types"] = Json::array({"malicious-activity"});
        one["pattern"] = pattern;
        one["pattern_type"] = "stix";
        one["pattern_version"] = "2.1";
        one["valid_from"] = stamp(from);
        const std::string own = one["id"].get<std::string>();
        objects_.push_back(std::move(one));
        for (const std::string& pattern_id : attack_patterns_) relate(own, "indicates", pattern_id);
    }
    /// Where the bytes are the threat their digest is what others can look for. What detectors of queries saw is no
    /// pattern that a STIX observable has; it stands in the extension.
    void add_indicators() {
        const ThreatRow* row = threat_row(threat_);
        if (row == nullptr || !row->artefact) return;
        for (const auto& [version, digest] : options_.digests)
            add_indicator("Artefact " + version,
                          fmt::format("The bytes of {}, in an incident of {}.", version, threat_),
                          fmt::format("[file:hashes.'SHA-256' = '{}']", digest), began_);
    }
    void add_courses_of_action() {
        std::set<std::string> seen;
        for (const Json& run : report_.at("runs")) {
            const std::string playbook = text_of(run, "playbook");
            if (text_of(run, "mode") != "execute" || playbook.empty() || !seen.insert(playbook).second) continue;
            Json one = object("course-of-action", id("course-of-action", playbook), began_);
            one["name"] = "Playbook " + playbook;
            one["description"] =
                fmt::format("OASIS CACAO 2.0 playbook {}, run for this incident: {}.", playbook, text_of(run, "state"));
            const std::string own = one["id"].get<std::string>();
            objects_.push_back(std::move(one));
            relate(own, "related-to", incident_id_);
            for (const std::string& pattern_id : attack_patterns_) relate(own, "mitigates", pattern_id);
        }
    }
    void add_note(const std::string& name, const std::string& title, const std::string& text, std::int64_t at) {
        Json one = object("note", id("note", name), at > 0 ? at : began_);
        one["abstract"] = title;
        one["content"] = text.empty() ? title : text;
        one["object_refs"] = Json::array({incident_id_});
        objects_.push_back(std::move(one));
    }
    void add_timeline() {
        for (const Json& entry : report_.at("timeline")) {
            const std::string kind = text_of(entry, "kind"), actor = text_of(entry, "actor");
            const bool told = options_.text || written_by_program(kind, actor);
            add_note(fmt::format("timeline/{}", entry.value("position", std::int64_t{0})),
                     fmt::format("{} by {}", kind, people_.name(actor)),
                     told ? people_.in(text_of(entry, "text")) : std::string(), time_of(entry, "at"));
        }
    }
    /// Its text is this program's own, and holds nothing that a person typed.
    static bool written_by_program(const std::string& kind, const std::string& actor) {
        if (kind == "signal") return actor.starts_with("detector:");
        constexpr std::string_view kOwn[] = {"state", "anchor", "clock", "clock-met"};
        return std::ranges::find(kOwn, kind) != std::end(kOwn);
    }
    void add_words() {
        for (const char* part : {"cause", "lessons"})
            if (const std::string text = text_of(report_, part); !text.empty())
                add_note(part, part, people_.in(text), options_.now);
    }

    const Json& report_;
    const Json& incident_;
    const StixOptions& options_;
    const Tlp& tlp_;
    Pseudonyms people_;
    std::string threat_;
    std::int64_t began_;
    std::string identity_, incident_id_, extension_;
    std::vector<std::string> attack_patterns_;
    Json objects_ = Json::array();
};

}  // namespace
}  // namespace stix

Result<Json> stix_bundle(const Json& report, const StixOptions& options) {
    const auto tlp = std::ranges::find(stix::kTlp, options.tlp, &stix::Tlp::label);
    if (tlp == std::end(stix::kTlp))
        return invalid_input("'" + options.tlp.substr(0, 40) + "' is no TLP label",
                             "clear, green, amber, amber+strict or red");
    return stix::Bundle(report, options, *tlp).made();
}

}  // namespace bartizan::documents
