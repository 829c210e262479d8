/// The catalogue of formats, in the order in which content is asked: magic numbers first, then what needs a closer
/// look, plain text last. To add one: a line here, its two functions in scan/judges.h.
#include <algorithm>

#include <sys/mman.h>
#include <unistd.h>

#include <fmt/format.h>

#include "scan/judge.h"
#include "scan/judges.h"
#include "scan/pickle/pickle.h"
#include "scan/say.h"
#include "scan/torch/opcode.h"

namespace bartizan::scan {
namespace {

// clang-format off
constexpr Format kFormats[] = {
    {"hdf5", looks_like_hdf5, judge_hdf5},
    {"gguf", looks_like_gguf, judge_gguf},
    {"npy", looks_like_npy, judge_npy},
    {"tflite", looks_like_tflite, judge_tflite},
    {"7z", looks_like_seven_zip, judge_seven_zip},
    {"tar", looks_like_tar, judge_tar},
    {"gzip", looks_like_gzip, judge_gzip},
    {"compressed", looks_like_filtered, judge_filtered},
    {"joblib zlib", looks_like_zfile, judge_zfile},
    {"zip", looks_like_zip, judge_zip},
    {"zlib", looks_like_zlib, judge_zlib},
    {"safetensors", looks_like_safetensors, judge_safetensors},
    {"torch legacy", looks_like_torch_legacy, judge_torch_legacy},
    {"pickle", looks_like_pickle, [](Bytes content, Context& context) { judge_pickle(content, context); }},
    {"program", looks_like_program, judge_program},
    {"media", looks_like_media, judge_media},
    {"xml", looks_like_xml, judge_xml},
    {"json", looks_like_json, judge_json},
    {"onnx", looks_like_onnx, judge_onnx},
    {"tensorflow", looks_like_tensorflow, judge_tensorflow},
    {"onnx tensor", looks_like_onnx_tensor, judge_onnx_tensor},
    {"sentencepiece", looks_like_sentencepiece, judge_sentencepiece},
    {"coreml", looks_like_coreml, judge_coreml},
    {"opaque", looks_like_opaque, judge_opaque},
    {"msgpack", looks_like_msgpack, judge_msgpack},
    {"text", looks_like_text, judge_text},
};
// clang-format on

}  // namespace

std::span<const Format> formats() { return kFormats; }

const Format* format_of(Bytes content) {
    const auto found = std::ranges::find_if(kFormats, [&](const Format& format) { return format.matches(content); });
    return found == std::end(kFormats) ? nullptr : &*found;
}

namespace {

/// Formats that are read from the end, or from marks further in, so that content of another format can be one of
/// them too.
constexpr std::string_view kPolyglots[] = {"tar", "zip", "pickle"};

void judge_other_readings(Bytes content, const Format& first, Context& context) {
    for (const Format& other : kFormats) {
        const bool candidate = &other != &first && std::ranges::find(kPolyglots, other.name) != std::end(kPolyglots);
        const bool pickle = other.name == "pickle";
        if (!candidate || (pickle && (first.name == "torch legacy" || !starts_as_pickle(content)))) continue;
        if (!other.matches(content)) continue;
        unproven(context, rule::kTwoReadings, fmt::format("the content is both {} and {}", first.name, other.name), 0);
        other.judge(content, context);
    }
}

}  // namespace

void judge_content(Bytes content, Context& context) {
    if (content.empty()) return;
    if (context.depth > context.budget.depth) {
        context.incomplete(fmt::format("content nested more than {} deep is not read", context.budget.depth), 0);
        return;
    }
    const Format* format = format_of(content);
    if (context.depth == 0 && context.result.format.empty())
        context.result.format = format == nullptr ? "unknown" : format->name;
    if (format == nullptr) {
        judge_unknown(content, context);
        return;
    }
    format->judge(content, context);
    judge_other_readings(content, *format, context);
}

void give_back(const Context& context, Bytes done) {
    if (context.mapped.empty() || done.empty()) return;
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    const auto low = std::max(reinterpret_cast<std::uintptr_t>(done.data()),
                              reinterpret_cast<std::uintptr_t>(context.mapped.data()));
    const auto high = std::min(reinterpret_cast<std::uintptr_t>(done.data() + done.size()),
                               reinterpret_cast<std::uintptr_t>(context.mapped.data() + context.mapped.size()));
    // Where the system maps whole huge pages, the one across the border comes back with the next piece; so what lies a
    // little before is given back again.
    constexpr std::uintptr_t kBack = std::uintptr_t{4} << 20;
    const auto begin = reinterpret_cast<std::uintptr_t>(context.mapped.data());
    const std::uintptr_t first = std::max(begin, low - std::min(low, kBack)) / page * page;
    if (first >= high) return;
    ::madvise(reinterpret_cast<void*>(first), high - first, MADV_DONTNEED);
}

}  // namespace bartizan::scan
