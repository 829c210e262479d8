#pragma once
/// What `bartizan init` has to know, asked once: a table of questions, and the answers by their keys.

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "bartizan/result.h"
#include "core/json.h"

namespace bartizan::program::init {

struct Question {
    std::string_view key;  ///< "owner"
    std::string_view text;
    std::string_view why;
    std::string_view preset = {};   ///< taken when the answer is empty; "-" : may be left empty
    std::string_view choices = {};  ///< "a|b"; empty: any text
    bool amount = false;            ///< whole units of the currency
};
std::span<const Question> questions();

using Answers = std::map<std::string, std::string, std::less<>>;

/// Fails with `invalid_input`: there is no such question, or the answer is none of its choices; says which.
Result<void> answer(Answers& answers, std::string_view key, std::string_view value);
/// An object of texts and numbers.
Result<void> answer_all(Answers& answers, const Json& object, const std::string& place);
/// Asks what has no answer yet. `ask` shows a question and gives a line; empty: there is nobody to ask, and what has a
/// preset gets it. Fails with `invalid_input` naming the question that has neither.
Result<void> complete(Answers& answers, const std::function<std::optional<std::string>(const Question&)>& ask);

/// A name in small letters, digits and '-', as registers take them, out of what a person wrote.
std::string short_name(std::string_view text);

/// 1 to 5, from who can call the model, what it sees and about whom it decides.
int criticality_of(const Answers& answers);
/// What the EU AI Act may call it: "high" or "minimal" or "limited"; a hint for people, never a verdict.
std::string_view risk_class_of(const Answers& answers);

}  // namespace bartizan::program::init
