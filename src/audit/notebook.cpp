#include "audit/notebook.h"

#include <algorithm>
#include <cstring>
#include <numeric>

namespace bartizan::audit {

double Attacked::robust_accuracy() const {
    if (robust.empty()) return 0;
    return static_cast<double>(std::accumulate(robust.begin(), robust.end(), std::int64_t{0})) /
           static_cast<double>(robust.size());
}

Result<data::Batch> select(const data::Batch& batch, const std::vector<std::int64_t>& rows) {
    Shape shape = batch.x.shape();
    const std::size_t row_bytes = shape[0] == 0 ? 0 : batch.x.bytes().size() / static_cast<std::size_t>(shape[0]);
    shape[0] = static_cast<std::int64_t>(rows.size());
    data::Batch part;
    part.x = BARTIZAN_TRY(NdArray::zeros(batch.x.dtype(), shape));
    std::byte* out = part.x.mutable_bytes().data();
    for (const std::int64_t row : rows) {
        const auto at = static_cast<std::size_t>(row);
        std::memcpy(out, batch.x.bytes().data() + at * row_bytes, row_bytes);
        out += row_bytes;
        if (!batch.y.empty()) part.y.push_back(batch.y[at]);
        part.ids.push_back(at < batch.ids.size() ? batch.ids[at] : row);
    }
    return part;
}

std::vector<std::int64_t> first_rows(const data::Batch& batch, std::int64_t count) {
    std::vector<std::int64_t> rows(static_cast<std::size_t>(std::min(count, batch.x.shape().at(0))));
    std::iota(rows.begin(), rows.end(), 0);
    return rows;
}

}  // namespace bartizan::audit
