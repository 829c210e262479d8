// Binds each entry of catalog/extractions.h to its code.
#include "extraction/attacks.h"

namespace bartizan::extraction {

Result<std::unique_ptr<Attack>> make_attack(const catalog::ExtractionSpec& spec, const Params& params,
                                            const Start& start) {
    if (start.pool == nullptr || start.pool->x.rank() < 2 || start.pool->x.shape()[0] == 0)
        return invalid_input("the attacker's pool holds no items");
    if (spec.name == "knockoff-adaptive") return adaptive::make(params, start);
    if (spec.name == "jbda") return jacobian::make(params, start);
    if (spec.name == "equation") return equation::make(params, start);
    if (spec.name == "tree-paths") return tree_paths::make(params, start);
    if (spec.name == "relu-exact") return relu_exact::make(params, start);
    for (const std::string_view sampled : {"knockoff-random", "copycat", "noise", "patch-shuffle"})
        if (spec.name == sampled) return sampling::make(spec.name, params, start);
    return internal_error("extraction attack '" + std::string(spec.name) + "' has no code");
}

}  // namespace bartizan::extraction
