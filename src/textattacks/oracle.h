#pragma once
/// What a text attack asks, and what it wants to hear. An `Oracle` is a model behind a tokenizer, or a service; a `Goal`
/// says how near an answer is to what the attacker is after.
/// Thread rule: an oracle is used by one thread; goals are immutable.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "bartizan/result.h"
#include "text/normaliser.h"

namespace bartizan::textattacks {

struct Answer {
    std::vector<double> scores = {};  ///< one a class (logits or logarithms); empty: decisions alone
    std::int64_t label = -1;          ///< the class; -1: there are none
    std::string output = {};          ///< what a service says: a label, a translation
    double confidence = -1;           ///< of `output`, as a service states it, in [0, 1]; below 0: not stated
};

class Oracle {
public:
    virtual ~Oracle() = default;
    /// One answer a text. Fails as the model or the service does.
    virtual Result<std::vector<Answer>> ask(std::span<const std::string> texts) = 0;
};

/// Puts a normaliser in front of another oracle: the defended system, which an adaptive attacker asks as well.
class NormalisingOracle final : public Oracle {
public:
    NormalisingOracle(Oracle& behind, text::NormalisePolicy policy) : behind_(behind), policy_(policy) {}
    Result<std::vector<Answer>> ask(std::span<const std::string> texts) override;

private:
    Oracle& behind_;
    text::NormalisePolicy policy_;
};

/// How good an answer is for the attacker.
struct Judgement {
    double gain = 0;  ///< higher is nearer
    bool success = false;
};

class Goal {
public:
    virtual ~Goal() = default;
    /// `clean`: the answer to the text as it was.
    virtual Judgement judge(const Answer& clean, const Answer& now) const = 0;
};

/// Another class than `clean.label` (or another output); the gain is the margin, or the confidence lost.
std::unique_ptr<Goal> label_flip();
/// An output whose BLEU against the clean one is at most `below`.
std::unique_ptr<Goal> bleu_drop(double below);
/// An output that contains `word`, in any case.
std::unique_ptr<Goal> word_appears(std::string word);

/// Sentence BLEU (Papineni et al. 2002) of up to four-grams over words at blanks, with one added to the counts beyond
/// single words (Lin, Och 2004), in [0, 1]. Two empty texts: 1.
double sentence_bleu(std::string_view reference, std::string_view candidate);

}  // namespace bartizan::textattacks
