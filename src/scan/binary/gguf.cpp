/// GGUF (ggml's docs/gguf.md): key-value pairs, tensor infos, tensors. Its readers are C and trust its numbers, so each
/// of them is checked here; its chat template is a program.
#include <algorithm>
#include <string>
#include <unordered_set>
#include <vector>

#include <fmt/format.h>

#include "formats/bytes.h"
#include "scan/binary/weights.h"
#include "scan/hunt.h"
#include "scan/judges.h"
#include "scan/say.h"
#include "scan/tensors/tensor.h"
#include "scan/text/template.h"
#include "scan/text/words.h"

namespace bartizan::scan {
namespace {

using formats::as_text;
using formats::read_number;

constexpr std::uint64_t kMaxPairs = 1'000'000;
constexpr std::uint64_t kMaxTensors = 10'000'000;
constexpr std::uint64_t kMaxDimensions = 4;
/// The weights of so many tensors are looked at.
constexpr std::size_t kMaxLooked = 100'000;
constexpr int kMaxArrayDepth = 4;
constexpr std::uint64_t kPreset = 32;  // alignment, unless general.alignment says another

enum Kind : std::uint32_t { kString = 8, kArray = 9, kLast = 12 };
constexpr std::uint64_t kSizes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

/// Elements and bytes of one block of each tensor type (ggml.c, type_traits); 0 bytes: not known.
struct Block {
    std::uint64_t elements = 0, bytes = 0;
};
Block block_of(std::uint32_t type) {
    constexpr Block kBlocks[] = {{1, 4},     {1, 2},     {32, 18},   {32, 20},  {},         {},         {32, 22},
                                 {32, 24},   {32, 34},   {32, 36},   {256, 84}, {256, 110}, {256, 144}, {256, 176},
                                 {256, 210}, {256, 292}, {256, 66},  {256, 74}, {256, 98},  {256, 50},  {32, 18},
                                 {256, 110}, {256, 82},  {256, 136}, {1, 1},    {1, 2},     {1, 4},     {1, 8},
                                 {1, 8},     {256, 56},  {1, 2},     {32, 18},  {32, 18},   {32, 18},   {256, 54},
                                 {256, 66},  {32, 18},   {32, 18},   {32, 18},  {32, 17}};
    return type < std::size(kBlocks) ? kBlocks[type] : Block{};
}

/// As ggml calls it; the plain ones as safetensors does.
std::string_view type_name(std::uint32_t type) {
    constexpr std::string_view kNames[] = {
        "F32",   "F16",    "Q4_0", "Q4_1", "",     "",        "Q5_0",   "Q5_1",    "Q8_0",  "Q8_1",   "Q2_K",
        "Q3_K",  "Q4_K",   "Q5_K", "Q6_K", "Q8_K", "IQ2_XXS", "IQ2_XS", "IQ3_XXS", "IQ1_S", "IQ4_NL", "IQ3_S",
        "IQ2_S", "IQ4_XS", "I8",   "I16",  "I32",  "I64",     "F64",    "IQ1_M",   "BF16"};
    return type < std::size(kNames) ? kNames[type] : std::string_view("block type");
}

class GgufJudge {
public:
    GgufJudge(Bytes content, Context& context) : content_(content), context_(context) {}

    void run() {
        const std::uint32_t version = number<std::uint32_t>();
        if (version != 2 && version != 3) {
            context_.incomplete(fmt::format("GGUF of version {} is not read", version), 4);
            return;
        }
        const auto tensors = number<std::uint64_t>();
        const auto pairs = number<std::uint64_t>();
        // Each takes at least so many bytes: a larger count is a lie that makes readers allocate.
        if (pairs > kMaxPairs || pairs > content_.size() / 12 || tensors > kMaxTensors ||
            tensors > content_.size() / 24) {
            broken(context_, fmt::format("the header claims {} pairs and {} tensors", pairs, tensors), 8);
            search_templates();
            return;
        }
        for (std::uint64_t i = 0; i < pairs && good_; ++i) pair();
        for (std::uint64_t i = 0; i < tensors && good_; ++i) tensor();
        if (good_)
            coverage(tensors);
        else
            search_templates();
    }

private:
    void fail(std::string why) {
        if (!good_) return;
        good_ = false;
        broken(context_, std::move(why), at_);
    }

    template <class T>
    T number() {
        const auto value = read_number<T>(content_, at_);
        if (!value) {
            fail("it breaks off");
            return 0;
        }
        at_ += sizeof(T);
        return *value;
    }

    std::string_view string() {
        const auto size = number<std::uint64_t>();
        const auto bytes = formats::part(content_, at_, size);
        if (!good_ || !bytes) {
            fail(fmt::format("a string of {} bytes in a file of {}", size, content_.size()));
            return {};
        }
        at_ += size;
        return as_text(*bytes);
    }

    void pair() {
        const std::uint64_t begin = at_;
        const std::string key(string().substr(0, 1'024));
        if (!seen_.insert(key).second && good_)
            unproven(context_, rule::kTwoReadings, "a key that comes twice: readers differ in which value they take",
                     begin, excerpt(key));
        const auto kind = number<std::uint32_t>();
        if (key == "general.alignment" && kind == 4) alignment_ = read_number<std::uint32_t>(content_, at_).value_or(0);
        value(kind, key, 0);
        if (alignment_ == 0 || (alignment_ & (alignment_ - 1)) != 0) fail("an alignment that is no power of two");
    }

    void value(std::uint32_t kind, const std::string& key, int depth) {
        if (!good_) return;
        if (kind == kString) {
            const std::uint64_t begin = at_ + 8;
            const std::string_view text = string();
            if (depth == 0 || key.find("template") != std::string::npos) judge_string(text, begin);
        } else if (kind == kArray) {
            array(key, depth);
        } else if (kind <= kLast) {
            skip(kSizes[kind]);
        } else {
            fail("a value of an unknown type");
        }
    }

    void array(const std::string& key, int depth) {
        const auto kind = number<std::uint32_t>();
        const auto count = number<std::uint64_t>();
        if (depth >= kMaxArrayDepth) return fail("arrays nested too deep");
        if (count > content_.size())
            return fail(fmt::format("an array of {} in a file of {} bytes", count, content_.size()));
        if (kind <= kLast && kind != kString && kind != kArray) return skip(count * kSizes[kind]);
        for (std::uint64_t i = 0; i < count && good_; ++i) value(kind, key, depth + 1);
    }

    void skip(std::uint64_t size) {
        if (size > content_.size() - std::min<std::uint64_t>(at_, content_.size())) return fail("it breaks off");
        at_ += size;
    }

    void judge_string(std::string_view text, std::uint64_t begin) {
        if (looks_like_template(text)) judge_template(text, context_, begin);
        report_secrets(text, context_, begin);
        if (const std::string_view command = command_in(text); !command.empty())
            unproven(context_, rule::kUnprovenCode, "code or a command in the metadata", begin, excerpt(command));
    }

    void tensor() {
        const std::uint64_t begin = at_;
        const std::string name(string().substr(0, 256));
        const auto dimensions = number<std::uint32_t>();
        if (dimensions > kMaxDimensions) return fail(fmt::format("a tensor of {} dimensions", dimensions));
        std::uint64_t elements = 1;
        std::vector<std::uint64_t> shape;  // the file has the dimension that moves fastest first
        for (std::uint32_t i = 0; i < dimensions; ++i) {
            shape.insert(shape.begin(), number<std::uint64_t>());
            if (__builtin_mul_overflow(elements, shape.front(), &elements)) return overflow(name, begin);
        }
        const auto type = number<std::uint32_t>();
        const Block block = block_of(type);
        const auto offset = number<std::uint64_t>();
        if (!good_) return;
        std::uint64_t bytes = 0, end = 0;
        if (block.bytes == 0) {
            unproven(context_, rule::kNotRead, "a tensor of an unknown type", begin, excerpt(name));
            known_ = false;
            return;
        }
        if (__builtin_mul_overflow((elements + block.elements - 1) / block.elements, block.bytes, &bytes) ||
            __builtin_add_overflow(bytes, offset, &end))
            return overflow(name, begin);
        if (offset % alignment_ != 0)
            unproven(context_, rule::kBroken, "a tensor that is not aligned", begin, excerpt(name));
        if (good_ && tensors_.size() < kMaxLooked) tensors_.push_back({name, type, std::move(shape), offset, bytes});
        end_ = std::max(end_, end);
        sum_ += (bytes + alignment_ - 1) / alignment_ * alignment_;
    }

    void overflow(const std::string& name, std::uint64_t begin) {
        good_ = false;
        broken(context_, "a tensor whose size overflows: " + excerpt(name), begin);
    }

    void coverage(std::uint64_t tensors) {
        if (!known_) return;
        const std::uint64_t data = (at_ + alignment_ - 1) / alignment_ * alignment_;
        if (tensors > 0 && (data > content_.size() || end_ > content_.size() - data)) {
            broken(context_, "tensors that end behind the file", at_);
            return;
        }
        const std::uint64_t end = tensors == 0 ? at_ : data + end_;
        if (end_ > sum_)
            unproven(context_, rule::kHiddenData, "bytes between the tensors", data,
                     fmt::format("{} bytes", end_ - sum_));
        look(data);
        if (content_.size() >= end + alignment_) rest(end);
    }

    void look(std::uint64_t data) {
        WeightsJudge weights(context_);
        for (const Info& info : tensors_) {
            const auto values = formats::part(content_, data + info.offset, info.bytes);
            if (!values) continue;
            const std::string_view type = type_name(info.type);
            if (const auto kind = float_of(type)) weights.tensor(*values, *kind, info.name, data + info.offset);
            if (context_.tensors != nullptr)
                context_.tensors->add(
                    {.name = info.name, .type = std::string(type), .shape = info.shape, .values = *values});
        }
    }

    void rest(std::uint64_t end) {
        const Bytes bytes = content_.subspan(static_cast<std::size_t>(end));
        if (bytes.size() < 4'096 && std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{0}; }))
            return;
        unproven(context_, rule::kHiddenData, "bytes behind the tensors", end, fmt::format("{} bytes", bytes.size()));
        Context inner = context_;
        inner.base += end;
        ++inner.depth;
        if (const Format* format = format_of(bytes))
            format->judge(bytes, inner);
        else
            hunt(bytes, inner);
    }

    /// What a loader may have read before it failed.
    void search_templates() {
        const std::string_view text =
            as_text(content_.first(std::min<std::size_t>(content_.size(), std::size_t{1} << 20)));
        if (looks_like_template(text)) judge_template(text, context_, 0);
    }

    struct Info {
        std::string name;
        std::uint32_t type = 0;
        std::vector<std::uint64_t> shape;
        std::uint64_t offset = 0, bytes = 0;
    };

    Bytes content_;
    Context& context_;
    std::vector<Info> tensors_;
    std::uint64_t at_ = 4;
    std::uint64_t alignment_ = kPreset;
    std::uint64_t end_ = 0, sum_ = 0;
    bool good_ = true, known_ = true;
    std::unordered_set<std::string> seen_;
};

}  // namespace

bool looks_like_gguf(Bytes content) { return as_text(content).starts_with("GGUF"); }
void judge_gguf(Bytes content, Context& context) { GgufJudge(content, context).run(); }

}  // namespace bartizan::scan
