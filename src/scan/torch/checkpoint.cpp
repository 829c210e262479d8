#include "scan/torch/checkpoint.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <utility>

#include "formats/bytes.h"
#include "scan/binary/weights.h"
#include "scan/judges.h"
#include "scan/pickle/pickle.h"
#include "scan/say.h"
#include "scan/tensors/tensor.h"
#include "scan/torch/checkpoint_tensors.h"
#include "scan/torch/opcode.h"

namespace bartizan::scan {
namespace {

using formats::as_text;
constexpr std::size_t kMaxKey = 24;

bool is_key(std::string_view text) {
    return !text.empty() && text.size() <= kMaxKey && std::ranges::all_of(text, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '_' || c == '.';
    });
}

}  // namespace

std::vector<std::string> torch_keys(Bytes pickle) {
    std::vector<std::string> keys;
    const std::string_view text = as_text(pickle);
    for (std::size_t at = 0; at + 5 < text.size() && keys.size() < kMaxTorchKeys; ++at) {
        // BINUNICODE has a length of four bytes, SHORT_BINUNICODE one of one.
        const bool wide = text[at] == 'X';
        if (!wide && text[at] != '\x8c') continue;
        const std::size_t head = wide ? 5 : 2;
        const std::uint64_t size = wide ? formats::read_number<std::uint32_t>(pickle, at + 1).value_or(0)
                                        : formats::read_number<std::uint8_t>(pickle, at + 1).value_or(0);
        const auto bytes = formats::part(pickle, at + head, size);
        const std::string_view key = bytes && size <= kMaxKey ? as_text(*bytes) : std::string_view();
        if (is_key(key)) keys.emplace_back(key);
    }
    return keys;
}

bool judge_torch_pickle(Bytes pickle, Context& context) {
    if (!looks_like_pickle(pickle)) return false;
    judge_pickle(pickle, context, {.torch = true});
    return true;
}

void judge_torchscript(Bytes code, Context& context) {
    const std::string_view text = as_text(code);
    for (const std::string_view call : {"torch.save(", "torch.load(", "torch.from_file(", "ops.aten.save",
                                        "ops.aten.from_file", "aten::save", "aten::from_file"})
        if (const std::size_t at = text.find(call); at != std::string_view::npos)
            malicious(context, rule::kTouchesFiles, "TorchScript code that reads or writes files", at,
                      excerpt(text.substr(at, 100)));
    constexpr std::array kOwn = {"prim",           "aten",        "quantized",    "quantized_decomposed",
                                 "prepacked",      "torchvision", "torchaudio",   "torchtext",
                                 "sparse",         "xnnpack",     "mkldnn",       "_quantized",
                                 "image",          "inductor",    "onnx",         "metal_prepack",
                                 "vulkan_prepack", "fb",          "torch_sparse", "torch_scatter",
                                 "profiler"};
    for (std::size_t at = text.find("ops."); at != std::string_view::npos; at = text.find("ops.", at + 1)) {
        if (at > 0 && (std::isalnum(static_cast<unsigned char>(text[at - 1])) != 0 || text[at - 1] == '_')) continue;
        const std::string_view rest = text.substr(at + 4, 64);
        const std::string_view library = rest.substr(0, std::min(rest.find('.'), rest.size()));
        if (std::ranges::find(kOwn, library) != kOwn.end()) continue;
        unproven(context, rule::kUnprovenCode, "TorchScript code that calls an operator of another library", at,
                 excerpt(rest));
        return;
    }
}

bool looks_like_torch_legacy(Bytes content) {
    // torch/serialization.py: MAGIC_NUMBER 0x1950a86a20f9469cfc6c as a LONG1 of ten bytes.
    return as_text(content.first(std::min<std::size_t>(content.size(), 32)))
               .find("\x8a\x0al\xfc\x9c\x46\xf9 j\xa8P\x19.") != std::string_view::npos;
}

namespace {

constexpr int kLegacyPickles = 5;  // magic, protocol, system, object, keys
constexpr std::uint64_t kMaxOpcodes = 20'000'000;
constexpr std::uint64_t kMaxTries = 1'000'000;

/// Behind the pickles lie the storages: the number of elements in eight bytes, then the elements. Their type stands in
/// the pickles, so every size of an element is tried until the storages end exactly with the file.
bool storages_fill(Bytes content, std::size_t at) {
    constexpr std::uint64_t kSizes[] = {4, 2, 8, 1, 16};
    struct Try {
        std::size_t at;
        std::size_t next;  ///< index into kSizes
    };
    std::vector<Try> tries = {{at, 0}};
    for (std::uint64_t steps = 0; !tries.empty() && steps < kMaxTries; ++steps) {
        Try& here = tries.back();
        if (here.at == content.size()) return true;
        const auto count = formats::read_number<std::uint64_t>(content, here.at);
        std::uint64_t bytes = 0;
        const bool more = count && here.next < std::size(kSizes) && !(*count == 0 && here.next > 0);
        if (!more) {
            tries.pop_back();
            continue;
        }
        const std::uint64_t size = kSizes[here.next++];
        const std::uint64_t room = content.size() - here.at - 8;
        if (__builtin_mul_overflow(*count, size, &bytes) || bytes > room) continue;
        tries.push_back({here.at + 8 + static_cast<std::size_t>(bytes), 0});
    }
    return false;
}

/// The keys in the order of their storages: the last pickle is the list of them.
void look_at_storages(Bytes content, std::size_t at, const StorageTypes& types, const Context& context) {
    WeightsJudge weights(context);
    StorageBytes found;
    for (const std::string& key : types.order()) {
        const StorageTypes::Storage* storage = types.find(key);
        const auto count = formats::read_number<std::uint64_t>(content, at);
        const std::uint64_t size = storage == nullptr ? 0 : element_bits(storage->type) / 8;
        // The types are those of the pickles; where the file does not agree with them, nothing is known of the rest.
        if (size == 0 || !count || *count != storage->elements) break;
        const auto values = formats::part(content, at + 8, *count * size);
        if (!values) break;
        if (const auto kind = float_of(storage->type)) weights.tensor(*values, *kind, "storage " + key, at + 8);
        found[key] = *values;
        at += 8 + values->size();
    }
    if (context.tensors != nullptr) place_storages(found, *context.tensors);
}

}  // namespace

void judge_torch_legacy(Bytes content, Context& context) {
    if (context.depth == 0) context.result.format = "torch legacy";
    std::size_t end = 0;
    for (int i = 0; i < kLegacyPickles; ++i) {
        end = pickle_end(content, end, kMaxOpcodes);
        if (end == 0) break;
    }
    const bool whole = end != 0 && storages_fill(content, end);
    StorageTypes types;
    StorageTypes* const outer = std::exchange(context.storages, &types);
    judge_pickle(whole ? content.first(end) : content, context, {.torch = true});
    context.storages = outer;
    if (whole) look_at_storages(content, end, types, context);
}

}  // namespace bartizan::scan
