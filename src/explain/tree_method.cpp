#include "explain/tree_method.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>

#include "explain/tree_shap.h"
#include "model/last_activation.h"
#include "model/tensors.h"

namespace bartizan::explain {
namespace tree_method_parts {
namespace {

/// Operators that leave each column where it is.
constexpr std::string_view kByColumn[] = {"Identity", "Cast", "Scaler", "Imputer"};

/// Turns items into what the trees see, by the model's own first nodes.
class Entrance {
public:
    static Result<Entrance> make(const model::Model& model, const data::InputContract& contract) {
        if (model.graph() == nullptr) return unsupported("trees are looked for in ONNX files alone");
        if (!contract.is_identity()) return unsupported("the trees' input is normalised by --mean, --std or --range");
        const graph::Graph& graph = *model.graph();
        const std::string input = BARTIZAN_TRY(Trees::input_of(graph));
        Entrance entrance;
        if (graph.inputs.size() == 1 && graph.inputs[0].name == input) return entrance;
        BARTIZAN_TRY(check_way(graph, input));
        entrance.view_ = BARTIZAN_TRY(model.view(model::with_output(graph, input)));
        return entrance;
    }

    Result<std::vector<float>> rows(const NdArray& items) const {
        const std::span<const float> given = items.values<float>();
        if (view_ == nullptr) return std::vector<float>(given.begin(), given.end());
        const at::NoGradGuard no_grad;
        const at::Tensor x = BARTIZAN_TRY(model::to_tensor(items));
        const auto outputs = BARTIZAN_TRY(view_->run({&x, 1}));
        const NdArray seen = BARTIZAN_TRY(model::to_array(outputs.at(0)));
        if (seen.dtype() != DType::f32 || seen.size() != items.size())
            return unsupported("what comes before the trees changes the number of columns");
        return std::vector<float>(seen.values<float>().begin(), seen.values<float>().end());
    }

private:
    static Result<void> check_way(const graph::Graph& graph, std::string value) {
        for (std::size_t steps = 0; steps <= graph.nodes.size(); ++steps) {
            if (graph.inputs[0].name == value) return {};
            const auto node = std::ranges::find_if(
                graph.nodes, [&](const graph::Node& one) { return !one.outputs.empty() && one.outputs[0] == value; });
            if (node == graph.nodes.end()) break;
            if (std::ranges::find(kByColumn, node->op_type) == std::end(kByColumn))
                return unsupported(node->place() + " comes before the trees: their columns are not the model's",
                                   "take permutation-shapley");
            value = node->inputs.at(0);
        }
        return unsupported("the trees do not read the model's input");
    }

    std::shared_ptr<const model::Model> view_;
};

NdArray one_row(std::span<const float> x) { return *NdArray::from<float>({1, static_cast<std::int64_t>(x.size())}, x); }

/// The trees as they vote for one class, and the margin that explanations start from.
struct Voter {
    Trees trees;
    double mean = 0;
};

double mean_margin(const Trees& trees, std::span<const float> rows, std::size_t width) {
    double sum = 0;
    for (std::size_t at = 0; at < rows.size(); at += width) sum += trees.margin(rows.subspan(at, width));
    return sum * static_cast<double>(width) / static_cast<double>(rows.size());
}

Attribution attribution_of(const std::vector<double>& values, double whole) {
    constexpr double kTiny = 1e-12;
    Attribution out{.values = std::vector<float>(values.begin(), values.end()), .evaluations = 1};
    double sum = 0;
    for (const double value : values) sum += value;
    out.completeness_error = std::abs(sum - whole) / std::max(std::abs(whole), kTiny);
    return out;
}

}  // namespace
}  // namespace tree_method_parts

bool is_tree_method(std::string_view name) { return name == kTreeShap || name == kTreeShapInterventional; }

Result<Method> tree_method(std::string_view name, std::shared_ptr<const model::Model> model,
                           const data::InputContract& contract, const NdArray& background, std::int64_t classes) {
    using namespace tree_method_parts;
    const Entrance entrance = BARTIZAN_TRY(Entrance::make(*model, contract));
    const auto width = static_cast<std::size_t>(background.size() / background.shape()[0]);
    const auto rows = std::make_shared<std::vector<float>>(BARTIZAN_TRY(entrance.rows(background)));
    const bool interventional = name == kTreeShapInterventional;
    const auto of_class = std::make_shared<std::vector<Voter>>();
    for (std::int64_t target = 0; target < classes; ++target) {
        Voter voter{BARTIZAN_TRY(Trees::of(*model->graph(), target))};
        if (voter.trees.features() > width) return invalid_input("the trees ask for more columns than the data has");
        voter.trees.count(*rows, width);
        voter.mean = interventional ? mean_margin(voter.trees, *rows, width) : voter.trees.expectation();
        of_class->push_back(std::move(voter));
    }
    const auto run = [=](const Score& score, std::span<const float> x, std::span<const float>, const Layout&,
                         const RunContext&) -> Result<Attribution> {
        const Voter& voter = of_class->at(static_cast<std::size_t>(score.target()));
        const std::vector<float> row = BARTIZAN_TRY(entrance.rows(one_row(x)));
        const auto values = interventional ? voter.trees.interventional(row, *rows) : voter.trees.path_dependent(row);
        return attribution_of(values, voter.trees.margin(row) - voter.mean);
    };
    return Method{interventional ? kTreeShapInterventional : kTreeShap, "Exact Shapley values of trees.", false, run};
}

}  // namespace bartizan::explain
