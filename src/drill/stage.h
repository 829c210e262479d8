#pragma once
/// What a drill puts on the server for its own use: callers with keys, copies of the model, incidents. Everything is
/// named after the drill, and `clean_up` takes it away again as far as a server lets things be taken away: keys end,
/// accounts are disabled without rights, versions are quarantined with the reason, incidents are closed as a drill's,
/// holds and restrictions are lifted. Thread rule: one thread.

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "drill/outcome.h"
#include "drill/site.h"

namespace bartizan::drill {

/// The version that is copied, with what goes with it.
struct Source {
    std::string model;
    std::int64_t version = 0;
    std::string digest, file, input_range;
    std::string content;
    std::map<std::string, std::string> attachments = {};  ///< by role
    std::string text() const { return "model:" + model + "@" + std::to_string(version); }
};
/// The version in production, or `version` where it is not 0. Reads its contents: the ledger tells.
/// Fails with `not_found`, `denied`.
Result<Source> read_source(const Site& site, const std::string& key, const std::string& model, std::int64_t version,
                           bool with_content);

struct Caller {
    std::string name, key;
};

class Stage {
public:
    Stage(const Site& site, std::string key, std::string id) : site_(site), key_(std::move(key)), id_(std::move(id)) {}

    const Site& site() const { return site_; }
    const std::string& key() const { return key_; }
    const std::string& id() const { return id_; }

    /// A new account "drill-...-SUFFIX" with one grant and one key.
    Result<Caller> add_caller(const std::string& suffix, const std::string& grant);
    /// Another key of it.
    Result<std::string> add_key(const std::string& caller);
    /// Pushes bytes as a version of the model or data set; the answer of the server.
    Result<Json> push(const std::string& asset, const std::string& file, std::string bytes, const std::string& lineage,
                      const std::map<std::string, std::string>& attachments, const std::string& input_range = "");
    /// Points production at a version, overriding gates with the reason that it is a drill when `override_gates`.
    Result<void> promote(const std::string& model, std::int64_t version, bool override_gates);
    /// A copy of `source` in production under the name "drill-...-SUFFIX", watched as that is, or by nothing.
    enum class Watched : std::uint8_t { as_it_is, no };
    Result<std::string> copy(const Source& source, const std::string& suffix, Watched watched = Watched::as_it_is);

    /// Reports something; the drill closes it in the end.
    Result<std::int64_t> open_incident(const Scenario& scenario, const std::string& version,
                                       const std::vector<std::string>& principals);
    /// An incident that the service opened is the drill's: "" or why it is not, namely whom else it names.
    std::string adopt(const Json& incident);
    bool is_ours(const std::string& name) const { return name.starts_with(id_); }
    /// Ends the incidents of the drill, as a drill's: the next scenario gets one of its own.
    void close_incidents(const std::string& verdict);
    /// Lifts what incidents of the drill put on callers and models.
    Result<void> lift_restrictions();

    /// Gives what could not be taken away, a line each; never stops halfway.
    std::vector<std::string> clean_up(const std::string& verdict);

private:
    void close_incident(std::int64_t number, const std::string& verdict);
    void adopt_all();

    const Site& site_;
    std::string key_;
    std::string id_;
    std::vector<std::string> callers_, models_, datasets_;
    std::vector<std::pair<std::string, std::string>> grants_;
    std::vector<std::string> keys_;
    std::set<std::int64_t> incidents_, closed_;
    std::vector<std::string> not_closed_;
};

}  // namespace bartizan::drill
