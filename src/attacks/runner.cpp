#include "attacks/runner.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <numeric>
#include <span>
#include <string>
#include <utility>

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>

#include "attacks/forward_pass.h"
#include "attacks/job.h"
#include "attacks/loss.h"
#include "attacks/stage_progress.h"
#include "core/statistics.h"
#include "model/classifier.h"
#include "model/shards.h"
#include "model/tensors.h"

namespace bartizan::attacks {
namespace runner {
namespace {

constexpr double kTolerance = 1e-6;  // how far rounding may leave radius and range
// Few rows are cut into this many chunks, unless those had fewer rows than this: a batch of a few rows wastes the most.
constexpr std::int64_t kLeastChunks = 8;
constexpr std::int64_t kLeastChunk = 4;

/// One intra-op thread while it lives: the cores are shared out by chunks, and sums do not depend on their number.
class OneIntraOpThread {
public:
    OneIntraOpThread() : before_(at::get_num_threads()) { at::set_num_threads(1); }
    ~OneIntraOpThread() { at::set_num_threads(before_); }
    OneIntraOpThread(const OneIntraOpThread&) = delete;
    OneIntraOpThread& operator=(const OneIntraOpThread&) = delete;

private:
    int before_;
};

/// Everything about one row.
struct Sample {
    std::int64_t label = 0, id = 0;
    std::int64_t predicted_clean = -1, predicted_adversarial = -1;
    std::int64_t queries = 0, gradients = 0;
    double perturbation = 0;
    bool attacked = false;  ///< first correct
    bool fooled = false;
    bool finished = false;
};

Result<void> check(const model::Classifier& model, const ThreatModel& threat, const data::Batch& batch) {
    BARTIZAN_TRY(ball_of(threat));
    if (batch.x.dtype() != DType::f32 || batch.x.shape().empty())
        return invalid_input("inputs to attack must be float32 rows, not " + std::string(to_string(batch.x.dtype())) +
                             " " + to_string(batch.x.shape()));
    const auto rows = static_cast<std::size_t>(batch.x.shape()[0]);
    if (batch.y.size() != rows)
        return invalid_input(std::to_string(rows) + " inputs with " + std::to_string(batch.y.size()) + " labels",
                             "an attack needs the label of every input");
    for (std::size_t row = 0; row < rows; ++row)
        if (batch.y[row] < 0 || batch.y[row] >= model.classes())
            return invalid_input("row " + std::to_string(row) + " has label " + std::to_string(batch.y[row]) +
                                 ", but the model knows classes 0 to " + std::to_string(model.classes() - 1));
    const auto values = batch.x.values<float>();
    for (std::size_t i = 0; i < values.size(); ++i)
        if (!(values[i] >= threat.low - kTolerance && values[i] <= threat.high + kTolerance))
            return invalid_input("row " + std::to_string(i / (values.size() / rows)) + " holds " +
                                     std::to_string(values[i]) + ", outside the data range from " +
                                     std::to_string(threat.low) + " to " + std::to_string(threat.high),
                                 "scale the data, or state its range");
    return {};
}

class Run {
public:
    Run(const model::Classifier& model, const ThreatModel& threat, RunContext& ctx, const RunOptions& options)
        : model_(model), threat_(threat), ctx_(ctx), options_(options) {}

    Result<RunResult> operator()(const Attack& attack, const data::Batch& batch) {
        const auto begin = ctx_.now();
        BARTIZAN_TRY(check(model_, threat_, batch));
        BARTIZAN_TRY(load(batch));
        bool complete = BARTIZAN_TRY(finished_unless_stopped(classify_clean()));
        std::vector<const Attack*> stages = attack.stages();
        if (stages.empty()) stages.push_back(&attack);
        for (std::size_t stage = 0; complete && stage < stages.size(); ++stage)
            complete = BARTIZAN_TRY(finished_unless_stopped(run_stage(stages, stage)));
        BARTIZAN_TRY(verify());
        ctx_.progress_finish();
        RunResult result = BARTIZAN_TRY(collect(batch.x.shape()));
        result.complete = complete;
        result.seconds = std::chrono::duration<double>(ctx_.now() - begin).count();
        return result;
    }

private:
    using RowList = std::vector<std::int64_t>;

    Result<void> load(const data::Batch& batch) {
        const at::Tensor x = BARTIZAN_TRY(model::to_tensor(batch.x));
        clean_ = Rows(x);
        for (std::int64_t row = 0; row < x.size(0); ++row)
            for (float& value : clean_[row])
                value = std::clamp(value, static_cast<float>(threat_.low), static_cast<float>(threat_.high));
        found_ = Rows::copy_of(clean_);
        samples_.resize(batch.y.size());
        for (std::size_t i = 0; i < samples_.size(); ++i) {
            samples_[i].label = batch.y[i];
            samples_[i].id = i < batch.ids.size() ? batch.ids[i] : static_cast<std::int64_t>(i);
        }
        return {};
    }

    /// True if the work was finished; false if it was stopped, which is no failure here.
    static Result<bool> finished_unless_stopped(Result<void> done) {
        if (done.ok()) return true;
        if (done.error().code() == Errc::cancelled) return false;
        return std::move(done).error();
    }

    Sample& at(std::int64_t row) { return samples_[static_cast<std::size_t>(row)]; }

    /// So that the last survivors, which cost most, still keep several threads busy.
    std::int64_t chunk_for(std::int64_t rows) const {
        const std::int64_t shared_out = (rows + kLeastChunks - 1) / kLeastChunks;
        return std::min(options_.chunk, std::max(shared_out, kLeastChunk));
    }

    /// `rows` in chunks of equal size; the same chunks for any number of threads.
    Result<void> in_chunks(const RowList& rows, const RunContext& ctx,
                           const std::function<Result<void>(std::span<const std::int64_t>)>& work) const {
        if (rows.empty()) return {};
        const auto count = static_cast<std::int64_t>(rows.size());
        const std::int64_t size = chunk_for(count), chunks = (count + size - 1) / size;
        return model::for_each_chunk(count, (count + chunks - 1) / chunks, ctx,
                                     [&](const model::Chunk& chunk) -> Result<void> {
                                         const OneIntraOpThread alone;
                                         return work(std::span(rows).subspan(static_cast<std::size_t>(chunk.begin),
                                                                             static_cast<std::size_t>(chunk.count)));
                                     });
    }

    static Rows gather(const Rows& from, std::span<const std::int64_t> rows) {
        std::vector<std::int64_t> shape = from.tensor().sizes().vec();
        shape[0] = static_cast<std::int64_t>(rows.size());
        Rows to(at::empty(shape, at::kFloat));
        for (std::size_t i = 0; i < rows.size(); ++i) to.copy_row(static_cast<std::int64_t>(i), from, rows[i]);
        return to;
    }

    RowList rows_where(const std::function<bool(const Sample&)>& wanted) const {
        RowList rows;
        for (std::size_t i = 0; i < samples_.size(); ++i)
            if (wanted(samples_[i])) rows.push_back(static_cast<std::int64_t>(i));
        return rows;
    }

    bool reached(const Sample& sample, std::int64_t predicted) const {
        return (predicted == sample.label) == threat_.targeted;
    }

    Result<void> classify_clean() {
        const RowList all = rows_where([](const Sample&) { return true; });
        return in_chunks(all, ctx_, [&](std::span<const std::int64_t> rows) -> Result<void> {
            const Rows x = gather(clean_, rows);
            const ForwardPass pass = BARTIZAN_TRY(ForwardPass::of(model_, x.tensor(), ForwardPass::Way::forth));
            for (std::size_t i = 0; i < rows.size(); ++i) {
                Sample& sample = at(rows[i]);
                sample.predicted_clean = sample.predicted_adversarial =
                    predicted(pass.logits(static_cast<std::int64_t>(i)));
                sample.attacked = !reached(sample, sample.predicted_clean);
                sample.finished = !sample.attacked;
            }
            return {};
        });
    }

    Result<void> run_stage(const std::vector<const Attack*>& stages, std::size_t stage) {
        const bool last = stage + 1 == stages.size();
        const RowList rows = rows_where([](const Sample& s) { return s.attacked && !s.fooled; });
        const std::string name =
            stages.size() == 1 ? "attack"
                               : "attack, stage " + std::to_string(stage + 1) + " of " + std::to_string(stages.size());
        StageProgress progress(ctx_, name, static_cast<std::int64_t>(rows.size()));
        return in_chunks(rows, ctx_, [&](std::span<const std::int64_t> chunk) -> Result<void> {
            ChunkProgress sink(progress, static_cast<std::int64_t>(chunk.size()));
            RunContext own = ctx_.with_progress(&sink);
            const Outcome outcome = BARTIZAN_TRY(stages[stage]->craft(model_, job_of(chunk), own));
            take(chunk, outcome, last);
            return {};
        });
    }

    Job job_of(std::span<const std::int64_t> rows) {
        const auto count = static_cast<std::int64_t>(rows.size());
        Job job{gather(clean_, rows).tensor(), at::empty({count}, at::kLong), at::empty({count}, at::kLong)};
        for (std::size_t i = 0; i < rows.size(); ++i) {
            job.y.data_ptr<std::int64_t>()[i] = at(rows[i]).label;
            job.ids.data_ptr<std::int64_t>()[i] = at(rows[i]).id;
        }
        return job;
    }

    void take(std::span<const std::int64_t> rows, const Outcome& outcome, bool last) {
        const Rows adversarial(outcome.adversarial);
        for (std::size_t i = 0; i < rows.size(); ++i) {
            Sample& sample = at(rows[i]);
            sample.queries += outcome.queries.data_ptr<std::int64_t>()[i];
            sample.gradients += outcome.gradients.data_ptr<std::int64_t>()[i];
            sample.fooled = outcome.success.data_ptr<bool>()[i];
            sample.finished = sample.fooled || last;
            if (sample.fooled) found_.copy_row(rows[i], adversarial, static_cast<std::int64_t>(i));
        }
    }

    /// Believes no attack: what counts is one more look at each answer.
    Result<void> verify() {
        RunContext unstoppable({.seed = ctx_.seed(), .threads = ctx_.threads(), .device = ctx_.device()});
        const RowList rows = rows_where([](const Sample& s) { return s.fooled; });
        return in_chunks(rows, unstoppable, [&](std::span<const std::int64_t> chunk) -> Result<void> {
            const Rows x = gather(found_, chunk);
            const ForwardPass pass = BARTIZAN_TRY(ForwardPass::of(model_, x.tensor(), ForwardPass::Way::forth));
            for (std::size_t i = 0; i < chunk.size(); ++i)
                confirm(chunk[i], predicted(pass.logits(static_cast<std::int64_t>(i))));
            return {};
        });
    }

    void confirm(std::int64_t row, std::int64_t predicted) {
        Sample& sample = at(row);
        const ConstRow found = std::as_const(found_)[row], clean = std::as_const(clean_)[row];
        sample.perturbation = distance(threat_.norm, found, clean);
        const auto [low, high] = std::ranges::minmax_element(found);
        const bool in_range = *low >= threat_.low - kTolerance && *high <= threat_.high + kTolerance;
        if (reached(sample, predicted) && in_range && sample.perturbation <= threat_.eps + kTolerance) {
            sample.predicted_adversarial = predicted;
            return;
        }
        sample.fooled = false;
        sample.perturbation = 0;
        found_.copy_row(row, clean_, row);
    }

    Result<RunResult> collect(Shape shape) {
        const RowList rows = rows_where([](const Sample& s) { return s.finished; });
        RunResult result;
        result.samples = static_cast<std::int64_t>(rows.size());
        shape[0] = result.samples;
        result.adversarial = BARTIZAN_TRY(NdArray::zeros(DType::f32, shape));
        std::vector<double> sizes;
        std::int64_t attacked = 0, queries = 0, gradients = 0;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const Sample& sample = at(rows[i]);
            const ConstRow found = std::as_const(found_)[rows[i]];
            std::ranges::copy(found, result.adversarial.mutable_values<float>().begin() +
                                         static_cast<std::ptrdiff_t>(i * found.size()));
            result.clean_ok.push_back(sample.attacked ? 1 : 0);
            result.success.push_back(sample.fooled ? 1 : 0);
            result.labels.push_back(sample.label);
            result.ids.push_back(sample.id);
            result.predicted_clean.push_back(sample.predicted_clean);
            result.predicted_adversarial.push_back(sample.predicted_adversarial);
            result.perturbation.push_back(sample.perturbation);
            result.queries.push_back(sample.queries);
            if (!sample.attacked) continue;
            ++attacked;
            queries += sample.queries;
            gradients += sample.gradients;
            if (sample.fooled) sizes.push_back(sample.perturbation);
        }
        result.clean_correct = attacked;
        result.robust_correct = attacked - static_cast<std::int64_t>(sizes.size());
        if (attacked > 0) {
            result.queries_mean = static_cast<double>(queries) / static_cast<double>(attacked);
            result.gradients_mean = static_cast<double>(gradients) / static_cast<double>(attacked);
        }
        summarise(std::move(sizes), result);
        return result;
    }

    static void summarise(std::vector<double> sizes, RunResult& result) {
        if (sizes.empty()) return;
        std::ranges::sort(sizes);
        result.max_perturbation = sizes.back();
        result.mean_perturbation = std::accumulate(sizes.begin(), sizes.end(), 0.0) / static_cast<double>(sizes.size());
        result.median_perturbation = quantile(sizes, 0.5);
    }

    const model::Classifier& model_;
    const ThreatModel& threat_;
    RunContext& ctx_;
    const RunOptions& options_;
    Rows clean_, found_;
    std::vector<Sample> samples_;
};

double share(std::int64_t part, std::int64_t whole) {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace
}  // namespace runner

double RunResult::clean_accuracy() const { return runner::share(clean_correct, samples); }
double RunResult::robust_accuracy() const { return runner::share(robust_correct, samples); }
double RunResult::success_rate() const { return runner::share(clean_correct - robust_correct, clean_correct); }

Result<RunResult> run(const model::Classifier& model, const Attack& attack, const ThreatModel& threat,
                      const data::Batch& batch, RunContext& ctx, const RunOptions& options) {
    return runner::Run(model, threat, ctx, options)(attack, batch);
}

}  // namespace bartizan::attacks
