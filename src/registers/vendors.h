#pragma once
/// Vendors: twenty questions (data/vendor-questions.json), each answer with its proof, held against the evidence about
/// what the vendor supplied. A claim without proof counts nothing, a document half, a test whole; what is blank counts
/// as the worst, and what evidence contradicts counts nothing. Thread rule: all members may be called from any thread.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "governance/governance.h"
#include "registers/calendar.h"
#include "registers/standing.h"

namespace bartizan::registers {

struct Question {
    std::int64_t number = 0;
    bool knock_out = false;  ///< failing it rejects the vendor, unless somebody signs an exception
    std::int64_t weight = 1;
    std::string kind = "word";  ///< "word": yes, partly or no; "hours", "days": a whole number; "date": "2026-05-01"
    std::string text = {};
    std::string good = "yes";
    std::optional<std::int64_t> at_least = {}, at_most = {};  ///< of dates: days ago
    std::vector<std::string> checks = {};                     ///< whose failing evidence contradicts a good answer
    bool must_be_there = false;                               ///< so does the lack of any evidence
};
/// What ships. Fails with `invalid_input` naming the entry.
Result<std::vector<Question>> vendor_questions(const governance::Framework& framework);

struct VendorAnswer {
    std::int64_t question = 0;
    std::string answer = {};  ///< of words
    std::int64_t value = -1;  ///< of hours and days; of dates: seconds since 1970
    std::string text = {};
    std::string level = "claimed";  ///< "claimed", "documented", "tested"
    std::string document = {};      ///< what documents it, and its digest if there is one
    std::string digest = {};
    std::string evidence = {};  ///< id of the evidence of a test
};
/// {"schema": "bartizan.vendor-answers/1", "answered_by": ..., "expires": ..., "answers": [...]}
struct Questionnaire {
    std::string answered_by = {};
    std::int64_t expires = 0;
    std::vector<VendorAnswer> answers = {};
};
/// Fails with `invalid_input` naming the member and the reason: "answers[3].proof.level: ...".
Result<Questionnaire> read_questionnaire(const Json& json, const std::vector<Question>& questions, std::int64_t now);
/// An empty one, to be filled in.
Json blank_questionnaire(const std::vector<Question>& questions);

/// One question, judged now.
struct Judged {
    const Question* question = nullptr;  ///< of `Vendors::questions`
    std::optional<VendorAnswer> answer = {};
    double good = 0;       ///< 0, 0.5 or 1: what was said
    double proof = 0;      ///< 0, 0.5 or 1: how it is shown now
    std::string why = {};  ///< why the proof counts less than was said
    std::string contradiction = {};
    Leave exception = {};
    double points() const { return contradiction.empty() ? good * proof : 0; }
    bool failed() const { return !answer || good == 0 || !contradiction.empty(); }
};

struct VendorView {
    std::string name = {};
    Json profile = Json::object();
    std::string answered_by = {};
    std::int64_t answered = 0, expires = 0;
    std::vector<std::string> supplied = {};  ///< versions in the inventory
    std::vector<Judged> judged = {};
    std::int64_t now = 0;

    double score() const;  ///< weighted mean of the points, 0 to 1
    /// "approve", "conditions", "reject", "expired", "not answered".
    std::string verdict() const;
};
Json to_json(const VendorView& view);

class Vendors final {
public:
    static constexpr std::int64_t kHolds = 365 * kDay;  ///< answers, at most
    static constexpr double kApproved = 0.6;            ///< score from which there are no conditions

    Vendors(journal::Journal& journal, governance::Governance& governance, std::vector<Question> questions, Clock clock)
        : governance_(governance), questions_(std::move(questions)), records_(journal, "vendor", std::move(clock)) {}

    /// Members: owner, contact, services, data_shared, countries, sub_processors, exit_plan, criticality. Those that
    /// are not given stay. The vendor stands in the inventory from then on.
    Result<VendorView> put(const std::string& actor, const std::string& name, const Json& profile);
    /// A whole questionnaire, in place of the one before.
    Result<VendorView> answer(const std::string& actor, const std::string& name, const Json& questionnaire);
    /// Lets a knock-out be, for a time; somebody other than the vendor's owner.
    Result<VendorView> except(const std::string& actor, const std::string& name, std::int64_t question,
                              const std::string& reason, std::int64_t expires);
    /// Those that the inventory names, too, asked or not.
    Result<std::vector<VendorView>> list();
    Result<VendorView> find(const std::string& name);
    /// "vendor.assessment" of the organisation.
    Result<std::optional<Standing>> standing();
    Result<std::vector<DueDate>> dates();

    const std::vector<Question>& questions() const { return questions_; }

private:
    struct Known;
    Result<Known> known();
    Result<VendorView> view(const std::string& name, const Json& body, const Known& known);
    Result<void> prove(Judged& judged);
    void contradict(Judged& judged, const Known& known, const std::string& vendor);

    governance::Governance& governance_;
    std::vector<Question> questions_;
    Records records_;
};

}  // namespace bartizan::registers
