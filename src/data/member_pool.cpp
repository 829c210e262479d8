#include "data/member_pool.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>

namespace bartizan::data {
namespace member_pool_parts {
namespace {

Result<Batch> joined(const Batch& a, const Batch& b) {
    if (a.x.rank() != b.x.rank() || !std::equal(a.x.shape().begin() + 1, a.x.shape().end(), b.x.shape().begin() + 1))
        return invalid_input("members have items of shape " + to_string(a.x.shape()) + ", non-members of " +
                             to_string(b.x.shape()));
    Shape shape = a.x.shape();
    shape[0] += b.x.shape()[0];
    Batch out;
    out.x = BARTIZAN_TRY(NdArray::zeros(DType::f32, shape));
    const auto first = a.x.values<float>(), second = b.x.values<float>();
    std::ranges::copy(second, std::ranges::copy(first, out.x.mutable_values<float>().begin()).out);
    out.y = a.y;
    out.y.insert(out.y.end(), b.y.begin(), b.y.end());
    for (std::int64_t i = 0; i < shape[0]; ++i) out.ids.push_back(i);
    return out;
}

std::string_view row_of(const Batch& batch, std::size_t i) {
    const auto bytes = batch.x.bytes();
    const std::size_t size = bytes.size() / batch.y.size();
    return {reinterpret_cast<const char*>(bytes.data()) + i * size, size};
}

Result<void> check_apart(const Batch& a, const Batch& b) {
    std::set<std::string_view> members;
    for (std::size_t i = 0; i < a.y.size(); ++i) members.insert(row_of(a, i));
    std::size_t both = 0, first = 0;
    for (std::size_t i = 0; i < b.y.size(); ++i)
        if (members.contains(row_of(b, i)) && both++ == 0) first = i;
    if (both == 0) return {};
    return invalid_input(std::to_string(both) + " items are members and non-members, the first is row " +
                             std::to_string(first) + " of the non-members",
                         "remove them from one of the two");
}

}  // namespace
}  // namespace member_pool_parts

Result<Batch> without_copies(const Batch& batch, const Batch& known) {
    using namespace member_pool_parts;
    std::set<std::string_view> rows;
    for (std::size_t i = 0; i < known.y.size(); ++i) rows.insert(row_of(known, i));
    std::vector<std::size_t> kept;
    for (std::size_t i = 0; i < batch.y.size(); ++i)
        if (!rows.contains(row_of(batch, i))) kept.push_back(i);
    Shape shape = batch.x.shape();
    const std::size_t width = batch.y.empty() ? 0 : static_cast<std::size_t>(batch.x.size()) / batch.y.size();
    shape[0] = std::ssize(kept);
    Batch out;
    out.x = BARTIZAN_TRY(NdArray::zeros(DType::f32, shape));
    auto to = out.x.mutable_values<float>().begin();
    for (const std::size_t i : kept) {
        to = std::ranges::copy(batch.x.values<float>().subspan(i * width, width), to).out;
        out.y.push_back(batch.y[i]);
        out.ids.push_back(batch.ids[i]);
    }
    return out;
}

Result<MemberPool> member_pool(const Batch& members, const Batch& nonmembers) {
    using namespace member_pool_parts;
    MemberPool pool;
    pool.batch = BARTIZAN_TRY(joined(members, nonmembers));
    BARTIZAN_TRY(check_apart(members, nonmembers));
    pool.members = members.y.size();
    pool.member.assign(pool.batch.y.size(), 0);
    std::fill_n(pool.member.begin(), pool.members, std::uint8_t{1});
    return pool;
}

}  // namespace bartizan::data
