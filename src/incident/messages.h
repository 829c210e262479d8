#pragma once
/// Messages to audiences: templates filled from an incident, kept with who
/// approved them, sent with what came back. A template that names an unknown
/// field, or one that is not known yet, is an error before anything is sent: no
/// message has a blank in it. What may be missing stands between {{#field}} and
/// {{/field}}. Thread rule: any thread.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "incident/clocks.h"
#include "incident/options.h"

namespace bartizan::incident {

/// Known fields, those without a value too (empty).
using MessageFields = std::map<std::string, std::string>;

struct Rendered {
    std::string subject;  ///< the first line, without its #
    std::string text;     ///< Markdown
    std::string html;     ///< a page, everything from outside escaped
};
/// Fails with `invalid_input` naming template, line and field.
Result<Rendered> render(std::string_view name, std::string_view source, const MessageFields& fields);
/// Headings, lists, paragraphs and **bold** of a Markdown text as HTML; the
/// rest is escaped.
std::string html_of(std::string_view markdown);

MessageFields fields_of(const Incident& incident, const std::vector<Task>& tasks, const Json& clocks,
                        const std::string& organisation, const std::string& contact);

/// How messages leave. Thread rule: any thread.
class Delivery {
public:
    virtual ~Delivery() = default;
    struct Mail {
        std::string to, subject, text, html;
    };
    /// Gives what the other side said. Fails with `unavailable` when it may work
    /// later.
    virtual Result<std::string> mail(const Mail& mail) = 0;
    virtual Result<std::string> post(const std::string& address, const std::string& json) = 0;
};

struct Message {
    std::string id;
    std::int64_t incident = 0;
    std::string audience, subject, text, html;
    std::string state;  ///< "draft", "approved", "sent", "failed"
    std::int64_t made = 0, approved = 0;
    std::string made_by, approved_by;
    Json receipts = Json::array();  ///< where to, when, after how many tries, what was said
};
Json to_json(const Message& message);

class Messages final {
public:
    static constexpr int kTries = 3;
    Messages(journal::Journal& journal, Cases& cases, Clocks& clocks, Delivery& delivery, Cases::Clock clock,
             std::function<void(int tries)> wait)
        : journal_(journal),
          cases_(cases),
          clocks_(clocks),
          delivery_(delivery),
          clock_(std::move(clock)),
          wait_(std::move(wait)) {}

    /// Fills the template of an audience. Fails with `not_found` for an audience
    /// that has none.
    Result<Message> draft(const std::string& actor, std::int64_t incident, const std::string& audience,
                          const MessageOptions& options);
    /// By somebody else than who made it.
    Result<Message> approve(const std::string& actor, const std::string& id);
    /// To everybody who is configured for its audience, each at most `kTries`
    /// times. Fails with `denied` for a draft that needs an approval, `conflict`
    /// when it was sent, `not_found` when nobody is configured.
    Result<Message> send(const std::string& actor, const std::string& id, const MessageOptions& options);
    Result<Message> find(const std::string& id);
    Result<std::vector<Message>> list(std::int64_t incident);
    /// Opens a ticket at the configured address; gives what it said.
    Result<Json> ticket(const std::string& actor, std::int64_t incident, const MessageOptions& options);

private:
    Result<std::string> deliver(const Recipient& to, const Message& message);
    /// Tries `work` again while it says `unavailable`.
    Result<std::string> with_retry(const std::function<Result<std::string>()>& work, int& tries);

    journal::Journal& journal_;
    Cases& cases_;
    Clocks& clocks_;
    Delivery& delivery_;
    Cases::Clock clock_;
    std::function<void(int)> wait_;  ///< between tries
};

}  // namespace bartizan::incident
