#pragma once
/// What may be done to an asset, and which checks bear on it: techniques of MITRE ATLAS as data (data/threats.json),
/// with how far each came in the world, what an attacker must know, what may be harmed, and how much the evidence of
/// each check counts. Immutable once made.

#include <string>
#include <vector>

#include "governance/catalogue.h"
#include "registers/scores.h"

namespace bartizan::registers {

struct Threat {
    std::string id;  ///< "AML.T0015"
    std::string title;
    std::string maturity, knowledge;    ///< words of `maturity_of`, `knowledge_of`
    std::vector<std::string> subjects;  ///< "model", "data", "service", "vendor"
    std::string modality;               ///< "text": of those alone, or of one that nobody told
    std::vector<std::string> harms;     ///< of `kAxes`
    std::vector<std::string> checks;
};

struct CheckEffect {
    std::string check;
    Effect effect;
    std::string function;  ///< its word
    std::string why;
};

class Threats {
public:
    /// What ships. Fails with `invalid_input` naming the entry: a check that the framework does not know, a word that
    /// is none.
    static Result<Threats> make(const governance::Framework& framework);
    /// Of a text in the same form.
    static Result<Threats> read(std::string_view text, const governance::Framework& framework);

    const std::vector<Threat>& all() const { return threats_; }
    const std::vector<CheckEffect>& effects() const { return effects_; }
    const Threat* find(std::string_view id) const;
    const CheckEffect* effect(std::string_view check) const;

private:
    std::vector<Threat> threats_;
    std::vector<CheckEffect> effects_;
};

/// Does a threat concern an asset of this kind ("model") and modality (empty: nobody told)?
bool concerns(const Threat& threat, std::string_view kind, std::string_view modality);

}  // namespace bartizan::registers
