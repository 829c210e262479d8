#include "gateway/watch.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

namespace bartizan::gateway {
namespace watch {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMostQueued = 4096;
constexpr std::size_t kMostQueuedBytes = std::size_t{64} << 20;
constexpr std::size_t kMostClients = 20'000;  // of 1.2 KB each
constexpr std::uint64_t kMostRows = 1000;     // of one request: what lies beyond is like what came before
constexpr std::int64_t kTryAgain = 10;        // seconds
constexpr std::int64_t kForgetAfter = 3600;   // seconds
constexpr auto kTick = 1s;
constexpr auto kRest = 2ms;  // of the thread, when there is nothing to do
constexpr auto kSqueezingTime = 200ms;  // of a second: a slow worker must not blind the other detectors
constexpr double kGoldenShare = 1e-3;   // of the largest score: less is rounding
constexpr std::size_t kMostColumns = 8;
constexpr std::size_t kMostWindows = 60;  // that are kept to be shown

std::vector<float> floats_of(const oip::Tensor& tensor) {
    std::vector<float> out(tensor.bytes().size() / sizeof(float));
    std::memcpy(out.data(), tensor.bytes().data(), out.size() * sizeof(float));
    return out;
}

/// For waits of its own: no jump of the clock stretches or cuts them.
std::int64_t steady_now() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::seconds>(now).count();
}

/// What tells an account to the similarity history, which knows no names.
std::uint64_t account_of(const std::string& principal) { return std::hash<std::string>()(principal); }

std::vector<float> floats_of(std::string_view bytes) {
    std::vector<float> out(bytes.size() / sizeof(float));
    std::memcpy(out.data(), bytes.data(), out.size() * sizeof(float));
    return out;
}

}  // namespace
}  // namespace watch

void Watch::start(const WatchOptions& options) {
    options_ = options;
    if (options_.on) thread_ = std::thread([this] { run(); });
}

void Watch::stop() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
}

Watch::Watch(Parts parts, std::uint64_t key)
    : parts_(std::move(parts)), key_(key), clients_(watch::kMostClients, key) {
    static_assert(sizeof(Client) <= 1280);
}

Watch::Query Watch::query_of(const Exchange& exchange, std::string_view body, std::string_view length,
                             std::string_view features) {
    Query query{exchange.caller.name(), *exchange.version, exchange.rows};
    const auto& inputs = exchange.request.inputs;
    if (inputs.size() == 1 && inputs[0].type == oip::Datatype::fp32) {
        query.input = watch::floats_of(inputs[0]);
        query.body = body;
        query.length = length;
        query.features = watch::floats_of(features);
    }
    return query;
}

bool Watch::take(Query query) {
    if (!options_.on) return true;
    const std::lock_guard lock(mutex_);
    if (queue_.size() >= watch::kMostQueued || queued_bytes_ + query.bytes() > watch::kMostQueuedBytes) return false;
    queued_bytes_ += query.bytes();
    queue_.push_back(std::move(query));
    if (idle_) changed_.notify_one();  // else it looks by itself within `kRest`: a wake for each query costs too much
    return true;
}

void Watch::offer(Query query) {
    const std::uint64_t rows = query.rows;
    if (!take(std::move(query))) parts_.metrics.watched.at({"let go"}).add(rows);
}

void Watch::run() {
    for (;;) {
        Query query;
        {
            std::unique_lock lock(mutex_);
            if (queue_.empty() && !ending_) {
                lock.unlock();
                std::this_thread::sleep_for(watch::kRest);
                lock.lock();
            }
            idle_ = true;
            changed_.wait_for(lock, watch::kTick, [&] { return ending_ || !queue_.empty(); });
            idle_ = false;
            if (ending_) return;
            if (!queue_.empty()) {
                query = std::move(queue_.front());
                queue_.pop_front();
                queued_bytes_ -= query.bytes();
            }
        }
        if (watch::steady_now() != ticked_) tick();
        if (query.rows == 0) continue;
        look(query);
        parts_.metrics.watched.at({"seen"}).add(query.rows);
    }
}

Watch::Client& Watch::client_of(const std::string& principal, const std::string& version) {
    Client& client = clients_.see(principal + '\n' + version);
    if (!client.state.principal.empty()) return client;
    client.state.principal = principal;
    if (accounts_.size() >= 2 * watch::kMostClients) accounts_.clear();  // who goes on asking is soon in it again
    accounts_[watch::account_of(principal)] = principal;
    return client;
}

/// Halfway to an alarm: such a client is forgotten last.
bool Watch::suspected(const Watched& watched, const Known& client) const {
    if (!watched.usual) return false;
    const Usual& usual = *watched.usual;
    return client.theft_leans || (usual.squeeze && client.squeezed.leans(usual.squeeze->chance())) ||
           (usual.outliers && client.outliers.leans(usual.outliers->chance())) ||
           (usual.members && client.members.leans(usual.members->chance()));
}

std::shared_ptr<Worker> Watch::ready_worker(const Watched& watched) const {
    auto worker = parts_.workers.running(watched.version.id);
    return worker && worker->state() == WorkerState::ready ? worker : nullptr;
}

/// What is kept with the version is taken from there; what was found out now is kept with it.
Result<std::shared_ptr<const Usual>> Watch::learn_from(const Watched& watched, const std::shared_ptr<Worker>& worker) {
    const registry::VersionId& id = watched.version.id;
    const auto kept = [&](const char* role) -> Result<std::string> {
        auto content = parts_.registry.content(id, role, registry::Reader::security);
        if (!content.ok() && content.error().code() == Errc::not_found) return std::string();
        return content;
    };
    UsualParts with{.archive = BARTIZAN_TRY(kept("reference")), .model = id.asset.name};
    if (with.archive.empty()) return invalid_input("it has no reference: registry push --data reference.npz");
    if (options_.members) with.members = BARTIZAN_TRY(kept("members"));
    if (options_.outliers) with.statistics = BARTIZAN_TRY(kept("statistics"));
    auto usual = BARTIZAN_TRY(learn_usual(with, worker, parts_.loops.at(0),
                                          {.key = key_,
                                           .drift = options_.drift,
                                           .theft_false_alarms = options_.theft_false_alarms,
                                           .outliers = options_.outliers,
                                           .range = watched.version.input_range}));
    if (with.statistics.empty() && usual->outliers)
        BARTIZAN_TRY(parts_.registry.attach("service", id, "statistics", usual->outliers->text()));
    return usual;
}

/// Why a version is not watched is told by `seen`; whether its worker answers may change.
void Watch::learn(Watched& watched) {
    const std::int64_t now = watch::steady_now();
    if (now < watched.try_again) return;
    watched.try_again = now + watch::kTryAgain;
    const auto set_reason = [&](std::string reason) {
        const std::lock_guard lock(watched_mutex_);
        watched.reason = std::move(reason);
    };
    const auto worker = ready_worker(watched);
    if (!worker) return set_reason("its worker is not ready");
    auto usual = learn_from(watched, worker);
    if (!usual.ok()) {
        if (usual.error().code() != Errc::unavailable) watched.try_again = std::numeric_limits<std::int64_t>::max();
        return set_reason(usual.error().line());
    }
    const std::lock_guard lock(watched_mutex_);
    watched.usual = std::move(usual).value();
    watched.reason.clear();
    watched.history = std::make_unique<monitor::SimilarityHistory>(
        monitor::SimilarityHistory::Options{.limit = options_.similarity_limit});
    watched.window = std::make_unique<monitor::DriftWindow>(watched.usual->drift);
    watched.repeats = std::make_unique<monitor::Repeats>(key_);
    watched.golden_at = now + options_.golden_seconds;
}

void Watch::look(const Query& query) {
    const std::string version = query.version.id.text();
    Watched* watched = nullptr;
    {
        const std::lock_guard lock(watched_mutex_);
        watched = &watched_[version];
        watched->version = query.version;
        watched->queries += query.rows;
        watched->asked = watch::steady_now();
    }
    if (!watched->usual) learn(*watched);
    Client& one = client_of(query.principal, version);
    Known& client = one.state;
    look_at_volume(*watched, client, query.rows);
    if (!watched->usual || query.input.empty()) return;
    const Usual& usual = *watched->usual;
    const auto length = oip::json_length(query.length, query.body.size());
    if (!length.ok()) return;
    const auto response = oip::parse_response(query.body, *length);
    if (!response.ok()) return;
    const auto scores = std::ranges::find(response->outputs, usual.output, &oip::Tensor::name);
    const std::size_t rows = query.input.size() / usual.length;
    if (scores == response->outputs.end() || scores->type != oip::Datatype::fp32 || rows == 0) return;
    const std::vector<float> all = watch::floats_of(*scores);
    if (all.size() % rows != 0 || all.empty()) return;
    const std::size_t width = all.size() / rows;
    const std::size_t features = query.features.size() % rows == 0 ? query.features.size() / rows : 0;
    for (std::size_t i = 0; i < std::min<std::size_t>(rows, watch::kMostRows); ++i)
        look_at_row(
            *watched, client,
            {std::span(query.input).subspan(i * usual.length, usual.length), std::span(all).subspan(i * width, width),
             std::span(query.features).subspan(i * features, features)});
    clients_.suspect(one, suspected(*watched, client));
}

void Watch::look_at_row(Watched& watched, Known& client, const Row& row) {
    if (watched.repeats->again(row.input)) return;
    const Usual& usual = *watched.usual;
    const monitor::Answer answer = monitor::read_answer(row.scores);
    std::vector<float> columns, embedded = answer.scores;
    usual.embedding.append(row.input, columns);
    embedded.insert(embedded.end(), columns.begin(), columns.end());
    if (embedded.size() != usual.theft.width()) return;  // an answer of another form than the reference's
    look_at_theft(watched, client, embedded, answer.said);
    look_at_outliers(watched, client, row);
    look_at_members(watched, client, row);
    look_at_squeezing(watched, client, row);
    if (row.input.size() >= monitor::kShortestFingerprinted) look_at_similarity(watched, client, row.input);
    columns.push_back(static_cast<float>(answer.confidence));
    columns.push_back(static_cast<float>(answer.said));
    look_at_drift(watched, columns);
}

void Watch::look_at_theft(const Watched& watched, Known& client, const std::vector<float>& embedded,
                          std::int64_t said) {
    const auto theft = watched.usual->theft.see(client.theft, embedded, said);
    if (!theft) return;
    client.theft_leans = theft->statistic > theft->threshold / 2;
    if (!theft->alarm) return;
    raise({.detector = "theft",
           .version = watched.version.id.text(),
           .principals = {client.principal},
           .severity = "high",
           .title = "a client asks what honest clients do not: the model may be being copied",
           .atlas = "AML.T0024.002",
           .evidence = {{"queries", theft->queries}, {"statistic", theft->statistic}, {"threshold", theft->threshold}}},
          true);
}

void Watch::raise_count(const Watched& watched, const Known& client, const monitor::FlagCount::Sign& sign,
                        Alert alert) {
    alert.version = watched.version.id.text();
    alert.principals = {client.principal};
    alert.severity = "high";
    alert.evidence = {{"flagged", sign.flagged}, {"of", sign.of}, {"p_value", sign.p_value}};
    raise(std::move(alert), true);
}

void Watch::look_at_outliers(const Watched& watched, Known& client, const Row& row) {
    const auto& usual = watched.usual->outliers;
    if (!usual) return;
    // Without a last layer to look into, the columns of the embedding stand for features.
    std::vector<float> columns;
    if (row.features.empty()) watched.usual->embedding.append(row.input, columns);
    const auto score = usual->score(columns.empty() ? row.features : std::span<const float>(columns), row.scores);
    if (const auto sign = client.outliers.see(usual->flags(score), usual->chance()))
        raise_count(watched, client, *sign,
                    {.detector = "outliers",
                     .title = "a client's inputs are of another kind than those that the model is for",
                     .atlas = "AML.T0015"});
}

void Watch::look_at_members(const Watched& watched, Known& client, const Row& row) {
    const auto& usual = watched.usual->members;
    if (!usual) return;
    if (const auto sign = client.members.see(usual->has(row.input), usual->chance()))
        raise_count(watched, client, *sign,
                    {.detector = "membership",
                     .title = "a client asks for records that the model was trained on: he may probe who is among them",
                     .atlas = "AML.T0024.000"});
}

void Watch::look_at_drift(Watched& watched, const std::vector<float>& columns) {
    const Usual& usual = *watched.usual;
    const auto window = watched.window->see(columns);
    if (!window) return;
    if (!window->empty()) {
        const std::lock_guard lock(watched_mutex_);
        watched.drift.push_back({parts_.now(), window->front().index, window->front().column});
        if (watched.drift.size() > watch::kMostWindows) watched.drift.pop_front();
    }
    const auto drifted = monitor::DriftWindow::alarms(*window, usual.drift.options());
    if (drifted.empty()) return;
    Json list = Json::array();
    for (std::size_t i = 0; i < std::min(drifted.size(), watch::kMostColumns); ++i)
        list.push_back({{"column", drifted[i].column},
                        {"index", drifted[i].index},
                        {"distance", drifted[i].distance},
                        {"p_value", drifted[i].p_value}});
    raise({.detector = "drift",
           .version = watched.version.id.text(),
           .severity = drifted[0].index >= 0.25 ? "medium" : "low",
           .title = "queries no longer look like the reference: " + drifted[0].column + " the most",
           .evidence = {{"window", usual.drift.options().window}, {"columns", list}, {"of", window->size()}}},
          false);
}

/// A sample, as large as the second has room for: each costs the worker three more pictures.
void Watch::look_at_squeezing(Watched& watched, Known& client, const Row& row) {
    const Usual& usual = *watched.usual;
    if (!usual.squeeze || squeezed_ >= options_.squeeze_per_second || squeezing_ > watch::kSqueezingTime) return;
    ++squeezed_;
    const auto began = std::chrono::steady_clock::now();
    const auto worker = ready_worker(watched);
    const auto signature = worker ? worker->signature() : nullptr;
    if (!signature || signature->inputs.empty()) return;
    const auto distances = squeeze_distances(
        worker, parts_.loops.at(0), {signature->inputs[0], usual.output, watched.version.id.asset.name},
        monitor::squeezed(row.input, usual.item, usual.low, usual.high), row.scores);
    squeezing_ += std::chrono::steady_clock::now() - began;
    if (!distances.ok()) return;
    if (const auto sign = client.squeezed.see(usual.squeeze->flags(*distances), usual.squeeze->chance()))
        raise_count(watched, client, *sign,
                    {.detector = "squeezing",
                     .title = "a client's pictures change their meaning when they are squeezed: they look adversarial",
                     .atlas = "AML.T0043"});
}

void Watch::look_at_similarity(Watched& watched, const Known& client, std::span<const float> row) {
    const monitor::Sighting seen = watched.history->see(watch::account_of(client.principal), watched.usual->print(row));
    if (!seen.alarm) return;
    Alert alert{.detector = "similarity",
                .version = watched.version.id.text(),
                .severity = "high",
                .title = "a chain of queries that are nearly the same: an attack feels its way",
                .atlas = "AML.T0043.001",
                .evidence = {{"queries", seen.length}}};
    for (const auto& [account, queries] : watched.history->builders(seen.chain)) {
        const auto name = accounts_.find(account);
        const bool took_part = queries * 10 >= seen.length;  // whoever asked one of them by chance did not
        if (took_part && name != accounts_.end()) alert.principals.push_back(name->second);
    }
    raise(std::move(alert), true);
}

void Watch::look_at_volume(const Watched& watched, Known& client, std::uint64_t rows) {
    const auto sign = client.volume.see(parts_.now(), rows, options_.volume);
    if (!sign) return;
    const bool rate = sign->kind == monitor::VolumeSign::Kind::rate;
    raise({.detector = "volume",
           .version = watched.version.id.text(),
           .principals = {client.principal},
           .severity = rate ? "medium" : "low",
           .title = rate ? "a client asks far more than he used to"
                         : fmt::format("a client asks at {} o'clock UTC, where he never did", sign->hour),
           .evidence = {{"queries_of_the_minute", sign->queries}, {"usual", sign->usual}}},
          false);
}

/// Once a second: golden sets that are due; versions that nobody asks any more are forgotten, 20 MB each.
void Watch::tick() {
    ticked_ = watch::steady_now();
    squeezed_ = 0;
    squeezing_ = {};
    {
        const std::lock_guard lock(watched_mutex_);
        std::erase_if(watched_, [&](const auto& one) { return ticked_ - one.second.asked > watch::kForgetAfter; });
    }
    if (options_.golden_seconds == 0) return;
    for (auto& [version, watched] : watched_)
        if (watched.usual && ticked_ >= watched.golden_at && ticked_ - watched.asked <= options_.golden_seconds)
            check_golden_set(watched);  // of versions that nobody asks it would keep the workers from ending
}

void Watch::check_golden_set(Watched& watched) {
    watched.golden_at = watch::steady_now() + options_.golden_seconds;
    const Usual& usual = *watched.usual;
    const auto worker = ready_worker(watched);
    const auto signature = worker ? worker->signature() : nullptr;
    if (!signature || signature->inputs.empty()) return;
    const auto answers = ask_rows(worker, parts_.loops.at(0),
                                  {signature->inputs[0], usual.output, watched.version.id.asset.name}, usual.golden);
    if (!answers.ok()) return;
    std::size_t changed = 0;
    for (std::size_t i = 0; i < std::min(answers->size(), usual.answers.size()); ++i) {
        const std::vector<float>&now = (*answers)[i], &then = usual.answers[i];
        float most = 0, off = now.size() == then.size() ? 0.0F : std::numeric_limits<float>::infinity();
        for (std::size_t j = 0; j < std::min(now.size(), then.size()); ++j) {
            most = std::max(most, std::abs(then[j]));
            off = std::max(off, std::abs(now[j] - then[j]));
        }
        changed += off > watch::kGoldenShare * std::max(most, 1e-6F) ? 1 : 0;
    }
    if (changed == 0) return;
    raise({.detector = "golden-set",
           .version = watched.version.id.text(),
           .severity = "high",
           .title = "the model answers its golden set otherwise than before: it is not the one that was loaded",
           .atlas = "AML.T0018",
           .evidence = {{"rows", answers->size()}, {"changed", changed}}},
          false);
}

void Watch::raise(Alert alert, bool act) {
    if (act && options_.throttle_seconds > 0) {
        for (const std::string& principal : alert.principals) parts_.hold(principal, options_.throttle_seconds);
        alert.evidence["held_seconds"] = options_.throttle_seconds;
    }
    parts_.alerts.raise(std::move(alert), parts_.now());
}

Json Watch::seen() const {
    Json out = Json::array();
    const std::lock_guard lock(watched_mutex_);
    for (const auto& [version, watched] : watched_) {
        Json one = {{"version", version}, {"queries", watched.queries}};
        Json names = {"volume"};
        if (watched.usual) {
            names = {"theft", "drift", "golden-set", "volume"};
            if (watched.usual->length >= monitor::kShortestFingerprinted) names.push_back("similarity");
            if (watched.usual->squeeze && options_.squeeze_per_second > 0) names.push_back("squeezing");
            if (watched.usual->outliers) names.push_back("outliers");
            if (watched.usual->members) names.push_back("membership");
            if (!watched.usual->without.empty()) one["without"] = watched.usual->without;
            one["drift_window"] = watched.usual->drift.options().window;
            one["drift"] = Json::array();
            for (const DriftPoint& point : watched.drift)
                one["drift"].push_back({{"at", point.at}, {"index", point.index}, {"column", point.column}});
        }
        one["detectors"] = names;
        if (!watched.reason.empty()) one["not_watched_because"] = watched.reason;
        out.push_back(std::move(one));
    }
    return out;
}

}  // namespace bartizan::gateway
