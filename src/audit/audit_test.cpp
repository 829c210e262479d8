/// The runner: what a probe's failure, an obstacle and a request to stop become.
#include "audit/audit.h"

#include <cmath>
#include <filesystem>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/matmul.h>
#include <gtest/gtest.h>

#include "audit/made_testing.h"
#include "core/file.h"
#include "model/tensors.h"

namespace bartizan::audit {
namespace {

class Audit : public testing::Test {
protected:
    void SetUp() override {
        std::string name = (std::filesystem::temp_directory_path() / "bartizan-XXXXXX").string();
        ASSERT_NE(mkdtemp(name.data()), nullptr);
        folder_ = name;
        ASSERT_TRUE(write_file_atomically(folder_ / "model.onnx", std::string_view("abc")).ok());
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    Subject subject(Made::Function function) const {
        Subject made = subject_of(std::make_shared<Made>(Shape{kWidth}, kClasses, std::move(function)));
        made.model_path = folder_ / "model.onnx";
        return made;
    }
    static Result<at::Tensor> honest(const at::Tensor& x) { return at::matmul(x - 0.5, matrix(kWidth, kClasses, 0)); }

    std::filesystem::path folder_;
};

const ProbeRecord& record_of(const Report& report, std::string_view name) {
    for (const ProbeRecord& record : report.probes)
        if (record.name == name) return record;
    throw std::runtime_error("no such probe");
}

TEST_F(Audit, RunsEveryProbeThatTheInputsAllow) {
    const Subject made = subject(honest);
    RunContext ctx;
    const auto report =
        run_audit(made, default_plan(made.info).value(), {"bartizan audit", "2026-01-01T00:00:00Z"}, ctx);
    ASSERT_TRUE(report.ok()) << report.error().line();
    EXPECT_TRUE(report->complete);
    EXPECT_EQ(report->asset.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(record_of(*report, "corruption").status, ProbeStatus::skipped);
    EXPECT_EQ(record_of(*report, "corruption").reason, "the data is not made of images");
    for (const char* name :
         {"quality", "evasion-whitebox", "evasion-blackbox", "minimal-perturbation", "reliability"}) {
        EXPECT_EQ(record_of(*report, name).status, ProbeStatus::passed)
            << name << ": " << record_of(*report, name).reason;
        EXPECT_FALSE(record_of(*report, name).findings.empty()) << name;
    }
}

TEST_F(Audit, MeasuresWhatIsKnownOfALinearModel) {
    const Subject made = subject(honest);
    RunContext ctx;
    const Report report = run_audit(made, default_plan(made.info).value(), {}, ctx).value();
    // The distance of a linear model's boundary is known: min over classes of (z_y - z_k) / |w_y - w_k|_1.
    const at::Tensor weights = matrix(kWidth, kClasses, 0);
    const at::Tensor z = honest(model::to_tensor(made.batch.x).value()).value();
    std::vector<double> distances;
    for (std::int64_t row = 0; row < 48; ++row) {
        const std::int64_t label = made.batch.y[static_cast<std::size_t>(row)];
        double nearest = 1e9;
        for (std::int64_t k = 0; k < kClasses; ++k) {
            if (k == label) continue;
            const double gap = (z[row][label] - z[row][k]).item<double>();
            nearest =
                std::min(nearest, gap / (weights.select(1, label) - weights.select(1, k)).abs().sum().item<double>());
        }
        distances.push_back(nearest);
    }
    std::ranges::sort(distances);
    const Finding& minimal = record_of(report, "minimal-perturbation").findings.at(0);
    EXPECT_EQ(minimal.evidence.at(0).name, "distance_p50");
    EXPECT_NEAR(minimal.evidence.at(0).value, quantile(distances, 0.5), 1e-3);
    const auto robust = std::ranges::count_if(distances, [&](double d) { return d > made.eps; });
    const Finding& whitebox = record_of(report, "evasion-whitebox").findings.at(0);
    EXPECT_NEAR(whitebox.evidence.at(0).value, static_cast<double>(robust) / 48, 1e-9);
}

TEST_F(Audit, ReportsAFailedProbeAsFailedAndGoesOn) {
    Subject made = subject(honest);
    made.batch.y[7] = kClasses + 3;  // every probe that scores the model must refuse this label
    RunContext ctx;
    const Report report = run_audit(made, default_plan(made.info).value(), {}, ctx).value();
    EXPECT_TRUE(report.complete);
    EXPECT_EQ(record_of(report, "quality").status, ProbeStatus::failed);
    EXPECT_NE(record_of(report, "quality").reason.find("row 7 has label 8"), std::string::npos);
    EXPECT_TRUE(record_of(report, "quality").findings.empty());
    EXPECT_EQ(report.probes.size(), catalog::probes().size());
}

TEST_F(Audit, EndsWithWhatWasFinishedWhenItIsStopped) {
    CancelToken cancel;
    cancel.cancel();
    RunContext ctx(RunContext::Options{.cancel = &cancel});
    const Subject made = subject(honest);
    const Report report = run_audit(made, default_plan(made.info).value(), {}, ctx).value();
    EXPECT_FALSE(report.complete);
    for (const ProbeRecord& record : report.probes) EXPECT_EQ(record.status, ProbeStatus::incomplete) << record.name;
}

TEST_F(Audit, SkipsGradientsWhereThereAreNone) {
    Subject made = subject(honest);
    made.batch.y.clear();
    RunContext ctx;
    const Report report = run_audit(made, default_plan(made.info).value(), {}, ctx).value();
    for (const ProbeRecord& record : report.probes) EXPECT_EQ(record.status, ProbeStatus::skipped) << record.name;
}

}  // namespace
}  // namespace bartizan::audit
