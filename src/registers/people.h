#pragma once
/// Who answers for what, who was trained until when, who signed what: roles by activity (RACI), training records that
/// expire, sign-offs. Activities, modules and documents are data (data/people.json).
/// Thread rule: all members may be called from any thread.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "governance/governance.h"
#include "registers/calendar.h"
#include "registers/risks.h"
#include "registers/standing.h"

namespace bartizan::registers {

struct Module {
    std::string id = {}, title = {};
    std::int64_t valid_days = 365;
    std::int64_t pass_score = 70;  ///< of 100
    std::vector<std::string> activities =
        {};  ///< for whoever does or answers for these; "*": for everybody with a role
};
struct Document {
    std::string id = {}, title = {};
    std::string check = {};        ///< whose evidence a signature is
    std::string requirement = {};  ///< or the requirement that it attests
};
struct Curriculum {
    std::vector<std::pair<std::string, std::string>> activities = {};  ///< id, title
    std::vector<Module> modules = {};
    std::vector<Document> documents = {};
};
/// What ships. Fails with `invalid_input`.
Result<Curriculum> curriculum_of(const governance::Framework& framework);

struct Training {
    std::string module = {};
    std::int64_t at = 0, expires = 0, score = 0;
    bool passed = false;
    std::string by = {};  ///< who recorded it
};
struct Person {
    std::string name = {};
    std::map<std::string, std::string> roles = {};  ///< activity: "R", "A", "C" or "I"
    std::vector<Training> training = {};            ///< the newest of each module
};
/// One module that a person needs.
struct Need {
    std::string person = {}, module = {};
    std::int64_t expires = 0;  ///< of what there is; 0: never passed
    bool holds(std::int64_t now) const { return expires > now; }
};

class People final {
public:
    People(journal::Journal& journal, governance::Governance& governance, Risks& risks, Curriculum curriculum,
           Clock clock)
        : governance_(governance),
          risks_(risks),
          curriculum_(std::move(curriculum)),
          records_(journal, "person", clock),
          signatures_(journal, "signature", clock) {}

    /// `letter`: R does it, A answers for it (one person at most), C is asked, I is told, "-" none of it. Fails with
    /// `conflict` when somebody else answers for it already.
    Result<Person> assign(const std::string& actor, const std::string& person, const std::string& activity,
                          const std::string& letter);
    /// A record of a module: `score` of 100, at a time not in the future. Holds as long as the module says, or `days`.
    Result<Person> train(const std::string& actor, const std::string& person, const std::string& module,
                         std::int64_t score, std::int64_t at, std::int64_t days);
    /// The signer says that a document holds: evidence of its check, or of the requirement it attests. Fails with
    /// `conflict` when what is signed is not so: a register with risks that nobody owns.
    Result<Json> sign(const std::string& signer, const std::string& document, const std::string& version,
                      const std::string& digest, std::int64_t days);
    Result<std::vector<Person>> list();
    Result<std::vector<Need>> needs();
    /// Everything, for people to read: RACI with its gaps, training that is due, signatures.
    Result<Json> shown();
    /// "training.records" of the organisation.
    Result<std::optional<Standing>> standing();
    Result<std::vector<DueDate>> dates();

private:
    Result<void> check_signable(const std::string& document);

    governance::Governance& governance_;
    Risks& risks_;
    Curriculum curriculum_;
    Records records_, signatures_;
};

}  // namespace bartizan::registers
