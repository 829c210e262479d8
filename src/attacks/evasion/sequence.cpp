#include "attacks/evasion/sequence.h"

#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/zeros.h>

#include "attacks/job.h"

namespace bartizan::attacks::evasion {
namespace sequence {
namespace {

class Sequence final : public Attack {
public:
    explicit Sequence(std::vector<std::unique_ptr<Attack>> parts) : parts_(std::move(parts)) {}

    Result<Outcome> craft(const model::Classifier& model, const Job& job, RunContext& ctx) const override {
        const at::Tensor none = at::zeros({job.y.size(0)}, at::kLong);
        Outcome whole{job.x.clone(), none.to(at::kBool), none.clone(), none.clone()};
        for (const Attack* stage : stages()) {
            const at::Tensor left = whole.success.logical_not().nonzero().squeeze(1);
            if (left.numel() == 0) break;
            const Job rest{job.x.index_select(0, left), job.y.index_select(0, left), job.ids.index_select(0, left)};
            const Outcome part = BARTIZAN_TRY(stage->craft(model, rest, ctx));
            whole.adversarial.index_copy_(0, left, part.adversarial);
            whole.success.index_copy_(0, left, part.success);
            whole.queries.index_add_(0, left, part.queries);
            whole.gradients.index_add_(0, left, part.gradients);
        }
        return whole;
    }

    std::vector<const Attack*> stages() const override {
        std::vector<const Attack*> all;
        for (const auto& part : parts_) {
            const std::vector<const Attack*> inner = part->stages();
            if (inner.empty())
                all.push_back(part.get());
            else
                all.insert(all.end(), inner.begin(), inner.end());
        }
        return all;
    }

private:
    std::vector<std::unique_ptr<Attack>> parts_;
};

}  // namespace
}  // namespace sequence

std::unique_ptr<Attack> make_sequence(std::vector<std::unique_ptr<Attack>> parts) {
    if (parts.size() == 1) return std::move(parts.front());
    return std::make_unique<sequence::Sequence>(std::move(parts));
}

}  // namespace bartizan::attacks::evasion
