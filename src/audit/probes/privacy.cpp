/// Probe "privacy": can it be told which items the model was trained on? The training data are the members, the test data the
/// others.
#include "privacy/membership.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "audit/probes/probes.h"
#include "data/member_pool.h"
#include "model/shards.h"
#include "report/rules.h"
#include "training/references.h"

namespace bartizan::audit::privacy_probe {
namespace {

constexpr std::int64_t kLeastItems = 50;

class PrivacyProbe final : public Probe {
public:
    explicit PrivacyProbe(const Params& params)
        : samples_(params.integer("samples")),
          references_(params.integer("references")),
          epochs_(params.integer("epochs")) {}

    std::optional<std::string> obstacle(const Subject& subject) const override {
        if (subject.training.spec.empty()) return "the training data were not given (--train-data)";
        if (subject.training.spec == subject.training.test)
            return "the test data are the training data: there is nobody to tell the members from";
        if (subject.plain.classifier == nullptr) return "the model can only be asked in units of its own";
        return attack_obstacle(subject, false);
    }

    Result<std::vector<Finding>> run(const Subject& subject, Notebook&, RunContext& ctx) const override {
        const data::MemberPool pool = BARTIZAN_TRY(pool_of(subject, ctx));
        const NdArray logits = BARTIZAN_TRY(model::predict(*subject.plain.classifier, pool.batch.x, ctx));
        const privacy::Signals target = BARTIZAN_TRY(privacy::signals_of(logits, pool.batch.y));
        const privacy::Asked asked{pool.batch.y, pool.member, pool.batch.x.values<float>(),
                                   subject.plain.classifier->classes()};
        std::vector<privacy::MembershipAttack> attacks = privacy::attacks_without_references(asked, target);
        std::string without;
        if (references_ > 0) {
            const auto tables = references_of(subject, pool, ctx);
            if (tables.ok())
                for (auto& attack : privacy::attacks_with_references(asked, target, tables->scaled, tables->confidence))
                    attacks.push_back(std::move(attack));
            else if (tables.error().code() == Errc::unsupported)
                without = tables.error().message();
            else
                return tables.error();
        }
        return std::vector<Finding>{finding(subject, pool, attacks, without)};
    }

private:
    Result<data::MemberPool> pool_of(const Subject& subject, const RunContext& ctx) const {
        const std::string place = "--train-data '" + subject.training.spec + "'";
        data::OpenOptions open;
        open.label_column = subject.training.label_column;
        open.sample = samples_;
        open.seed = ctx.seed();
        const auto dataset = BARTIZAN_TRY_WITHIN(data::open(subject.training.spec, open), place);
        const data::Batch members = BARTIZAN_TRY_WITHIN(data::read_all(*dataset), place);
        data::Batch others{subject.plain_x, subject.batch.y, subject.batch.ids};
        if (std::ssize(others.y) > samples_) {
            others.x = BARTIZAN_TRY(others.x.rows(0, samples_));
            others.y.resize(static_cast<std::size_t>(samples_));
            others.ids.resize(static_cast<std::size_t>(samples_));
        }
        others = BARTIZAN_TRY(data::without_copies(others, members));
        if (std::ssize(members.y) < kLeastItems || std::ssize(others.y) < kLeastItems)
            return unsupported(fmt::format("{} training items and {} others that are no copies: {} of each are needed",
                                           members.y.size(), others.y.size(), kLeastItems));
        return data::member_pool(members, others);
    }

    Result<privacy::ReferenceTables> references_of(const Subject& subject, const data::MemberPool& pool,
                                                   RunContext& ctx) const {
        training::ReferenceOptions options;
        options.models = static_cast<int>(references_);
        options.share = static_cast<double>(pool.members) / static_cast<double>(pool.member.size());
        options.training.epochs = static_cast<int>(epochs_);
        options.training.batch_size = 64;
        options.training.learning_rate = 0.05;
        options.training.validation_share = 0;
        const auto trained = BARTIZAN_TRY(training::train_references(subject.model_path, subject.contract, pool.batch,
                                                                     subject.info, options, ctx));
        privacy::ReferenceTables out;
        for (const training::Reference& one : trained)
            out.add(BARTIZAN_TRY(privacy::signals_of(one.logits, pool.batch.y)), one.in);
        return out;
    }

    Finding finding(const Subject& subject, const data::MemberPool& pool,
                    const std::vector<privacy::MembershipAttack>& attacks, const std::string& without) const {
        const privacy::MembershipAttack& best = privacy::strongest(attacks);
        Finding out = begin_finding(report::rule::kMembership, subject);
        out.severity = privacy::severity_of_membership(best);
        out.title = out.severity == Severity::info
                        ? fmt::format("Training items are hardly told from others (AUC {:.3f})", best.roc.auc)
                        : fmt::format("Training items are told from others by '{}' (AUC {:.3f})", best.name, best.roc.auc);
        out.explanation = fmt::format("Of {} training items, and {} others.", pool.members, pool.member.size() - pool.members);
        if (references_ == 0)
            out.explanation += " Without references this is a lower bound, often a tenth of the truth.";
        if (!without.empty()) out.explanation += " References could not be trained: " + without + ".";
        out.evidence.push_back({.name = "auc", .value = best.roc.auc, .unit = "fraction", .low = best.roc.auc_interval.low,
                                .high = best.roc.auc_interval.high, .samples = std::ssize(pool.member), .note = best.name});
        for (const auto& [name, fpr, least] : {std::tuple("found_at_1_percent_alarms", 0.01, privacy::kLeastForPerCent),
                                               {"found_at_0.1_percent_alarms", 0.001, privacy::kLeastForPerMille}})
            if (best.roc.nonmembers >= least) {
                const Interval interval = best.roc.tpr_interval(fpr);
                out.evidence.push_back({.name = name, .value = best.roc.tpr_at(fpr), .unit = "fraction", .low = interval.low,
                                        .high = interval.high, .samples = best.roc.members, .note = best.name});
            }
        Table table{"Attacks", {"attack", "needs", "AUC", "balanced accuracy"}, {}};
        for (const auto& one : attacks)
            table.rows.push_back({one.name, one.needs, fmt::format("{:.3f}", one.roc.auc),
                                  fmt::format("{:.1f} %", 100 * one.roc.balanced_accuracy)});
        out.tables.push_back(std::move(table));
        out.curves.push_back(curve(best));
        return out;
    }

    static Curve curve(const privacy::MembershipAttack& best) {
        Curve out{"Training items found", "share of others accused", "share of training items found", {{best.name, {}}}, true};
        for (double fpr = 0; fpr <= 1.0001; fpr += 0.05)
            out.series[0].points.push_back({fpr, best.roc.tpr_at(std::min(1.0, fpr))});
        return out;
    }

    std::int64_t samples_, references_, epochs_;
};

}  // namespace

std::unique_ptr<Probe> make(const Params& params) { return std::make_unique<PrivacyProbe>(params); }

}  // namespace bartizan::audit::privacy_probe
