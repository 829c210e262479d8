#include "incident/messages.h"

#include <algorithm>

#include <fmt/format.h>

#include "crypto/random_stream.h"
#include "incident/data_made.h"

namespace bartizan::incident {
namespace messages {
namespace {

constexpr std::string_view kColumns =
    "SELECT id, incident, audience, subject, text, html, state, made, made_by, "
    "approved, approved_by, receipts FROM "
    "incident_message ";

Result<Message> message_of(const store::Row& row) {
    Message out{.id = row.text(0),
                .incident = row.integer(1),
                .audience = row.text(2),
                .subject = row.text(3),
                .text = row.text(4),
                .html = row.text(5),
                .state = row.text(6),
                .made = row.integer(7)};
    out.made_by = row.text(8);
    out.approved = row.integer(9);
    out.approved_by = row.text(10);
    out.receipts = BARTIZAN_TRY_WITHIN(parse_json(row.text(11)), "a stored message");
    return out;
}

Result<std::string> template_of(const std::string& audience, const MessageOptions& options) {
    if (const auto own = options.templates.find(audience); own != options.templates.end()) return own->second;
    for (const EmbeddedFile& file : kFiles)
        if (file.name == "templates/" + audience + ".md") return std::string(file.content);
    return Error(Errc::not_found, "there is no template for '" + audience.substr(0, 60) + "'",
                 "engineers, management, customers, regulator or press; or one "
                 "of your own in the configuration");
}

std::string text_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

/// What a timeline and a ledger keep of a message: the text itself is in its
/// row.
TimelineEntry entry_of(const Message& message, const std::string& what) {
    return {.kind = "message",
            .text = fmt::format("to {}: {} {}", message.audience, message.subject, what),
            .details = {{"message", message.id},
                        {"audience", message.audience},
                        {"state", message.state},
                        {"receipts", message.receipts}}};
}

}  // namespace
}  // namespace messages

Json to_json(const Message& message) {
    return {{"message", message.id},
            {"incident", message.incident},
            {"audience", message.audience},
            {"subject", message.subject},
            {"text", message.text},
            {"html", message.html},
            {"state", message.state},
            {"made", message.made},
            {"made_by", message.made_by},
            {"approved", message.approved == 0 ? Json() : Json(message.approved)},
            {"approved_by", message.approved_by.empty() ? Json() : Json(message.approved_by)},
            {"receipts", message.receipts}};
}

Result<Message> Messages::draft(const std::string& actor, std::int64_t number, const std::string& audience,
                                const MessageOptions& options) {
    const std::string source = BARTIZAN_TRY(messages::template_of(audience, options));
    const Incident incident = BARTIZAN_TRY(cases_.find(number));
    const auto fields = fields_of(incident, BARTIZAN_TRY(cases_.tasks(number)), BARTIZAN_TRY(clocks_.shown(number)),
                                  options.organisation, options.contact);
    const Rendered rendered = BARTIZAN_TRY(render(audience, source, fields));
    auto random = BARTIZAN_TRY(crypto::RandomStream::from_system());
    Message out{.id = fmt::format("msg-{:016x}", random.bits64()),
                .incident = number,
                .audience = audience,
                .subject = rendered.subject,
                .text = rendered.text,
                .html = rendered.html,
                .state = "draft",
                .made = clock_()};
    out.made_by = actor;
    BARTIZAN_TRY(cases_.change(actor, number, [&](store::Transaction& transaction, Incident&) -> Result<TimelineEntry> {
        BARTIZAN_TRY(
            transaction.run("INSERT INTO incident_message VALUES (:id, :incident, :audience, "
                            ":subject, :text, "
                            ":html, :state, :made, :by, 0, :nobody, :receipts)",
                            {out.id, number, audience, out.subject, out.text, out.html, out.state, out.made, actor,
                             std::string(), std::string("[]")}));
        return messages::entry_of(out, "was drafted");
    }));
    return out;
}

Result<Message> Messages::find(const std::string& id) {
    const auto rows = BARTIZAN_TRY(journal_.database().run(std::string(messages::kColumns) + "WHERE id = :id", {id}));
    if (rows.empty()) return Error(Errc::not_found, "there is no message '" + id.substr(0, 60) + "'");
    return messages::message_of(rows[0]);
}

Result<std::vector<Message>> Messages::list(std::int64_t incident) {
    std::vector<Message> out;
    for (const store::Row& row : BARTIZAN_TRY(journal_.database().run(
             std::string(messages::kColumns) + "WHERE incident = :incident ORDER BY made, id", {incident})))
        out.push_back(BARTIZAN_TRY(messages::message_of(row)));
    return out;
}

Result<Message> Messages::approve(const std::string& actor, const std::string& id) {
    Message out = BARTIZAN_TRY(find(id));
    if (out.made_by == actor) return Error(Errc::denied, "somebody else than who made a message approves it");
    BARTIZAN_TRY(
        cases_.change(actor, out.incident, [&](store::Transaction& transaction, Incident&) -> Result<TimelineEntry> {
            out.state = "approved";
            out.approved = clock_();
            out.approved_by = actor;
            const auto rows =
                BARTIZAN_TRY(transaction.run("UPDATE incident_message SET state = :state, approved = :at, "
                                             "approved_by "
                                             "= :by WHERE id = :id AND state = "
                                             ":draft RETURNING id",
                                             {out.state, out.approved, actor, id, std::string("draft")}));
            if (rows.empty()) return Error(Errc::conflict, "only a draft is approved");
            return messages::entry_of(out, "was approved");
        }));
    return out;
}

Result<std::string> Messages::with_retry(const std::function<Result<std::string>()>& work, int& tries) {
    for (tries = 1;; ++tries) {
        Result<std::string> said = work();
        if (said.ok() || said.error().code() != Errc::unavailable || tries == kTries) return said;
        wait_(tries);
    }
}

Result<std::string> Messages::deliver(const Recipient& to, const Message& message) {
    if (!to.email.empty()) return delivery_.mail({to.email, message.subject, message.text, message.html});
    if (!to.slack.empty()) return delivery_.post(to.slack, messages::text_of({{"text", message.text}}));
    return delivery_.post(to.webhook, messages::text_of({{"incident", message.incident},
                                                         {"audience", message.audience},
                                                         {"subject", message.subject},
                                                         {"text", message.text},
                                                         {"html", message.html}}));
}

Result<Message> Messages::send(const std::string& actor, const std::string& id, const MessageOptions& options) {
    Message out = BARTIZAN_TRY(find(id));
    const bool free = std::ranges::find(options.unapproved, out.audience) != options.unapproved.end();
    if (out.state == "sent") return Error(Errc::conflict, "it was sent before");
    if (out.state == "draft" && !free)
        return Error(Errc::denied, "a message to " + out.audience + " is approved by somebody else before it is sent",
                     "bartizan incident approve-message " + id);
    std::size_t reached = 0, all = 0;
    for (const Recipient& to : options.recipients) {
        if (to.audience != out.audience) continue;
        const std::string where = !to.email.empty() ? to.email : !to.slack.empty() ? "slack" : "webhook";
        const bool before = std::ranges::any_of(out.receipts, [&](const Json& one) {
            return one.value("to", "") == where && one.value("delivered", false) && where == to.email;
        });
        ++all;
        if (before) {
            ++reached;
            continue;
        }
        int tries = 0;
        const auto said = with_retry([&] { return deliver(to, out); }, tries);
        reached += said.ok() ? 1 : 0;
        out.receipts.push_back({{"to", where},
                                {"at", clock_()},
                                {"tries", tries},
                                {"delivered", said.ok()},
                                {"said", (said.ok() ? *said : said.error().line()).substr(0, 300)}});
    }
    if (all == 0)
        return Error(Errc::not_found, "nobody is configured to be told as '" + out.audience + "'",
                     "'messages: {recipients: [{audience: " + out.audience + ", email: ...}]}' in the configuration");
    out.state = reached == all ? "sent" : "failed";
    BARTIZAN_TRY(
        cases_.change(actor, out.incident, [&](store::Transaction& transaction, Incident&) -> Result<TimelineEntry> {
            BARTIZAN_TRY(
                transaction.run("UPDATE incident_message SET state = :state, "
                                "receipts = :receipts WHERE id = :id",
                                {out.state, messages::text_of(out.receipts), id}));
            return messages::entry_of(out, out.state == "sent" ? "was sent" : "did not reach everybody");
        }));
    return out;
}

Result<Json> Messages::ticket(const std::string& actor, std::int64_t number, const MessageOptions& options) {
    if (options.ticket.empty())
        return Error(Errc::not_found, "no address for tickets is configured", "'messages: {ticket: URL}'");
    const Incident incident = BARTIZAN_TRY(cases_.find(number));
    const std::string body = messages::text_of(
        {{"title", fmt::format("[{}] {}", incident.severity, incident.title)}, {"incident", to_json(incident)}});
    int tries = 0;
    const auto said = with_retry([&] { return delivery_.post(options.ticket, body); }, tries);
    if (!said.ok()) return said.error();
    const Json receipt = {{"ticket", said->substr(0, 300)}, {"tries", tries}};
    BARTIZAN_TRY(cases_.note(actor, number, "ticket", "a ticket was opened", receipt));
    return receipt;
}

}  // namespace bartizan::incident
