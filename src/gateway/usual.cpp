#include "gateway/usual.h"

#include <algorithm>
#include <charconv>
#include <future>

#include "core/random.h"
#include "formats/npz.h"
#include "oip/message.h"

namespace bartizan::gateway {
namespace usual {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMostRows = 2000;
constexpr std::size_t kGolden = 64;
constexpr std::size_t kMostSqueezed = 1000;
constexpr std::size_t kBatch = 50;
constexpr auto kPatience = 30s;
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 30;

Result<NdArray> inputs_of(const std::string& archive) {
    return BARTIZAN_TRY(formats::Npz::parse(std::make_shared<const std::string>(archive))).array("x", kMostBytes);
}

/// float32 values of the array's rows, in a random order; at most so many.
Result<std::vector<float>> rows_of(const NdArray& x, std::size_t length, std::size_t most) {
    const auto all = static_cast<std::size_t>(x.rank() == 0 ? 0 : x.shape()[0]);
    if (all == 0 || static_cast<std::size_t>(x.size()) != all * length)
        return invalid_input("the array 'x' has items of " + std::to_string(all == 0 ? 0 : x.size() / x.shape()[0]) +
                             " numbers, the model takes " + std::to_string(length));
    if (x.dtype() != DType::f32 && x.dtype() != DType::u8)
        return unsupported("the array 'x' is of type " + std::string(to_string(x.dtype())) +
                           ", float32 or uint8 is needed");
    const std::vector<std::int64_t> order = permutation(static_cast<std::int64_t>(all), 0);
    std::vector<float> out;
    for (std::size_t i = 0; i < std::min(all, most); ++i) {
        const std::size_t from = static_cast<std::size_t>(order[i]) * length;
        for (std::size_t j = from; j < from + length; ++j)
            out.push_back(x.dtype() == DType::f32 ? x.values<float>()[j]
                                                  : static_cast<float>(x.values<std::uint8_t>()[j]) / 255.0F);
    }
    return out;
}

/// The only input, of float32 rows, and the first output that can be scores.
Result<std::pair<const oip::Signature*, const oip::Signature*>> watched(const oip::Metadata& model) {
    if (model.inputs.size() != 1 || model.inputs[0].type != oip::Datatype::fp32 || model.inputs[0].shape.size() < 2)
        return unsupported("only models with one input of FP32 rows are watched");
    for (std::size_t axis = 1; axis < model.inputs[0].shape.size(); ++axis)
        if (model.inputs[0].shape[axis] < 1) return unsupported("the model's input has an open size");
    for (const oip::Signature& output : model.outputs)
        if (output.type == oip::Datatype::fp32) return std::pair{&model.inputs[0], &output};
    return unsupported("the model has no output of FP32 scores");
}

Result<http::PeerResponse> post(const std::shared_ptr<Worker>& worker, http::Loop& loop, http::PeerRequest request) {
    auto answer = std::make_shared<std::promise<Result<http::PeerResponse>>>();
    auto future = answer->get_future();
    loop.post([worker, &loop, answer, request = std::move(request)]() mutable {
        worker->ask(loop, std::move(request),
                    [answer](Result<http::PeerResponse> response) { answer->set_value(std::move(response)); });
    });
    if (future.wait_for(kPatience + 5s) != std::future_status::ready)
        return Error(Errc::unavailable, "the worker does not answer");
    auto response = BARTIZAN_TRY(future.get());
    if (response.status != 200)
        return Error(Errc::unavailable, "the worker answers " + std::to_string(response.status));
    return response;
}

/// Scores of each row of one batch.
Result<void> ask_batch(const std::shared_ptr<Worker>& worker, http::Loop& loop, const Asked& asked,
                       std::span<const float> rows, std::size_t count, std::vector<std::vector<float>>& out,
                       std::vector<float>* features) {
    oip::InferRequest request;
    oip::Tensor& tensor = request.inputs.emplace_back();
    tensor.name = asked.input.name;
    tensor.shape = asked.input.shape;
    tensor.shape[0] = static_cast<std::int64_t>(count);
    tensor.refer({reinterpret_cast<const char*>(rows.data()), rows.size_bytes()});
    request.binary_outputs = true;
    oip::Body body = BARTIZAN_TRY(oip::serialize(request, true));
    http::PeerRequest ask{.path = "/v2/models/" + asked.model + "/infer"};
    ask.headers.emplace_back(oip::kLengthHeader, std::to_string(body.json_bytes));
    ask.body = std::move(body.text);
    ask.patience = kPatience;
    if (features != nullptr) ask.headers.emplace_back(oip::kFeaturesHeader, "1");
    http::PeerResponse answer = BARTIZAN_TRY(post(worker, loop, std::move(ask)));
    const std::string cut = BARTIZAN_TRY(cut_features(answer));
    if (features != nullptr && cut.size() % (count * sizeof(float)) == 0) {
        features->resize(features->size() + cut.size() / sizeof(float));
        std::memcpy(features->data() + features->size() - cut.size() / sizeof(float), cut.data(), cut.size());
    }
    const auto response = BARTIZAN_TRY(oip::parse_response(
        answer.body, BARTIZAN_TRY(oip::json_length(answer.header(oip::kLengthHeader), answer.body.size()))));
    const auto scores = std::ranges::find(response.outputs, asked.output, &oip::Tensor::name);
    if (scores == response.outputs.end() || scores->type != oip::Datatype::fp32 || scores->elements() == 0 ||
        static_cast<std::size_t>(scores->elements()) % count != 0)
        return invalid_input("the model's answer has no scores for each row");
    const std::size_t width = static_cast<std::size_t>(scores->elements()) / count;
    for (std::size_t i = 0; i < count; ++i) {
        std::vector<float>& row = out.emplace_back(width);
        std::memcpy(row.data(), scores->bytes().data() + i * width * sizeof(float), width * sizeof(float));
    }
    return {};
}

}  // namespace
}  // namespace usual

Result<std::string> cut_features(http::PeerResponse& response) {
    const std::string_view told = response.header(oip::kFeaturesHeader);
    if (told.empty()) return std::string();
    std::size_t bytes = 0;
    const auto [end, error] = std::from_chars(told.data(), told.data() + told.size(), bytes);
    if (error != std::errc() || end != told.data() + told.size() || bytes > response.body.size() ||
        bytes % sizeof(float) != 0)
        return invalid_input("the worker's features are longer than its answer");
    std::string out = response.body.substr(response.body.size() - bytes);
    response.body.resize(response.body.size() - bytes);
    return out;
}

Result<std::vector<std::vector<float>>> ask_rows(const std::shared_ptr<Worker>& worker, http::Loop& loop,
                                                 const Asked& asked, std::span<const float> rows,
                                                 std::vector<float>* features) {
    std::size_t length = 1;
    for (std::size_t axis = 1; axis < asked.input.shape.size(); ++axis)
        length *= static_cast<std::size_t>(asked.input.shape[axis]);
    const bool open = asked.input.shape[0] < 0;
    const std::size_t all = rows.size() / length;
    const std::size_t batch = open ? usual::kBatch : static_cast<std::size_t>(asked.input.shape[0]);
    std::vector<std::vector<float>> out;
    for (std::size_t at = 0; at < all; at += batch) {
        const std::size_t count = std::min(batch, all - at);
        if (count < batch && !open) break;  // what does not fill a fixed batch is left out
        BARTIZAN_TRY(
            usual::ask_batch(worker, loop, asked, rows.subspan(at * length, count * length), count, out, features));
    }
    return out;
}

Result<std::array<double, monitor::kSqueezers>> squeeze_distances(const std::shared_ptr<Worker>& worker,
                                                                  http::Loop& loop, const Asked& asked,
                                                                  std::span<const float> squeezed,
                                                                  std::span<const float> answer) {
    const auto answers = BARTIZAN_TRY(ask_rows(worker, loop, asked, squeezed));
    std::array<double, monitor::kSqueezers> out{};
    for (std::size_t k = 0; k < std::min(out.size(), answers.size()); ++k)
        out[k] = monitor::answer_distance(answer, answers[k]);
    return out;
}

namespace usual {
namespace {

/// Nothing where items are no pictures.
Result<std::optional<monitor::SqueezeReference>> learn_squeezing(const std::shared_ptr<Worker>& worker,
                                                                 http::Loop& loop, const Asked& asked,
                                                                 const Usual& usual, std::span<const float> rows,
                                                                 std::span<const std::vector<float>> answers,
                                                                 double false_flags) {
    // A fixed batch would need rows of several pictures at once.
    if (!monitor::can_squeeze(usual.item) || asked.input.shape[0] > 1) return std::nullopt;
    std::vector<std::array<double, monitor::kSqueezers>> distances;
    for (std::size_t i = 0; i < std::min(answers.size(), kMostSqueezed); ++i) {
        const auto variants =
            monitor::squeezed(rows.subspan(i * usual.length, usual.length), usual.item, usual.low, usual.high);
        distances.push_back(BARTIZAN_TRY(squeeze_distances(worker, loop, asked, variants, answers[i])));
    }
    return BARTIZAN_TRY_WITHIN(monitor::SqueezeReference::fit(distances, false_flags), "the reference");
}

/// Statistics that were kept, if they are of this model's form; else fresh ones. `columns` stand for features where
/// the model has none.
Result<monitor::OutlierReference> learn_outliers(const UsualParts& parts, std::span<const float> features,
                                                 std::span<const float> columns, std::size_t rows,
                                                 std::span<const std::vector<float>> answers, std::uint64_t key) {
    const std::size_t width = (features.empty() ? columns : features).size() / rows;
    if (!parts.statistics.empty()) {
        auto kept = monitor::OutlierReference::parse(parts.statistics);
        if (kept.ok() && kept->width() == width && kept->classes() == answers[0].size()) return kept;
    }
    std::vector<float> outputs;
    for (const std::vector<float>& answer : answers) outputs.insert(outputs.end(), answer.begin(), answer.end());
    return monitor::OutlierReference::fit(features.empty() ? columns : features, width, outputs, answers[0].size(),
                                          {.seed = key});
}

Result<std::optional<monitor::MemberSet>> learn_members(const UsualParts& parts, std::span<const float> rows,
                                                        const std::vector<std::int64_t>& item, std::uint64_t key) {
    if (parts.members.empty()) return std::nullopt;
    std::size_t length = 1;
    for (const std::int64_t size : item) length *= static_cast<std::size_t>(size);
    const std::vector<float> members =
        BARTIZAN_TRY(rows_of(BARTIZAN_TRY(inputs_of(parts.members)), length, monitor::kMostMembers));
    return BARTIZAN_TRY(monitor::MemberSet::make(members, rows, item, key));
}

}  // namespace
}  // namespace usual

Result<std::shared_ptr<const Usual>> learn_usual(const UsualParts& parts, const std::shared_ptr<Worker>& worker,
                                                 http::Loop& loop, const UsualOptions& options) {
    const auto signature = worker->signature();
    if (!signature) return Error(Errc::unavailable, "the worker is not ready");
    const auto [input, output] = BARTIZAN_TRY(usual::watched(*signature));
    const std::vector<std::int64_t> item(input->shape.begin() + 1, input->shape.end());
    monitor::Embedding embedding(item, options.key);
    const NdArray x = BARTIZAN_TRY_WITHIN(usual::inputs_of(parts.archive), "the reference");
    const std::size_t length = embedding.length();
    const std::vector<float> rows = BARTIZAN_TRY_WITHIN(usual::rows_of(x, length, usual::kMostRows), "the reference");
    std::vector<float> features;
    auto answers = BARTIZAN_TRY(ask_rows(worker, loop, {*input, output->name, parts.model}, rows, &features));

    std::vector<float> embedded, columns, plain;
    std::vector<std::int64_t> said;
    for (std::size_t i = 0; i < answers.size(); ++i) {
        const monitor::Answer answer = monitor::read_answer(answers[i]);
        said.push_back(answer.said);
        embedded.insert(embedded.end(), answer.scores.begin(), answer.scores.end());
        const std::size_t from = columns.size();
        embedding.append(std::span(rows).subspan(i * length, length), columns);
        embedded.insert(embedded.end(), columns.begin() + static_cast<std::ptrdiff_t>(from), columns.end());
        plain.insert(plain.end(), columns.begin() + static_cast<std::ptrdiff_t>(from), columns.end());
        columns.push_back(static_cast<float>(answer.confidence));
        columns.push_back(static_cast<float>(answer.said));
    }
    std::vector<std::string> names = embedding.columns();
    names.insert(names.end(), {"confidence", "predicted class"});
    const std::size_t width = said.empty() ? 0 : embedded.size() / said.size();
    auto theft =
        BARTIZAN_TRY_WITHIN(monitor::TheftReference::fit(embedded, width, said,
                                                         {.false_alarms = options.theft_false_alarms, .clients = 3000}),
                            "the reference");
    auto drift = BARTIZAN_TRY_WITHIN(monitor::DriftReference::fit(columns, names, options.drift), "the reference");
    const auto [low, high] = std::ranges::minmax(rows);
    monitor::Fingerprinter::Options range{.low = options.range ? options.range->low : low,
                                          .high = options.range ? options.range->high : high};
    if (!(range.high > range.low)) range.high = range.low + 1;
    monitor::Fingerprinter print(options.key, length, range);
    print.learn(rows);
    const std::size_t golden = std::min(usual::kGolden, answers.size());
    auto out = std::make_shared<Usual>(Usual{input->name, output->name, length, std::move(print), std::move(embedding),
                                             std::move(theft), std::move(drift)});
    out->item = item;
    out->low = range.low;
    out->high = range.high;
    out->golden.assign(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(golden * length));
    out->squeeze = BARTIZAN_TRY(usual::learn_squeezing(worker, loop, {*input, output->name, parts.model}, *out, rows,
                                                       answers, options.squeeze_false_flags));
    if (options.outliers) {
        auto outliers = usual::learn_outliers(parts, features, plain, answers.size(), answers, options.key);
        if (outliers.ok())
            out->outliers = std::move(outliers).value();
        else
            out->without.push_back("outliers: " + outliers.error().line());
    }
    auto members = usual::learn_members(parts, rows, item, options.key);
    if (members.ok())
        out->members = std::move(members).value();
    else
        out->without.push_back("membership: " + members.error().line());
    if (parts.members.empty()) out->without.push_back("membership: it has no list of members: registry push --members");
    answers.resize(golden);
    out->answers = std::move(answers);
    return std::shared_ptr<const Usual>(std::move(out));
}

}  // namespace bartizan::gateway
