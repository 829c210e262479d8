#include "training/standardise.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace bartizan::training {
namespace standardising {
namespace {

constexpr std::int64_t kRowsAtOnce = 4096;

/// Running moments of every column.
class Moments {
public:
    explicit Moments(std::size_t columns) : mean_(columns), squares_(columns) {}

    void add(std::span<const float> row) {
        ++rows_;
        for (std::size_t i = 0; i < row.size(); ++i) {
            const double step = row[i] - mean_[i];
            mean_[i] += step / rows_;
            squares_[i] += step * (row[i] - mean_[i]);
        }
    }

    ColumnStatistics statistics() const {
        ColumnStatistics found;
        for (std::size_t i = 0; i < mean_.size(); ++i) {
            const auto deviation = static_cast<float>(std::sqrt(squares_[i] / std::max(rows_, 1.0)));
            found.mean.push_back(static_cast<float>(mean_[i]));
            found.deviation.push_back(std::isnormal(deviation) ? deviation : 1.0F);
        }
        return found;
    }

private:
    double rows_ = 0;
    std::vector<double> mean_;
    std::vector<double> squares_;
};

graph::Node step(std::string op_type, std::string input, std::string constant, std::string output) {
    graph::Node node;
    node.name = "standardise_" + op_type;
    node.op_type = std::move(op_type);
    node.inputs = {std::move(input), std::move(constant)};
    node.outputs = {std::move(output)};
    return node;
}

}  // namespace
}  // namespace standardising

Result<ColumnStatistics> column_statistics(const data::Dataset& table) {
    using namespace standardising;
    const auto columns =
        static_cast<std::size_t>(BARTIZAN_TRY(element_count(table.info().item_shape, std::int64_t{1} << 40)));
    Moments moments(columns);
    std::vector<std::int64_t> rows;
    for (std::int64_t begin = 0; begin < table.info().items; begin += kRowsAtOnce) {
        rows.resize(static_cast<std::size_t>(std::min(kRowsAtOnce, table.info().items - begin)));
        std::iota(rows.begin(), rows.end(), begin);
        const data::Batch batch = BARTIZAN_TRY(table.read(rows));
        const std::span<const float> values = batch.x.values<float>();
        for (std::size_t i = 0; i < rows.size(); ++i) moments.add(values.subspan(i * columns, columns));
    }
    return moments.statistics();
}

Result<void> standardise(graph::Graph& graph, const ColumnStatistics& statistics) {
    using namespace standardising;
    const auto columns = static_cast<std::int64_t>(statistics.mean.size());
    if (graph.inputs.size() != 1 || graph.inputs[0].type.shape != Shape{-1, columns})
        return invalid_input("only a network with one input [N, " + std::to_string(columns) + "] can be standardised");
    const std::string input = graph.inputs[0].name;
    for (graph::Node& node : graph.nodes) std::ranges::replace(node.inputs, input, std::string("standardised"));
    graph.initializers.emplace("column_mean", BARTIZAN_TRY(NdArray::from<float>({columns}, statistics.mean)));
    graph.initializers.emplace("column_deviation", BARTIZAN_TRY(NdArray::from<float>({columns}, statistics.deviation)));
    const graph::Node steps[] = {step("Sub", input, "column_mean", "centred"),
                                 step("Div", "centred", "column_deviation", "standardised")};
    graph.nodes.insert(graph.nodes.begin(), std::begin(steps), std::end(steps));
    return {};
}

}  // namespace bartizan::training
