#include "serving/remote_model.h"

#include <algorithm>
#include <thread>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>
#include <ATen/ops/cat.h>
#include <fmt/format.h>

#include "core/json.h"
#include "http/client.h"
#include "model/kernel.h"
#include "model/tensors.h"
#include "oip/message.h"
#include "oip/metadata.h"

namespace bartizan::serving {
namespace remote_model {
namespace {

constexpr std::uint64_t kMostAnswerBytes = std::uint64_t{64} << 20;
constexpr std::uint64_t kMostMetadataBytes = std::uint64_t{1} << 20;
constexpr std::size_t kShownText = 200;
constexpr std::chrono::milliseconds kFirstPause{200};
constexpr std::string_view kPrefix = "/v2/models/";

bool may_pass(int status) { return status == 429 || (status >= 502 && status <= 504); }
bool may_pass(Errc code) { return code == Errc::unavailable || code == Errc::cancelled; }

/// What the server says of its refusal: the protocol's {"error": "..."} or the first characters.
std::string reason_of(const http::Response& response) {
    const auto json = parse_json(response.body);
    if (json.ok() && json->is_object() && json->contains("error") && (*json)["error"].is_string())
        return (*json)["error"].get<std::string>().substr(0, kShownText);
    return response.body.substr(0, kShownText);
}

Error refusal(const http::Response& response) {
    const std::string text = fmt::format("the server answers {}: {}", response.status, reason_of(response));
    if (response.status == 401 || response.status == 403) return {Errc::denied, text, "give a key: BARTIZAN_KEY"};
    if (response.status == 404) return {Errc::not_found, text, "is the name of the model right?"};
    if (may_pass(response.status)) return {Errc::unavailable, text, "try again later, or with fewer queries"};
    return {response.status >= 500 ? Errc::unavailable : Errc::invalid_input, text};
}

class Server {
public:
    Server(http::Url url, RemoteOptions options) : url_(std::move(url)), options_(std::move(options)) {}

    /// The answer of status 200; asks again where that may help.
    Result<http::Response> ask(std::string_view method, const std::string& more, const std::string& body,
                               std::uint64_t most_bytes) const {
        http::Request request{.method = std::string(method), .url = url_, .body = body};
        request.url.target += more;
        if (!options_.key.empty()) request.headers.emplace_back("Authorization", "Bearer " + options_.key);
        if (!body.empty()) request.headers.emplace_back("Content-Type", "application/json");
        for (int attempt = 0;; ++attempt) {
            auto response = exchange(request, most_bytes);
            if (response.ok() && response->status == 200) return response;
            Error error = response.ok() ? refusal(*response) : std::move(response).error();
            const bool again = response.ok() ? may_pass(response->status) : may_pass(error.code());
            if (!again || attempt >= options_.retries) return std::move(error).within("'" + url_.text() + "'");
            std::this_thread::sleep_for(kFirstPause * (1 << std::min(attempt, 4)));
        }
    }

private:
    /// The client bounds the wait for each byte; this bounds the whole body.
    Result<http::Response> exchange(const http::Request& request, std::uint64_t most_bytes) const {
        const auto end = std::chrono::steady_clock::now() + options_.patience;
        std::string body;
        const http::BodySink sink = [&](std::span<const std::byte> bytes) -> Result<void> {
            if (std::chrono::steady_clock::now() > end)
                return Error(Errc::unavailable, fmt::format("no whole answer within {} ms", options_.patience.count()));
            body.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
            return {};
        };
        const http::ClientOptions client{.ca_file = options_.ca_file,
                                         .connect_timeout = std::min(options_.patience, std::chrono::milliseconds(10'000)),
                                         .idle_timeout = options_.patience,
                                         .redirects = 0,
                                         .most_bytes = most_bytes};
        http::Response response = BARTIZAN_TRY(http::exchange(request, client, sink));
        if (!body.empty()) response.body = std::move(body);
        return response;
    }

    http::Url url_;
    RemoteOptions options_;
};

graph::Value value_of(const oip::Signature& signature) {
    graph::Value value{.name = signature.name, .type = {}};
    value.type.dtype = dtype_of(signature.type);
    value.type.has_shape = !signature.shape.empty();
    value.type.shape = signature.shape;
    value.type.symbols.assign(signature.shape.size(), "");
    return value;
}

Result<oip::Tensor> input_tensor(const at::Tensor& rows, const oip::Signature& signature) {
    const auto dtype = dtype_of(signature.type);
    if (!dtype) return unsupported("the model's input '" + signature.name + "' does not take numbers");
    const NdArray array = BARTIZAN_TRY(model::to_array(rows.to(model::scalar_type_of(*dtype))));
    oip::Tensor tensor;
    tensor.name = signature.name;
    tensor.type = oip::datatype_of(array.dtype());
    if (tensor.type != signature.type)
        return unsupported("inputs of type " + std::string(to_string(signature.type)) + " cannot be sent");
    tensor.shape = array.shape();
    const auto* const data = reinterpret_cast<const char*>(array.bytes().data());
    tensor.own(std::vector<char>(data, data + array.bytes().size()));
    return tensor;
}

Result<at::Tensor> output_tensor(const oip::Tensor& tensor, std::int64_t rows) {
    const auto dtype = dtype_of(tensor.type);
    if (!dtype) return at::Tensor();  // text: a label's name, say
    BARTIZAN_TRY(check_bytes(tensor));
    if (tensor.shape.empty() || tensor.shape[0] != rows)
        return invalid_input(fmt::format("the server answers {} rows with the output '{}' of shape {}", rows, tensor.name,
                                         to_string(tensor.shape)));
    NdArray array = BARTIZAN_TRY(NdArray::zeros(*dtype, tensor.shape));
    std::ranges::copy(std::as_bytes(std::span(tensor.bytes())), array.mutable_bytes().begin());
    at::Tensor out = BARTIZAN_TRY(model::to_tensor(array));
    if (at::isFloatingType(out.scalar_type()) && !out.isfinite().all().item<bool>())
        return invalid_input("the server's output '" + tensor.name + "' holds values that are no numbers");
    return out;
}

class RemoteModel final : public model::Model {
public:
    RemoteModel(Server server, oip::Metadata metadata, std::int64_t rows)
        : server_(std::move(server)), metadata_(std::move(metadata)), rows_(rows) {
        info_.format = "remote";
        info_.producer = metadata_.platform;
        for (const oip::Signature& one : metadata_.inputs) info_.inputs.push_back(value_of(one));
        for (const oip::Signature& one : metadata_.outputs) info_.outputs.push_back(value_of(one));
    }

    const model::ModelInfo& info() const override { return info_; }
    const graph::Graph* graph() const override { return nullptr; }

    Result<std::vector<at::Tensor>> run(std::span<const at::Tensor> inputs, model::Mode mode) const override {
        if (mode == model::Mode::training) return unsupported("a model behind an address cannot be trained");
        if (inputs.size() != 1) return unsupported("a model behind an address is asked with one input");
        std::vector<at::Tensor> out;
        BARTIZAN_TRY(model::guarded([&]() -> Result<void> {
            std::vector<std::vector<at::Tensor>> parts(info_.outputs.size());
            const at::Tensor all = inputs[0].detach();
            for (std::int64_t row = 0; row < all.size(0); row += rows_) {
                auto some = BARTIZAN_TRY(run_rows(all.narrow(0, row, std::min(rows_, all.size(0) - row))));
                for (std::size_t i = 0; i < parts.size(); ++i)
                    if (some[i].defined()) parts[i].push_back(std::move(some[i]));
            }
            for (const auto& part : parts) out.push_back(part.empty() ? at::Tensor() : at::cat(part));
            return {};
        }));
        return out;
    }

    model::GradientPath gradient_path(std::size_t) const override {
        return {model::GradientPath::Reach::none, "the model is behind an address: it shows scores alone"};
    }
    Result<std::shared_ptr<const model::Model>> view(graph::Graph) const override {
        return unsupported("a model behind an address has no graph");
    }
    std::vector<model::NamedTensor> parameters() override { return {}; }
    Result<void> save_onnx(const std::filesystem::path&) const override {
        return unsupported("a model behind an address cannot be written");
    }

private:
    Result<std::vector<at::Tensor>> run_rows(const at::Tensor& rows) const {
        oip::InferRequest request;
        request.inputs.push_back(BARTIZAN_TRY(input_tensor(rows, metadata_.inputs[0])));
        const oip::Body body = BARTIZAN_TRY(serialize(request, false));
        const http::Response response = BARTIZAN_TRY(server_.ask("POST", "/infer", body.text, kMostAnswerBytes));
        const auto length = BARTIZAN_TRY(oip::json_length(response.header(oip::kLengthHeader), response.body.size()));
        const oip::InferResponse answer =
            BARTIZAN_TRY_WITHIN(oip::parse_response(response.body, length), "the server's answer");
        std::vector<at::Tensor> out(info_.outputs.size());
        for (const oip::Tensor& tensor : answer.outputs) {
            const auto found = std::ranges::find(metadata_.outputs, tensor.name, &oip::Signature::name);
            if (found == metadata_.outputs.end())
                return invalid_input("the server's answer has an output '" + tensor.name + "' that it did not announce");
            out[static_cast<std::size_t>(found - metadata_.outputs.begin())] =
                BARTIZAN_TRY(output_tensor(tensor, rows.size(0)));
        }
        for (std::size_t i = 0; i < out.size(); ++i)
            if (!out[i].defined() && dtype_of(metadata_.outputs[i].type))
                return invalid_input("the server's answer lacks the output '" + metadata_.outputs[i].name +
                                     "' that it announced");
        return out;
    }

    Server server_;
    oip::Metadata metadata_;
    std::int64_t rows_;
    model::ModelInfo info_;
};

}  // namespace
}  // namespace remote_model

bool is_remote(std::string_view target) { return target.starts_with("http://") || target.starts_with("https://"); }

Result<std::unique_ptr<model::Model>> open_remote(std::string_view address, const RemoteOptions& options) {
    http::Url url = BARTIZAN_TRY(http::parse_url(address));
    const std::size_t at = url.target.find(remote_model::kPrefix);
    if (at == std::string::npos || at + remote_model::kPrefix.size() == url.target.size() ||
        url.target.find('?') != std::string::npos)
        return invalid_input("'" + url.text() + "' is not the address of a model", "write http(s)://host/v2/models/NAME");
    while (url.target.ends_with('/')) url.target.pop_back();
    remote_model::Server server(url, options);
    const http::Response response = BARTIZAN_TRY(server.ask("GET", "", "", remote_model::kMostMetadataBytes));
    oip::Metadata metadata = BARTIZAN_TRY_WITHIN(oip::parse_metadata(response.body), "'" + url.text() + "'");
    if (metadata.inputs.size() != 1 || metadata.outputs.empty())
        return unsupported(fmt::format("'{}' has {} inputs and {} outputs of numbers", url.text(),
                                       metadata.inputs.size(), metadata.outputs.size()),
                           "a classifier of one input is needed");
    return std::make_unique<remote_model::RemoteModel>(std::move(server), std::move(metadata),
                                                       std::max<std::int64_t>(1, options.rows));
}

}  // namespace bartizan::serving
