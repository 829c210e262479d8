#pragma once
/// What all scenarios of one drill share. Internal to `drill`. Thread rule: one thread.

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "drill/drill.h"
#include "drill/stage.h"
#include "drill/traffic.h"

namespace bartizan::drill {

using Steady = std::chrono::steady_clock;
/// Seconds from one time to another.
inline double between(Steady::time_point from, Steady::time_point to) {
    return std::chrono::duration<double>(to - from).count();
}
inline double since(Steady::time_point from) { return between(from, Steady::now()); }

/// Items that the adversary has.
struct Items {
    NdArray x;                       ///< float32
    std::vector<std::int64_t> said;  ///< what the model says of each
};

struct Play {
    const Options& options;
    const Site& site;
    Stage& stage;
    const Source& source;
    std::string target = {};   ///< the model that is asked: the copy, or the model itself
    std::string version = {};  ///< "model:...@1" of it
    Question question = {};
    Question oracle = {};  ///< a copy that nothing watches: labels the adversary's items without being noticed
    std::optional<Items> items = {};
    std::string no_items = {};  ///< why there are none

    bool stopped() const { return options.stopped && options.stopped(); }
    void say(const std::string& text) const {
        if (options.say) options.say(text);
    }
    std::int64_t queries(const Scenario& scenario) const {
        return options.queries > 0 ? options.queries : scenario.queries;
    }
    double seconds(const Scenario& scenario) const { return options.seconds > 0 ? options.seconds : scenario.seconds; }
};

/// Array "x" of an .npz as float32, its first `most` rows. Fails as `formats::Npz` does, with `unsupported` for others.
Result<NdArray> rows_in(const std::string& archive, std::int64_t most);
/// Items of the model's reference with the model's own answers as labels.
Result<Items> items_of(const Site& site, const std::string& key, const Question& question, const std::string& archive,
                       std::int64_t most);
/// Arrays "x" and "y".
Result<void> write_items(const std::filesystem::path& file, const Items& items);

/// Runs the scenario's playbook for an incident of the drill; agrees to manual steps, and to others with the second
/// keys. Fills `answered` and `exercise`. `mode`: "drill", or "dry".
void answer(Play& play, Outcome& outcome, std::int64_t incident, const std::string& mode);

// The scenarios; each fills the outcome. A failure says why it could not be carried out.
Result<void> query_attack(Play& play, Outcome& outcome);
Result<void> tampered_model(Play& play, Outcome& outcome);
Result<void> bad_version(Play& play, Outcome& outcome);
Result<void> poisoned_upload(Play& play, Outcome& outcome);
Result<void> stolen_key(Play& play, Outcome& outcome);
Result<void> stop_model(Play& play, Outcome& outcome);

/// The bytes of an ONNX model with another text in a member that nothing reads: every answer stays, the digest does
/// not. (A later value of a field takes the place of an earlier one: Protocol Buffers, "last one wins".)
std::string changed_model(std::string onnx, std::string_view text);

}  // namespace bartizan::drill
