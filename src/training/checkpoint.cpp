#include "training/checkpoint.h"

#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/json.h"
#include "formats/npz.h"

namespace bartizan::training {
namespace checkpoint {
namespace {

constexpr std::string_view kSchema = "bartizan.checkpoint/1";
constexpr std::uint64_t kHeaderBytes = std::uint64_t{16} << 20;
constexpr std::size_t kMaxArrays = 200'000;
constexpr int kMaxEpochs = 100'000;

Json epochs_json(const Outcome& outcome) {
    Json epochs = Json::array();
    for (const Epoch& epoch : outcome.epochs) {
        Json one = {{"loss", epoch.loss}, {"accuracy", epoch.validation_accuracy}, {"seconds", epoch.seconds}};
        if (epoch.validation_robust_accuracy) one["robust"] = *epoch.validation_robust_accuracy;
        epochs.push_back(std::move(one));
    }
    return epochs;
}

Result<double> number(const Json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end() || !found->is_number() || !std::isfinite(found->get<double>()))
        return invalid_input(fmt::format("no number '{}' in the header", key));
    return found->get<double>();
}

/// A whole number from 0 to `most`.
Result<int> count(const Json& object, const char* key, int most) {
    const double value = BARTIZAN_TRY(number(object, key));
    if (value != std::floor(value) || value < 0 || value > most)
        return invalid_input(fmt::format("'{}' in the header is no count up to {}", key, most));
    return static_cast<int>(value);
}

Result<std::vector<Epoch>> epochs_of(const Json& header) {
    const auto found = header.find("epochs");
    if (found == header.end() || !found->is_array() || found->empty() || found->size() > std::size_t{kMaxEpochs})
        return invalid_input("no list of epochs in the header");
    std::vector<Epoch> epochs;
    for (const Json& one : *found) {
        if (!one.is_object()) return invalid_input("an epoch in the header is no object");
        Epoch epoch{.number = static_cast<int>(epochs.size()) + 1};
        epoch.loss = BARTIZAN_TRY(number(one, "loss"));
        epoch.validation_accuracy = BARTIZAN_TRY(number(one, "accuracy"));
        epoch.seconds = BARTIZAN_TRY(number(one, "seconds"));
        if (one.contains("robust")) epoch.validation_robust_accuracy = BARTIZAN_TRY(number(one, "robust"));
        epochs.push_back(epoch);
    }
    return epochs;
}

Result<Checkpoint> from_header(const Json& header) {
    if (!header.is_object() || header.value("schema", Json()) != Json(kSchema))
        return invalid_input(fmt::format("the header is not of {}", kSchema));
    Checkpoint out;
    const auto fingerprint = header.find("fingerprint");
    if (fingerprint == header.end() || !fingerprint->is_string()) return invalid_input("no fingerprint in the header");
    out.fingerprint = fingerprint->get<std::string>();
    out.outcome.epochs = BARTIZAN_TRY(epochs_of(header));
    const auto epochs = static_cast<int>(out.outcome.epochs.size());
    out.outcome.best_epoch = BARTIZAN_TRY(count(header, "best_epoch", epochs));
    out.outcome.collapsed_at = BARTIZAN_TRY(count(header, "collapsed_at", epochs));
    out.waited = BARTIZAN_TRY(count(header, "waited", epochs));
    out.best = BARTIZAN_TRY(number(header, "best"));
    out.steps_done = BARTIZAN_TRY(number(header, "steps_done"));
    return out;
}

}  // namespace
}  // namespace checkpoint

Result<void> save_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint) {
    const Outcome& outcome = checkpoint.outcome;
    const Json header = {{"schema", checkpoint::kSchema},       {"fingerprint", checkpoint.fingerprint},
                         {"best_epoch", outcome.best_epoch},    {"collapsed_at", outcome.collapsed_at},
                         {"waited", checkpoint.waited},         {"best", checkpoint.best},
                         {"steps_done", checkpoint.steps_done}, {"epochs", checkpoint::epochs_json(outcome)}};
    const std::string text = header.dump();
    std::vector<std::pair<std::string, NdArray>> arrays;
    arrays.emplace_back("header",
                        BARTIZAN_TRY(NdArray::from<std::uint8_t>(
                            {std::ssize(text)}, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()})));
    arrays.insert(arrays.end(), checkpoint.arrays.begin(), checkpoint.arrays.end());
    return formats::write_npz(path, arrays);
}

Result<Checkpoint> load_checkpoint(const std::filesystem::path& path) {
    const std::string where = "'" + path.string() + "'";
    const auto file = BARTIZAN_TRY(formats::Npz::open(path).within(where));
    if (!file.has("header")) return invalid_input(where + " is no checkpoint", "remove it to begin anew");
    const NdArray bytes = BARTIZAN_TRY(file.array("header", checkpoint::kHeaderBytes).within(where));
    if (bytes.dtype() != DType::u8) return invalid_input(where + ": the header is no text");
    const auto text = bytes.values<std::uint8_t>();
    const Json header = BARTIZAN_TRY(
        parse_json({reinterpret_cast<const char*>(text.data()), text.size()}, {.bytes = checkpoint::kHeaderBytes})
            .within(where));
    Checkpoint out = BARTIZAN_TRY(checkpoint::from_header(header).within(where));
    const std::vector<std::string> names = file.names();
    if (names.size() > checkpoint::kMaxArrays) return exhausted(where + " holds too many arrays");
    for (const std::string& name : names) {
        if (name == "header") continue;
        NdArray array = BARTIZAN_TRY(file.array(name).within(where));
        if (array.dtype() != DType::f32 && array.dtype() != DType::f64)
            return invalid_input(where + ": array '" + name + "' holds no floating-point numbers");
        out.arrays.emplace(name, std::move(array));
    }
    return out;
}

}  // namespace bartizan::training
