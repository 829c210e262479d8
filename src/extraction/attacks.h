#pragma once
/// The attacks that exist, each in a file of its own. Internal to `extraction`: callers use make_attack.

#include <memory>

#include "extraction/attack.h"

namespace bartizan::extraction {

namespace sampling { Result<std::unique_ptr<Attack>> make(std::string_view name, const Params& params, const Start& start); }
namespace adaptive { Result<std::unique_ptr<Attack>> make(const Params& params, const Start& start); }
namespace jacobian { Result<std::unique_ptr<Attack>> make(const Params& params, const Start& start); }
namespace equation { Result<std::unique_ptr<Attack>> make(const Params& params, const Start& start); }
namespace tree_paths { Result<std::unique_ptr<Attack>> make(const Params& params, const Start& start); }
namespace relu_exact { Result<std::unique_ptr<Attack>> make(const Params& params, const Start& start); }

/// What the attacks that train a copy have in common: a transcript, and the copy trained on it.
class LearningAttack : public Attack {
public:
    LearningAttack(const Start& start, bool labels_alone) : start_(start), labels_alone_(labels_alone) {
        transcript_.item_shape = start.info.item_shape;
    }
    Result<Copy> copy(RunContext& ctx) override;

protected:
    /// Rows asked at one time: what Ctrl-C may lose.
    static constexpr std::int64_t kBatch = 256;

    Result<void> ask_rows(Victim& victim, const NdArray& x, const RunContext& ctx);
    /// [rows, item shape] of zeros.
    Result<NdArray> blank(std::int64_t rows) const;
    /// The items of the pool at `positions`.
    Result<NdArray> items_at(std::span<const std::int64_t> positions) const;
    std::size_t item_size() const;

    const Start start_;
    bool labels_alone_;
    Transcript transcript_;
};

}  // namespace bartizan::extraction
