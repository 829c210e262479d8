// Runs every case of ONNX's own backend tests and compares with the outputs recorded beside it. What is not
// supported must be refused by name, and only the operators listed here may be.
#include <algorithm>
#include <cstdio>
#include <map>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "model/conformance_testing.h"
#include "model/kernel.h"
#include "model/model.h"

namespace bartizan::model::conformance {
namespace {

/// Operators over sequences, optionals, strings or subgraphs, and training steps.
const std::set<std::string> kRefused = {"ConcatFromSequence",
                                        "If",
                                        "Loop",
                                        "Optional",
                                        "OptionalGetElement",
                                        "OptionalHasElement",
                                        "Scan",
                                        "SequenceAt",
                                        "SequenceConstruct",
                                        "SequenceEmpty",
                                        "SequenceErase",
                                        "SequenceInsert",
                                        "SequenceLength",
                                        "SequenceMap",
                                        "SplitToSequence",
                                        "StringNormalizer",
                                        "Adagrad",
                                        "Adam",
                                        "Gradient",
                                        "Momentum"};

/// Single cases of supported operators that work on strings, sequences or optionals.
const std::set<std::string> kRefusedCases = {
    "test_cast_FLOAT_to_STRING",
    "test_cast_STRING_to_FLOAT",
    "test_castlike_FLOAT_to_STRING",
    "test_castlike_FLOAT_to_STRING_expanded",
    "test_castlike_STRING_to_FLOAT",
    "test_castlike_STRING_to_FLOAT_expanded",
    "test_identity_opt",
    "test_identity_sequence",
};

/// The reference draws other random numbers: only shape and type can agree.
const std::set<std::string> kRandom = {"Bernoulli",        "Multinomial",   "RandomNormal",
                                       "RandomNormalLike", "RandomUniform", "RandomUniformLike"};

bool draws_random_numbers(const Case& which, const graph::Graph& graph) {
    if (which.name.starts_with("test_training_dropout") && which.name.find("zero_ratio") == std::string::npos)
        return true;
    return std::any_of(graph.nodes.begin(), graph.nodes.end(),
                       [](const graph::Node& node) { return kRandom.contains(node.op_type); });
}

bool may_refuse(const Case& which, const graph::Graph& graph) {
    return kRefusedCases.contains(which.name) ||
           std::any_of(graph.nodes.begin(), graph.nodes.end(),
                       [](const graph::Node& node) { return kRefused.contains(node.op_type); });
}

enum class Verdict { passed, unsupported, failed };

struct Outcome {
    Verdict verdict = Verdict::passed;
    std::string detail;
};

Outcome outcome_of(const Error& error) {
    return {error.code() == Errc::unsupported ? Verdict::unsupported : Verdict::failed, error.line()};
}

std::string compare(const DataSet& set, const std::vector<at::Tensor>& actual, bool random) {
    for (std::size_t i = 0; i < set.outputs.size(); ++i) {
        if (i >= actual.size()) return "output " + std::to_string(i) + " is missing";
        const at::Tensor& given = actual[i];
        const bool alike = given.defined() && given.scalar_type() == set.outputs[i].scalar_type() &&
                           given.sizes() == set.outputs[i].sizes();
        if (random && alike) continue;
        if (const std::string how = difference(set.outputs[i], given); !how.empty())
            return "output " + std::to_string(i) + ": " + how;
    }
    return "";
}

Outcome run(const Case& which, const graph::Graph& graph) {
    const auto model = from_graph(graph);
    if (!model.ok()) return outcome_of(model.error());
    const auto sets = data_sets(which, graph);
    if (!sets.ok()) return outcome_of(sets.error());
    for (const DataSet& set : *sets) {
        const auto outputs = (*model)->run(set.inputs);
        if (!outputs.ok()) return outcome_of(outputs.error());
        const std::string how = compare(set, *outputs, draws_random_numbers(which, graph));
        if (!how.empty()) return {Verdict::failed, how};
    }
    return {};
}

struct Tally {
    int passed = 0;
    int unsupported = 0;
    int failed = 0;
    int node_cases = 0;
    int node_passed = 0;
    std::map<std::string, int> refused;

    void add(const Case& which, const Outcome& outcome) {
        passed += outcome.verdict == Verdict::passed;
        unsupported += outcome.verdict == Verdict::unsupported;
        failed += outcome.verdict == Verdict::failed;
        node_cases += which.suite == "node";
        node_passed += which.suite == "node" && outcome.verdict == Verdict::passed;
        if (outcome.verdict == Verdict::unsupported) ++refused[outcome.detail];
    }
};

TEST(Conformance, EveryCaseOfTheOnnxBackendTestsAgreesOrIsRefusedByName) {
    const std::vector<Case> cases = all_cases();
    ASSERT_GE(cases.size(), 900U) << "install the package libonnx-testdata";
    Tally tally;
    for (const Case& which : cases) {
        const auto graph = which.load();
        const Outcome outcome = graph.ok() ? run(which, *graph) : outcome_of(graph.error());
        tally.add(which, outcome);
        EXPECT_NE(outcome.verdict, Verdict::failed) << which.suite << "/" << which.name << ": " << outcome.detail;
        if (outcome.verdict == Verdict::unsupported && graph.ok())
            EXPECT_TRUE(may_refuse(which, *graph)) << which.suite << "/" << which.name << ": " << outcome.detail;
    }
    for (const auto& [why, count] : tally.refused) std::printf("refused %d: %s\n", count, why.c_str());
    std::printf("conformance: %d passed, %d unsupported, %d failed; node cases: %d of %d passed\n", tally.passed,
                tally.unsupported, tally.failed, tally.node_passed, tally.node_cases);
    EXPECT_EQ(tally.failed, 0);
    EXPECT_GE(tally.node_passed * 100, tally.node_cases * 94);
}

}  // namespace
}  // namespace bartizan::model::conformance
