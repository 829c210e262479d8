/// Boucher et al. 2022, "Bad Characters: Imperceptible NLP Attacks", algorithm 2: differential evolution (Storn, Price
/// 1997; best/1/bin) over which characters are perturbed and how, within a budget.
#include <algorithm>

#include "core/random.h"
#include "text/unicode.h"
#include "textattacks/attack.h"
#include "textattacks/perturb.h"

namespace bartizan::textattacks {
namespace {

constexpr std::uint32_t kPurpose = 0x7e01;
constexpr std::size_t kGenes = 3;  ///< of a perturbation: kind, position, choice
constexpr double kCrossover = 0.7;

using Genome = std::vector<double>;

struct Member {
    Genome genome;
    double gain = -1e300;
};

class Imperceptible final : public TextAttack {
public:
    explicit Imperceptible(const Params& params)
        : budget_(static_cast<std::size_t>(params.integer("budget"))),
          population_(static_cast<std::size_t>(params.integer("population"))),
          generations_(params.integer("generations")) {
        const std::pair<const char*, Kind> kinds[] = {{"invisible", Kind::invisible}, {"homoglyphs", Kind::look_alike},
                                                      {"reorderings", Kind::reorder}, {"deletions", Kind::deletion},
                                                      {"ascii", Kind::ascii},         {"marks", Kind::mark}};
        for (const auto& [name, kind] : kinds)
            if (params.flag(name)) kinds_.push_back(kind);
    }

    Result<Attempt> craft(Oracle& oracle, const Goal& goal, const std::string& text, const Answer& clean, std::int64_t id,
                          RunContext& ctx) const override {
        Attempt best{.text = text};
        const std::u32string codes = BARTIZAN_TRY(text::decode_utf8(text));
        if (codes.empty() || kinds_.empty()) return best;
        Random random(ctx.seed(), static_cast<std::uint64_t>(id), kPurpose);
        std::vector<Member> members(population_);
        for (Member& member : members)
            for (std::size_t i = 0; i < budget_ * kGenes; ++i) member.genome.push_back(random.uniform53());
        double best_gain = -1e300;
        for (std::int64_t generation = 0; generation <= generations_; ++generation) {
            BARTIZAN_TRY(ctx.checkpoint());
            std::vector<Genome> trials;
            if (generation == 0)
                for (const Member& member : members) trials.push_back(member.genome);
            else
                trials = offspring(members, random);
            BARTIZAN_TRY(judge(oracle, goal, clean, codes, trials, members, best, best_gain));
            if (best.success) break;
        }
        return best;
    }

private:
    std::vector<Perturbation> decode(const Genome& genome, std::size_t length) const {
        std::vector<Perturbation> out;
        for (std::size_t i = 0; i < genome.size(); i += kGenes) {
            // One place beyond the text stands for no perturbation.
            const auto position = static_cast<std::size_t>(genome[i + 1] * static_cast<double>(length + 1));
            const auto kind = static_cast<std::size_t>(genome[i] * static_cast<double>(kinds_.size()));
            if (position < length) out.push_back({kinds_[std::min(kind, kinds_.size() - 1)], position, genome[i + 2]});
        }
        return out;
    }

    /// best/1/bin with a factor drawn anew for each generation from [0.5, 1).
    std::vector<Genome> offspring(const std::vector<Member>& members, Random& random) const {
        const auto best = std::ranges::max_element(members, {}, &Member::gain);
        const double factor = 0.5 + 0.5 * random.uniform53();
        std::vector<Genome> out;
        for (const Member& member : members) {
            const Genome &a = members[random.below(members.size())].genome, &b = members[random.below(members.size())].genome;
            Genome trial = member.genome;
            const std::size_t always = random.below(trial.size());
            for (std::size_t i = 0; i < trial.size(); ++i) {
                if (i != always && random.uniform53() >= kCrossover) continue;
                trial[i] = best->genome[i] + factor * (a[i] - b[i]);
                if (trial[i] < 0 || trial[i] >= 1) trial[i] = random.uniform53();
            }
            out.push_back(std::move(trial));
        }
        return out;
    }

    Result<void> judge(Oracle& oracle, const Goal& goal, const Answer& clean, const std::u32string& codes,
                       const std::vector<Genome>& trials, std::vector<Member>& members, Attempt& best,
                       double& best_gain) const {
        std::vector<std::string> texts;
        std::vector<std::int64_t> edits(trials.size());
        for (std::size_t i = 0; i < trials.size(); ++i)
            texts.push_back(text::encode_utf8(perturb(codes, decode(trials[i], codes.size()), edits[i])));
        const std::vector<Answer> answers = BARTIZAN_TRY(oracle.ask(texts));
        best.queries += std::ssize(texts);
        for (std::size_t i = 0; i < trials.size(); ++i) {
            Judgement now = goal.judge(clean, answers[i]);
            now.success = now.success && edits[i] > 0;  // a service that answers by chance is not fooled by the text itself
            if (now.gain >= members[i].gain) members[i] = {trials[i], now.gain};
            const bool better = now.success != best.success ? now.success : now.gain > best_gain;
            if (!better) continue;
            best.text = texts[i];
            best.success = now.success;
            best.edits = edits[i];
            best_gain = now.gain;
        }
        return {};
    }

    std::size_t budget_, population_;
    std::int64_t generations_;
    std::vector<Kind> kinds_;
};

}  // namespace

std::unique_ptr<TextAttack> make_imperceptible(const Params& params) { return std::make_unique<Imperceptible>(params); }

}  // namespace bartizan::textattacks
