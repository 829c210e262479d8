#include "scan/pickle/pickle.h"

namespace bartizan::scan {
namespace {
constexpr std::byte kProto{0x80};
constexpr int kHighestProtocol = 5;
}  // namespace

bool looks_like_pickle(Bytes content) {
    return content.size() >= 2 && content[0] == kProto && std::to_integer<int>(content[1]) >= 2 &&
           std::to_integer<int>(content[1]) <= kHighestProtocol;
}

void judge_pickle(Bytes, Context& context, const PickleOptions&) {
    context.incomplete("pickle streams are recognised but not read by this build", 0);
}

}  // namespace bartizan::scan
