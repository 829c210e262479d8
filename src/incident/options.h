#pragma once
/// What the configuration says about incidents: plain values, so that whoever
/// reads configurations needs no more.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace bartizan::incident {

/// "2026-12-25": days on which nobody works, beside Saturdays and Sundays.
using Holidays = std::vector<std::string>;

struct Recipient {
    std::string audience;
    std::string email;    ///< one of these three
    std::string webhook;  ///< gets JSON: subject, text, html, incident, audience
    std::string slack;    ///< gets {"text": ...}
};

struct MessageOptions {
    std::string organisation, contact;
    std::vector<Recipient> recipients;
    std::map<std::string, std::string> templates;         ///< by audience, in the place of the shipped one
    std::vector<std::string> unapproved = {"engineers"};  ///< audiences that may be told without a second person
    std::string ticket;                                   ///< address that opens tickets; empty: none
};

/// Where mail goes out.
struct MailServer {
    std::string server;  ///< "smtp://mail.example.com:587", "smtps://..."; empty: no mail
    std::string from;    ///< "bartizan@example.com"
    std::string user;    ///< empty: without credentials
    std::filesystem::path password_file;
    bool tls = true;  ///< false only for a server on this machine
    std::string ca_file;
};

struct UnattendedRule {
    std::string detector;  ///< "golden-set"
    std::string playbook;  ///< "tampered-artefact"
};

struct ResponseOptions {
    std::string principal;  ///< on whose behalf unattended runs act; empty: none runs
    std::vector<UnattendedRule> unattended;
    std::int64_t drill_days = 180;
    Holidays holidays;
    MessageOptions messages;
    MailServer mail;
};

}  // namespace bartizan::incident
