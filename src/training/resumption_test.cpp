/// Checkpoints: a training that was stopped after any epoch ends in the same weights; what is no checkpoint is refused.
#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "formats/npz.h"
#include "model/kernel.h"
#include "model/tensors.h"
#include "training/architecture.h"
#include "training/blobs_testing.h"
#include "training/checkpoint.h"

namespace bartizan::training {
namespace {

class CheckpointFolder {
public:
    CheckpointFolder() : path_(std::filesystem::temp_directory_path() / ("resumption-" + std::to_string(::getpid()))) {
        std::filesystem::create_directories(path_);
    }
    ~CheckpointFolder() { std::filesystem::remove_all(path_); }
    std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

private:
    std::filesystem::path path_;
};

/// Asks to stop when epoch `last + 1` tells its first progress.
class StopAfter final : public ProgressSink {
public:
    StopAfter(int last, CancelToken& token) : begins_("epoch " + std::to_string(last + 1) + " "), token_(token) {}
    void update(const Progress& progress) override {
        if (progress.stage.starts_with(begins_)) token_.cancel();
    }

private:
    std::string begins_;
    CancelToken& token_;
};

struct ResumableRun {
    Outcome outcome;
    std::vector<std::vector<float>> weights;
};

Result<ResumableRun> resumable_run(const Options& options, int stop_after = 0, std::uint64_t seed = 3) {
    std::shared_ptr<model::Model> model =
        BARTIZAN_TRY(model::from_graph(BARTIZAN_TRY((*find_architecture("mlp"))->build({4}, 2, 1))));
    const auto classifier = BARTIZAN_TRY(model::make_classifier(model, {4}, {}));
    CancelToken token;
    StopAfter sink(stop_after, token);
    RunContext ctx(RunContext::Options{
        .seed = seed, .threads = 2, .cancel = &token, .progress = stop_after > 0 ? &sink : nullptr});
    ResumableRun run;
    run.outcome = BARTIZAN_TRY(train(*model, *classifier, Blobs(300, 1), options, ctx));
    for (const model::NamedTensor& parameter : model->parameters()) {
        const NdArray array = BARTIZAN_TRY(model::to_array(parameter.tensor));
        run.weights.emplace_back(array.values<float>().begin(), array.values<float>().end());
    }
    return run;
}

Options options_with(Method method) {
    Options options{.epochs = 4, .batch_size = 64};
    options.objective = {.method = method, .adversary = {.eps = 0.05, .steps = 2}, .replays = 3};
    options.averaging = 0.9;
    options.schedule = Schedule::cosine;
    return options;
}

TEST(Resumption, EndsInTheSameWeightsWhereverItWasStopped) {
    const CheckpointFolder folder;
    for (const Method method : {Method::plain, Method::trades, Method::free, Method::fast}) {
        Options options = options_with(method);
        const auto whole = resumable_run(options);
        ASSERT_TRUE(whole.ok()) << whole.error().line();
        for (const int stop : {1, 3}) {
            options.resumption = {.file = folder / "c", .resume = true};
            const auto half = resumable_run(options, stop);
            ASSERT_TRUE(half.ok()) << half.error().line();
            EXPECT_TRUE(half->outcome.cancelled);
            EXPECT_EQ(half->outcome.epochs.size(), static_cast<std::size_t>(stop));
            const auto resumed = resumable_run(options);
            ASSERT_TRUE(resumed.ok()) << resumed.error().line();
            EXPECT_EQ(resumed->outcome.resumed_after, stop);
            EXPECT_EQ(resumed->weights, whole->weights) << static_cast<int>(method) << " stopped after " << stop;
            EXPECT_EQ(resumed->outcome.best_epoch, whole->outcome.best_epoch);
            std::filesystem::remove(folder / "c");
        }
    }
}

TEST(Resumption, RefusesTheCheckpointOfAnotherTraining) {
    const CheckpointFolder folder;
    Options options = options_with(Method::plain);
    options.resumption = {.file = folder / "c", .resume = true};
    ASSERT_TRUE(resumable_run(options).ok());
    EXPECT_TRUE(resumable_run(options).ok());  // all epochs are done: the kept weights are loaded
    const auto other_seed = resumable_run(options, 0, 4);
    ASSERT_FALSE(other_seed.ok());
    EXPECT_EQ(other_seed.error().code(), Errc::conflict);
    options.learning_rate *= 2;
    EXPECT_FALSE(resumable_run(options).ok());
    options.resumption.resume = false;
    EXPECT_TRUE(resumable_run(options).ok());  // begins anew, and writes over it
}

TEST(Checkpoint, ComesBackAsItWasWritten) {
    const CheckpointFolder folder;
    Checkpoint out{.fingerprint = "abc", .outcome = {.epochs = {{.number = 1, .loss = 0.5}}, .best_epoch = 1}};
    out.outcome.epochs[0].validation_robust_accuracy = 0.25;
    out.best = 0.25;
    out.arrays.emplace("state.0", NdArray::from<float>({2}, std::vector<float>{1, 2}).value());
    ASSERT_TRUE(save_checkpoint(folder / "c", out).ok());
    const auto in = load_checkpoint(folder / "c");
    ASSERT_TRUE(in.ok()) << in.error().line();
    EXPECT_EQ(in->fingerprint, "abc");
    EXPECT_EQ(in->outcome.epochs.at(0).validation_robust_accuracy, 0.25);
    EXPECT_EQ(in->best, 0.25);
    EXPECT_EQ(in->arrays.at("state.0").values<float>()[1], 2);
}

TEST(Checkpoint, RefusesWhatIsNone) {
    const CheckpointFolder folder;
    EXPECT_EQ(load_checkpoint(folder / "none").error().code(), Errc::not_found);
    const auto with_header = [&](const std::string& text) {
        const std::vector<std::uint8_t> bytes(text.begin(), text.end());
        EXPECT_TRUE(
            formats::write_npz(folder / "h",
                               {{"header", NdArray::from<std::uint8_t>({std::ssize(bytes)}, std::span(bytes)).value()}})
                .ok());
        return load_checkpoint(folder / "h").ok();
    };
    const std::string good = R"({"schema":"bartizan.checkpoint/1","fingerprint":"a","best_epoch":1,"collapsed_at":0,)"
                             R"("waited":0,"best":0.5,"steps_done":0,"epochs":[{"loss":1,"accuracy":1,"seconds":1}]})";
    EXPECT_TRUE(with_header(good));
    const auto without = [&](const std::string& what, const std::string& instead) {
        return std::string(good).replace(good.find(what), what.size(), instead);
    };
    EXPECT_FALSE(with_header(without("checkpoint/1", "checkpoint/2")));
    EXPECT_FALSE(with_header(without("\"best_epoch\":1", "\"best_epoch\":7")));
    EXPECT_FALSE(with_header(without("\"best_epoch\":1", "\"best_epoch\":-1")));
    EXPECT_FALSE(with_header(without("\"waited\":0", "\"waited\":0.5")));
    EXPECT_FALSE(with_header(without("\"loss\":1", "\"loss\":\"x\"")));
    EXPECT_FALSE(with_header(without("[{\"loss\":1,\"accuracy\":1,\"seconds\":1}]", "[]")));
    EXPECT_FALSE(with_header("[1]"));
    EXPECT_FALSE(with_header("no json"));
    std::ofstream(folder / "cut") << "PK\x03\x04 and nothing more";
    EXPECT_FALSE(load_checkpoint(folder / "cut").ok());
}

}  // namespace
}  // namespace bartizan::training
