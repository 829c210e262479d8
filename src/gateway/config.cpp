#include "gateway/config.h"

#include <algorithm>
#include <charconv>
#include <functional>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "core/file.h"
#include "core/spelling.h"

namespace bartizan::gateway {
namespace {

struct Place {
    const std::filesystem::path& file;
    Error fault(const YAML::Node& node, const std::string& key, const std::string& what) const {
        const int line = node.Mark().line + 1;
        return invalid_input(fmt::format("{}:{}: {}: {}", file.string(), std::max(line, 1), key, what));
    }
};

using Set = std::function<Result<void>(const YAML::Node&, const std::string& key)>;
struct Key {
    std::string_view name;
    Set set;
};

template <class T>
Result<T> value_of(const Place& place, const YAML::Node& node, const std::string& key, const char* kind) {
    try {
        if (node.IsScalar()) return node.as<T>();
    } catch (const YAML::Exception&) {
    }
    return place.fault(node, key, std::string("expected ") + kind);
}

Set text(const Place& place, std::string& out) {
    return [&](const YAML::Node& node, const std::string& key) -> Result<void> {
        out = BARTIZAN_TRY(value_of<std::string>(place, node, key, "a text"));
        return {};
    };
}

Set flag(const Place& place, bool& out) {
    return [&](const YAML::Node& node, const std::string& key) -> Result<void> {
        out = BARTIZAN_TRY(value_of<bool>(place, node, key, "true or false"));
        return {};
    };
}

Set path(const Place& place, std::filesystem::path& out) {
    return [&](const YAML::Node& node, const std::string& key) -> Result<void> {
        out = place.file.parent_path() / BARTIZAN_TRY(value_of<std::string>(place, node, key, "a path"));
        return {};
    };
}

template <class T>
Set number(const Place& place, T& out, double least, double most) {
    return [&place, &out, least, most](const YAML::Node& node, const std::string& key) -> Result<void> {
        const double value = BARTIZAN_TRY(value_of<double>(place, node, key, "a number"));
        if (!(value >= least && value <= most))
            return place.fault(node, key, fmt::format("expected {:g} to {:g}", least, most));
        out = static_cast<T>(value);
        return {};
    };
}

Result<void> read_map(const Place& place, const YAML::Node& node, const std::string& where,
                      const std::vector<Key>& keys) {
    if (node.IsNull()) return {};
    if (!node.IsMap()) return place.fault(node, where, "expected keys with values");
    for (const auto& pair : node) {
        const auto name = pair.first.as<std::string>("");
        const std::string full = where.empty() ? name : where + "." + name;
        const auto found = std::ranges::find(keys, name, &Key::name);
        if (found == keys.end()) {
            std::string known;
            for (const Key& key : keys) known += (known.empty() ? "" : ", ") + std::string(key.name);
            return place.fault(pair.first, full, "there is no such key; known are " + known);
        }
        BARTIZAN_TRY(found->set(pair.second, full));
    }
    return {};
}

/// The same keys for each item of a list.
template <class T>
Set list_of(const Place& place, std::vector<T>& out, std::function<std::vector<Key>(T&)> keys) {
    return [&place, &out, keys](const YAML::Node& node, const std::string& where) -> Result<void> {
        if (!node.IsSequence()) return place.fault(node, where, "expected a list");
        for (const YAML::Node& one : node) {
            T item{};
            BARTIZAN_TRY(read_map(place, one, where + "[" + std::to_string(out.size()) + "]", keys(item)));
            out.push_back(std::move(item));
        }
        return {};
    };
}

Set group(const Place& place, std::vector<Key> keys) {
    return [&place, keys = std::move(keys)](const YAML::Node& node, const std::string& where) {
        return read_map(place, node, where, keys);
    };
}

Set paths(const Place& place, std::vector<std::filesystem::path>& out) {
    return [&](const YAML::Node& node, const std::string& key) -> Result<void> {
        if (!node.IsSequence()) return place.fault(node, key, "expected a list of paths");
        for (const YAML::Node& one : node)
            out.push_back(place.file.parent_path() / BARTIZAN_TRY(value_of<std::string>(place, one, key, "a path")));
        return {};
    };
}

Set role(const Place& place, Role& out) {
    return [&](const YAML::Node& node, const std::string& key) -> Result<void> {
        const auto word = BARTIZAN_TRY(value_of<std::string>(place, node, key, "gateway, detector or both"));
        if (word != "gateway" && word != "detector" && word != "both")
            return place.fault(node, key, "expected gateway, detector or both");
        out = word == "gateway" ? Role::gateway : word == "detector" ? Role::detector : Role::both;
        return {};
    };
}

Set optional_port(const Place& place, std::optional<std::uint16_t>& out) {
    return [&](const YAML::Node& node, const std::string& key) -> Result<void> {
        return number(place, out.emplace(), 0, 65'535)(node, key);
    };
}

/// A folder, or off.
Set console_folder(const Place& place, std::optional<std::filesystem::path>& out) {
    return [&](const YAML::Node& node, const std::string& key) -> Result<void> {
        const auto word = BARTIZAN_TRY(value_of<std::string>(place, node, key, "a folder, or off"));
        out.reset();
        if (word == "off" || word == "false") return {};
        if (word.empty()) return place.fault(node, key, "expected a folder, or off");
        out = place.file.parent_path() / word;
        return {};
    };
}

Set texts(const Place& place, std::vector<std::string>& out) {
    return [&](const YAML::Node& node, const std::string& key) -> Result<void> {
        if (!node.IsSequence()) return place.fault(node, key, "expected a list of texts");
        out.clear();
        for (const YAML::Node& one : node)
            out.push_back(BARTIZAN_TRY(value_of<std::string>(place, one, key, "a text")));
        return {};
    };
}

/// Audiences with the files that hold their templates, read now.
Set templates(const Place& place, std::map<std::string, std::string>& out) {
    return [&](const YAML::Node& node, const std::string& key) -> Result<void> {
        if (!node.IsMap()) return place.fault(node, key, "expected audiences with files");
        for (const auto& pair : node) {
            const auto path =
                place.file.parent_path() / BARTIZAN_TRY(value_of<std::string>(place, pair.second, key, "a path"));
            out[pair.first.as<std::string>("")] = BARTIZAN_TRY_WITHIN(read_file(path, 100'000), key);
        }
        return {};
    };
}

std::vector<Key> recipient_keys(const Place& place, incident::Recipient& one) {
    return {{"audience", text(place, one.audience)},
            {"email", text(place, one.email)},
            {"webhook", text(place, one.webhook)},
            {"slack", text(place, one.slack)}};
}

std::vector<Key> unattended_keys(const Place& place, incident::UnattendedRule& one) {
    return {{"detector", text(place, one.detector)}, {"playbook", text(place, one.playbook)}};
}

std::vector<Key> message_keys(const Place& place, incident::ResponseOptions& response) {
    incident::MessageOptions& messages = response.messages;
    incident::MailServer& mail = response.mail;
    return {{"organisation", text(place, messages.organisation)},
            {"contact", text(place, messages.contact)},
            {"recipients",
             list_of<incident::Recipient>(place, messages.recipients,
                                          [&place](incident::Recipient& one) { return recipient_keys(place, one); })},
            {"templates", templates(place, messages.templates)},
            {"unapproved", texts(place, messages.unapproved)},
            {"ticket", text(place, messages.ticket)},
            {"smtp", group(place, {{"server", text(place, mail.server)},
                                   {"from", text(place, mail.from)},
                                   {"user", text(place, mail.user)},
                                   {"password_file", path(place, mail.password_file)},
                                   {"tls", flag(place, mail.tls)},
                                   {"ca_file", text(place, mail.ca_file)}})}};
}

std::vector<Key> response_keys(const Place& place, incident::ResponseOptions& response) {
    return {{"principal", text(place, response.principal)},
            {"unattended", list_of<incident::UnattendedRule>(
                               place, response.unattended,
                               [&place](incident::UnattendedRule& one) { return unattended_keys(place, one); })},
            {"drill_days", number(place, response.drill_days, 1, 3650)},
            {"holidays", texts(place, response.holidays)}};
}

/// A score, or "none".
Set audit_score(const Place& place, std::optional<double>& out) {
    return [&](const YAML::Node& node, const std::string& key) -> Result<void> {
        out.reset();
        if (node.IsScalar() && node.Scalar() == "none") return {};
        double score = 0;
        BARTIZAN_TRY(number(place, score, 0, 100)(node, key));
        out = score;
        return {};
    };
}

std::vector<Key> quota_keys(const Place& place, QuotaRule& rule) {
    return {{"principal", text(place, rule.principal)},
            {"model", text(place, rule.model)},
            {"requests_per_second", number(place, rule.limits.requests_per_second, 0.001, 1e6)},
            {"burst", number(place, rule.limits.burst, 1, 1e6)},
            {"queries_per_day", number(place, rule.limits.queries_per_day, 0, 1e15)}};
}

Set output_policy(const Place& place, policy::OutputPolicy& out) {
    return [&](const YAML::Node& node, const std::string& key) -> Result<void> {
        const std::string text = BARTIZAN_TRY(value_of<std::string>(place, node, key, "a policy, as top-k:1+round:2"));
        auto parsed = policy::OutputPolicy::parse(text);
        if (!parsed.ok()) return place.fault(node, key, parsed.error().line());
        out = std::move(parsed).value();
        return {};
    };
}

std::vector<Key> output_keys(const Place& place, OutputRule& rule) {
    return {{"principal", text(place, rule.principal)},
            {"model", text(place, rule.model)},
            {"policy", output_policy(place, rule.policy)}};
}

std::vector<Key> provider_keys(const Place& place, TokenProvider& provider) {
    return {{"issuer", text(place, provider.issuer)},
            {"audience", text(place, provider.audience)},
            {"jwks", path(place, provider.jwks)}};
}

std::vector<Key> upstream_keys(const Place& place, UpstreamRule& rule) {
    return {{"model", text(place, rule.model)},         {"address", text(place, rule.address)},
            {"name", text(place, rule.name)},           {"version", text(place, rule.version)},
            {"authority", path(place, rule.authority)}, {"token_file", path(place, rule.token_file)},
            {"insecure", flag(place, rule.insecure)}};
}

std::vector<Key> all_keys(const Place& place, Config& config) {
    auto& tls = config.tls;
    const auto with_tls = [&tls](Set (*make)(const Place&, std::filesystem::path&), const Place& at,
                                 std::filesystem::path http::TlsFiles::*member) -> Set {
        return [&tls, make, &at, member](const YAML::Node& node, const std::string& key) {
            if (!tls) tls.emplace();
            return make(at, (*tls).*member)(node, key);
        };
    };
    return {
        {"listen", text(place, config.listen)},
        {"grpc_port", optional_port(place, config.grpc_port)},
        {"state", path(place, config.state)},
        {"console", console_folder(place, config.console)},
        {"store", text(place, config.store)},
        {"threads", number(place, config.threads, 0, 1024)},
        {"workers", number(place, config.workers, 1, 256)},
        {"tls", group(place, {{"certificate", with_tls(path, place, &http::TlsFiles::certificate)},
                              {"key", with_tls(path, place, &http::TlsFiles::key)},
                              {"client_authority", with_tls(path, place, &http::TlsFiles::client_authority)}})},
        {"stream", group(place, {{"address", text(place, config.stream.options.url)},
                                 {"role", role(place, config.stream.role)},
                                 {"inputs", flag(place, config.stream.inputs)},
                                 {"name", text(place, config.stream.options.name)},
                                 {"partitions", number(place, config.stream.options.partitions, 1, 256)},
                                 {"replicas", number(place, config.stream.options.replicas, 1, 5)},
                                 {"authority", path(place, config.stream.options.authority)},
                                 {"certificate", path(place, config.stream.options.certificate)},
                                 {"key", path(place, config.stream.options.key)}})},
        {"upstreams", list_of<UpstreamRule>(place, config.upstreams,
                                            [&place](UpstreamRule& one) { return upstream_keys(place, one); })},
        {"limits", group(place, {{"upload_bytes", number(place, config.upload_bytes, 1024, 8e9)},
                                 {"request_bytes", number(place, config.request_bytes, 1024, 1e9)},
                                 {"in_flight", number(place, config.in_flight, 1, 1e6)},
                                 {"inference_ms", number(place, config.inference_ms, 1, 600'000)}})},
        {"detectors",
         group(place, {{"on", flag(place, config.detectors.on)},
                       {"similarity_limit", number(place, config.detectors.similarity_limit, 2, 1e6)},
                       {"theft_false_alarms", number(place, config.detectors.theft_false_alarms, 0.001, 0.5)},
                       {"drift_window", number(place, config.detectors.drift.window, 100, 1e6)},
                       {"drift_false_alarms", number(place, config.detectors.drift.false_alarms, 1e-9, 0.5)},
                       {"drift_least_index", number(place, config.detectors.drift.least_index, 0, 10)},
                       {"squeeze_per_second", number(place, config.detectors.squeeze_per_second, 0, 1e6)},
                       {"outliers", flag(place, config.detectors.outliers)},
                       {"members", flag(place, config.detectors.members)},
                       {"golden_seconds", number(place, config.detectors.golden_seconds, 0, 86'400)},
                       {"throttle_seconds", number(place, config.detectors.throttle_seconds, 0, 86'400)}})},
        {"gates", group(place, {{"scan", flag(place, config.gates.scan)},
                                {"signature", flag(place, config.gates.signature)},
                                {"audit_score", audit_score(place, config.gates.audit_score)}})},
        {"response", group(place, response_keys(place, config.response))},
        {"messages", group(place, message_keys(place, config.response))},
        {"catalogues", paths(place, config.catalogues)},
        {"trusted_signers", paths(place, config.trusted_signers)},
        {"two_person", group(place, {{"promote", flag(place, config.two_person.promote)},
                                     {"release", flag(place, config.two_person.release)},
                                     {"keys", flag(place, config.two_person.keys)}})},
        {"token_providers", list_of<TokenProvider>(place, config.token_providers,
                                                   [&place](TokenProvider& one) { return provider_keys(place, one); })},
        {"quotas",
         list_of<QuotaRule>(place, config.quotas, [&place](QuotaRule& one) { return quota_keys(place, one); })},
        {"outputs",
         list_of<OutputRule>(place, config.outputs, [&place](OutputRule& one) { return output_keys(place, one); })},
        {"retention", group(place, {{"newest", number(place, config.retention.newest, 1, 1e6)},
                                    {"days", number(place, config.retention.days, 0, 1e5)}})},
        {"log_requests", flag(place, config.log_requests)},
    };
}

/// "127.0.0.1:8420", "[::1]:8420"
struct Address {
    std::string host;
    std::uint16_t port = 0;
};
std::optional<Address> address_of(std::string_view listen) {
    const auto colon = listen.rfind(':');
    if (colon == std::string_view::npos) return {};
    std::string_view host = listen.substr(0, colon);
    const std::string_view port = listen.substr(colon + 1);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    Address out{std::string(host), 0};
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
    if (host.empty() || error != std::errc{} || end != port.data() + port.size()) return {};
    return out;
}

}  // namespace

QuotaLimits Config::limits_of(const std::string& principal, const std::string& model) const {
    for (const QuotaRule& rule : quotas)
        if ((rule.principal.empty() || rule.principal == principal) && (rule.model.empty() || rule.model == model))
            return rule.limits;
    return {};
}

policy::OutputPolicy Config::policy_of(const std::string& principal, const std::string& model) const {
    for (const OutputRule& rule : outputs)
        if ((rule.principal.empty() || rule.principal == principal) && (rule.model.empty() || rule.model == model))
            return rule.policy;
    return {};
}

std::string Config::address() const { return address_of(listen).value_or(Address{}).host; }
std::uint16_t Config::port() const { return address_of(listen).value_or(Address{}).port; }
bool Config::is_loopback() const {
    const std::string host = address();
    return host == "::1" || host == "localhost" || host.starts_with("127.");
}

Result<Config> parse_config(const std::string& text, const std::filesystem::path& name) {
    Config config;
    const Place place{name};
    YAML::Node root;
    try {
        root = YAML::Load(text);
    } catch (const YAML::Exception& fault) {
        return invalid_input(fmt::format("{}:{}: {}", name.string(), fault.mark.line + 1, fault.msg));
    }
    BARTIZAN_TRY(read_map(place, root, "", all_keys(place, config)));
    return config;
}

Result<Config> read_config(const std::filesystem::path& path) {
    return parse_config(BARTIZAN_TRY_WITHIN(read_file(path, kLongestConfig), "configuration"), path);
}

Result<void> check_config(const Config& config) {
    if (!address_of(config.listen))
        return invalid_input("'" + config.listen + "' is no address to listen on", "ADDRESS:PORT, as 127.0.0.1:8420");
    if (!config.is_loopback() && !config.tls)
        return invalid_input("'" + config.listen + "' is reached from other machines, and there is no TLS",
                             "give tls.certificate and tls.key in the configuration, or listen on 127.0.0.1");
    if (config.tls && (config.tls->certificate.empty() || config.tls->key.empty()))
        return invalid_input("tls needs both a certificate and a key");
    for (const UpstreamRule& rule : config.upstreams) BARTIZAN_TRY(check_upstream(rule));
    const stream::Options& stream = config.stream.options;
    if (!stream.url.empty() && !stream::is_safe(stream))
        return invalid_input("'" + stream::without_password(stream.url) + "' is on another machine, and not secured",
                             "as tls://HOST:4222; who reads or writes the stream reads inputs and moves models");
    if (stream.name.empty() ||
        stream.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") != std::string::npos)
        return invalid_input("stream.name has letters, digits and '-' alone");
    return {};
}

Result<std::vector<access::Provider>> load_providers(const Config& config) {
    std::vector<access::Provider> out;
    for (const TokenProvider& one : config.token_providers) {
        if (one.issuer.empty() || one.audience.empty() || one.jwks.empty())
            return invalid_input("a token provider needs issuer, audience and jwks");
        const std::string text = BARTIZAN_TRY_WITHIN(read_file(one.jwks, 1 << 20), "jwks");
        out.push_back(
            {{one.issuer, one.audience}, BARTIZAN_TRY_WITHIN(access::KeySet::parse(text), one.jwks.string())});
    }
    return out;
}

}  // namespace bartizan::gateway
