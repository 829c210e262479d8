#include "scan/extensions.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "scan/say.h"

namespace bartizan::scan {
namespace {

struct Promise {
    std::string_view extension;
    std::string_view formats;  ///< "a|b": what the content may be; those not listed say nothing
};

/// Extensions that loaders and people trust to hold one kind of thing. Those of pickles and checkpoints are not
/// here: they hold anything.
constexpr Promise kPromises[] = {
    {".safetensors", "safetensors"},
    {".gguf", "gguf"},
    {".onnx", "onnx"},
    {".npy", "npy"},
    {".npz", "npz|zip"},
    {".h5", "hdf5"},
    {".hdf5", "hdf5"},
    {".keras", "keras zip|zip"},
    {".json", "json|text|json lines"},
    {".yaml", "yaml|text|json"},
    {".yml", "yaml|text|json"},
    {".txt", "text|json|yaml|template|xml|json lines"},
    {".md", "text|yaml|template|xml|json"},
    {".csv", "text|json|yaml|xml|template|json lines"},
    {".png", "media"},
    {".jpg", "media"},
    {".jpeg", "media"},
    {".gif", "media"},
    {".zip", "zip|npz|torch zip|keras zip|torchscript"},
    {".tflite", "tflite"},
    {".xml", "xml|openvino|pmml|text"},
    {".pmml", "pmml|xml"},
    {".msgpack", "msgpack"},
    {".tar", "tar"},
    {".gz", "gzip"},
    {".7z", "7z"},
};

bool lists(std::string_view formats, std::string_view format) {
    while (!formats.empty()) {
        const std::size_t bar = std::min(formats.find('|'), formats.size());
        if (formats.substr(0, bar) == format) return true;
        formats.remove_prefix(std::min(bar + 1, formats.size()));
    }
    return false;
}

}  // namespace

void check_extension(const Context& context) {
    const std::string extension = extension_of(name_of(context));
    const auto promise = std::ranges::find(kPromises, extension, &Promise::extension);
    const std::string& format = context.result.format;
    if (promise == std::end(kPromises) || format.empty() || format == "unknown" || format == "empty") return;
    if (lists(promise->formats, format)) return;
    const std::string title = fmt::format("the name promises {}, the content is {}", extension.substr(1), format);
    if (format == "pickle" || format == "program")
        unproven(context, rule::kTypeMismatch, title, 0);
    else
        note(context, rule::kTypeMismatch, title, 0);
}

bool names_raw_data(std::string_view name) {
    constexpr std::array kExtensions = {".bin", ".dat", ".raw", ".data", ".weights", ".idx", ".index", ".arrow"};
    const std::string extension = extension_of(name);
    return std::ranges::find(kExtensions, extension) != kExtensions.end() || extension.starts_with(".data-") ||
           extension.starts_with(".onnx_data") || name.ends_with("-ubyte");
}

}  // namespace bartizan::scan
