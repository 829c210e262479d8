/// safetensors: eight bytes of length, a JSON header, tensors without gaps (github.com/huggingface/safetensors,
/// "Format"). Nothing of it runs; but what lies in gaps or behind the tensors is seen by no reader, and numbers that
/// contradict each other are read differently by each.
#include <algorithm>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include <fmt/format.h>

#include "formats/bytes.h"
#include "scan/binary/weights.h"
#include "scan/hunt.h"
#include "scan/judges.h"
#include "scan/say.h"
#include "scan/text/json_events.h"
#include "scan/text/template.h"
#include "scan/tensors/tensor.h"
#include "scan/text/words.h"

namespace bartizan::scan {
namespace {

using formats::as_text;
using formats::read_number;

constexpr std::uint64_t kMaxHeader = 100'000'000;  // the reference reader's own limit
constexpr std::size_t kMaxTensors = 200'000;
constexpr std::size_t kMaxName = 4'096;
/// After so many tensors the header's pages are given back.
constexpr std::size_t kReleased = 16'384;
constexpr std::size_t kLengthSize = 8;

struct Tensor {
    std::uint64_t begin = 0, end = 0;
    std::size_t at = 0;  ///< of its entry in the header
    std::optional<Float> kind = {};
};

std::optional<std::uint64_t> number_of(std::string_view text) {
    if (text.empty() || text.size() > 20) return std::nullopt;
    std::uint64_t value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9' || __builtin_mul_overflow(value, std::uint64_t{10}, &value) ||
            __builtin_add_overflow(value, static_cast<std::uint64_t>(c - '0'), &value))
            return std::nullopt;
    }
    return value;
}

/// Reads {"name": {"dtype": "F32", "shape": [..], "data_offsets": [a, b]}, "__metadata__": {..}}.
class HeaderEvents final : public JsonEvents {
public:
    HeaderEvents(const Context& context, Bytes data) : context_(context), data_(data) {}

    void begin(bool, std::size_t at) override {
        ++depth_;
        if (depth_ == 2) {
            dtype_.clear();
            shape_.clear();
            offsets_.clear();
            at_ = at;
            odd_ = false;
        }
    }
    void end(std::size_t) override {
        if (depth_ == 2 && name_ != "__metadata__") finish_tensor();
        --depth_;
    }
    void key(std::string_view text, std::size_t at) override {
        if (depth_ == 1) {
            if (tensors_.size() % kReleased == 0) give_back(context_, context_.mapped);
            name_ = text.substr(0, kMaxName);
            if (!seen_.insert(std::hash<std::string>()(name_)).second)
                unproven(context_, rule::kTwoReadings, "two tensors of one name: readers differ in which they take",
                         kLengthSize + at, excerpt(text));
        }
        if (depth_ == 2) key_ = text;
    }
    void string(std::string_view text, std::size_t at) override {
        if (depth_ == 2 && name_ == "__metadata__")
            judge_metadata(text, at);
        else if (depth_ == 2 && key_ == "dtype")
            dtype_ = text;
        else
            odd_ = true;
    }
    void plain(std::string_view text, std::size_t) override {
        const auto value = number_of(text);
        if (!value)
            odd_ = true;
        else if (key_ == "shape")
            shape_.push_back(*value);
        else if (key_ == "data_offsets")
            offsets_.push_back(*value);
    }

    std::vector<Tensor>& tensors() { return tensors_; }

private:
    void judge_metadata(std::string_view text, std::size_t at) {
        const std::uint64_t offset = kLengthSize + at;
        if (looks_like_template(text)) judge_template(text, context_, offset);
        report_secrets(text, context_, offset);
        report_encoded_pickle(text, context_, offset);
        if (const std::string_view command = command_in(text); !command.empty())
            unproven(context_, rule::kUnprovenCode, "code or a command in the metadata", offset, excerpt(command));
        const bool fetches = key_.find("url") != std::string::npos && key_.find("callback") != std::string::npos;
        const bool address =
            text.starts_with("http://") || (text.starts_with("https://") && key_.find("download") != std::string::npos);
        if (fetches || address)
            unproven(context_, rule::kUrl, "an address in the metadata", offset,
                     fmt::format("{}: {}", excerpt(key_, 40), excerpt(text)));
    }

    void finish_tensor() {
        const std::uint64_t bits = element_bits(dtype_);
        std::uint64_t size = bits;
        bool overflow = false;
        for (const std::uint64_t extent : shape_) overflow |= __builtin_mul_overflow(size, extent, &size);
        const std::uint64_t place = kLengthSize + at_;
        if (odd_ || offsets_.size() != 2 || offsets_[0] > offsets_[1]) {
            broken(context_, "a tensor without valid offsets: " + excerpt(name_), place);
            return;
        }
        if (overflow)
            unproven(context_, rule::kBroken, "a shape whose product overflows", place, excerpt(name_));
        else if (bits == 0)
            unproven(context_, rule::kNotRead, "a tensor of an unknown type", place,
                     excerpt(name_) + ": " + excerpt(dtype_));
        else if (size / 8 != offsets_[1] - offsets_[0])
            unproven(context_, rule::kTwoReadings, "shape and byte range of a tensor disagree", place, excerpt(name_));
        if (offsets_[1] > data_.size())
            broken(context_, "a tensor that ends behind the file: " + excerpt(name_), place);
        if (tensors_.size() > kMaxTensors) return;
        if (tensors_.size() == kMaxTensors) context_.incomplete("a header with too many tensors", place);
        tensors_.push_back({offsets_[0], offsets_[1], at_, float_of(dtype_)});
        if (context_.tensors == nullptr || offsets_[1] > data_.size()) return;
        context_.tensors->add({.name = name_,
                               .type = dtype_,
                               .shape = shape_,
                               .values = data_.subspan(static_cast<std::size_t>(offsets_[0]),
                                                       static_cast<std::size_t>(offsets_[1] - offsets_[0]))});
    }

    const Context& context_;
    Bytes data_;  ///< behind the header
    int depth_ = 0;
    std::string name_, key_, dtype_;
    std::vector<std::uint64_t> shape_, offsets_;
    std::size_t at_ = 0;
    bool odd_ = false;
    std::unordered_set<std::size_t> seen_;
    std::vector<Tensor> tensors_;
};

void judge_hidden(Bytes bytes, std::uint64_t offset, std::string title, Context& context) {
    if (std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{0}; })) title += " (zeros)";
    unproven(context, rule::kHiddenData, std::move(title), offset, fmt::format("{} bytes", bytes.size()));
    Context inner = context;
    inner.base += offset;
    ++inner.depth;
    if (const Format* format = format_of(bytes))
        format->judge(bytes, inner);
    else
        hunt(bytes, inner);
}

void judge_coverage(Bytes content, std::uint64_t data, std::vector<Tensor>& tensors, Context& context) {
    std::ranges::sort(tensors, {}, [](const Tensor& tensor) { return std::pair(tensor.begin, tensor.end); });
    std::uint64_t at = 0;
    bool overlap_said = false;
    for (const Tensor& tensor : tensors) {
        if (tensor.begin > at && data + at < content.size())
            judge_hidden(content.subspan(static_cast<std::size_t>(data + at),
                                         std::min<std::size_t>(tensor.begin - at, content.size() - data - at)),
                         data + at, "bytes between the tensors", context);
        if (tensor.begin < at && tensor.end > tensor.begin && !std::exchange(overlap_said, true))
            unproven(context, rule::kTwoReadings, "tensors that share bytes", data + tensor.begin);
        at = std::max(at, tensor.end);
    }
    if (data + at < content.size())
        judge_hidden(content.subspan(static_cast<std::size_t>(data + at)), data + at, "bytes behind the tensors",
                     context);
}

/// The name of a tensor stands before its entry: `"name": {`.
std::string name_before(std::string_view header, std::size_t at) {
    const std::size_t end = header.rfind('"', at), begin = end == 0 ? end : header.rfind('"', end - 1);
    if (end == std::string_view::npos || begin == std::string_view::npos) return {};
    return std::string(header.substr(begin + 1, end - begin - 1));
}

void judge_values(Bytes content, std::uint64_t data, std::string_view header, const std::vector<Tensor>& tensors,
                  const Context& context) {
    WeightsJudge weights(context);
    for (const Tensor& tensor : tensors)
        if (const auto values = formats::part(content, data + tensor.begin, tensor.end - tensor.begin);
            values && tensor.kind)
            weights.tensor(*values, *tensor.kind, name_before(header, tensor.at), data + tensor.begin);
}

}  // namespace

bool looks_like_safetensors(Bytes content) {
    const auto size = read_number<std::uint64_t>(content, 0);
    if (!size || *size < 2 || *size > kMaxHeader || content.size() < 10) return false;
    const std::string_view head =
        as_text(content.subspan(kLengthSize, std::min<std::size_t>(content.size() - kLengthSize, 64)));
    const std::size_t first = head.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos || head[first] != '{') return false;
    const std::size_t second = head.find_first_not_of(" \t\r\n", first + 1);
    return second == std::string_view::npos || head[second] == '"' || head[second] == '}';
}

void judge_safetensors(Bytes content, Context& context) {
    const std::uint64_t size = read_number<std::uint64_t>(content, 0).value_or(0);
    const std::uint64_t data = kLengthSize + size;
    if (content.size() < kLengthSize || size > kMaxHeader) return broken(context, "a header of absurd length", 0);
    if (data > content.size()) broken(context, "the header is longer than the file", 0);
    const std::uint64_t end = std::min<std::uint64_t>(data, content.size());
    const std::string_view header = as_text(content.subspan(kLengthSize, static_cast<std::size_t>(end) - kLengthSize));
    if (!header.starts_with('{'))
        unproven(context, rule::kTwoReadings, "the header does not begin with its JSON: strict readers refuse it",
                 kLengthSize);
    HeaderEvents events(context, content.subspan(static_cast<std::size_t>(end)));
    const JsonEnd read = read_json(header, 0, events);
    if (!read.fault.empty()) {
        broken(context, "a malformed header: " + std::string(read.fault), kLengthSize + read.at);
        return;
    }
    const std::size_t rest = header.find_first_not_of(std::string_view(" \t\r\n\0", 5), read.at);
    if (rest != std::string_view::npos)
        judge_hidden(content.subspan(kLengthSize + rest, header.size() - rest), kLengthSize + rest,
                     "bytes between the header's JSON and its end", context);
    judge_coverage(content, end, events.tensors(), context);
    judge_values(content, end, header, events.tensors(), context);
}

}  // namespace bartizan::scan
