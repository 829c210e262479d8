/// The adversary's items: the reference of the model, read and labelled.
#include <algorithm>
#include <memory>

#include "drill/play.h"
#include "formats/npz.h"

namespace bartizan::drill {
namespace {

constexpr std::int64_t kAtOnce = 50;

template <class T>
std::vector<float> floats_of(const NdArray& array) {
    std::vector<float> out;
    for (const T value : array.values<T>()) out.push_back(static_cast<float>(value));
    return out;
}

Result<NdArray> as_floats(const NdArray& array) {
    if (array.dtype() == DType::f32) return array;
    if (array.dtype() != DType::f64) return unsupported("the reference holds no array of floats");
    const std::vector<float> values = floats_of<double>(array);
    return NdArray::from(array.shape(), std::span<const float>(values));
}

}  // namespace

Result<NdArray> rows_in(const std::string& archive, std::int64_t most) {
    const auto npz = BARTIZAN_TRY(formats::Npz::parse(std::make_shared<const std::string>(archive)));
    const NdArray x = BARTIZAN_TRY(npz.array("x"));
    if (x.rank() < 1 || x.shape()[0] < 1) return invalid_input("array x holds no items");
    return as_floats(BARTIZAN_TRY(x.rows(0, std::min(most, x.shape()[0]))));
}

Result<Items> items_of(const Site& site, const std::string& key, const Question& question, const std::string& archive,
                       std::int64_t most) {
    Items out{.x = BARTIZAN_TRY(rows_in(archive, most)), .said = {}};
    const std::int64_t count = out.x.shape()[0];
    for (std::int64_t at = 0; at < count; at += kAtOnce) {
        const NdArray some = BARTIZAN_TRY(out.x.rows(at, std::min(kAtOnce, count - at)));
        const Said said = BARTIZAN_TRY(infer(site, key, question, some));
        if (said.scores.size() != static_cast<std::size_t>(some.shape()[0]))
            return Error(Errc::unavailable,
                         "the model answers its own reference with status " + std::to_string(said.status));
        for (const std::vector<double>& row : said.scores)
            out.said.push_back(std::ranges::max_element(row) - row.begin());
    }
    return out;
}

Result<void> write_items(const std::filesystem::path& file, const Items& items) {
    const NdArray y = BARTIZAN_TRY(
        NdArray::from({static_cast<std::int64_t>(items.said.size())}, std::span<const std::int64_t>(items.said)));
    return formats::write_npz(file, {{"x", items.x}, {"y", y}});
}

}  // namespace bartizan::drill
