#include "incident/curl_delivery.h"

#include <curl/curl.h>

#include <chrono>
#include <ctime>
#include <mutex>

#include <fmt/format.h>

#include "crypto/base64.h"
#include "crypto/random_stream.h"
#include "crypto/secret.h"

namespace bartizan::incident {
namespace curl_delivery_file {
namespace {

constexpr std::size_t kLongestAnswer = 64 * 1024;

struct Closer {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
    void operator()(curl_mime* mime) const { curl_mime_free(mime); }
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Handle = std::unique_ptr<CURL, Closer>;
using List = std::unique_ptr<curl_slist, Closer>;

void add(List& list, const std::string& line) {
    curl_slist* longer = curl_slist_append(list.get(), line.c_str());
    (void)list.release();
    list.reset(longer);
}

std::size_t take(char* data, std::size_t size, std::size_t count, void* to) {
    auto& answer = *static_cast<std::string*>(to);
    const std::size_t bytes = size * count;
    if (answer.size() + bytes > kLongestAnswer) return 0;
    answer.append(data, bytes);
    return bytes;
}

/// "Mon, 30 Nov 2026 22:00:00 +0000", whatever the locale.
std::string mail_date() {
    constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} +0000", kDays[parts.tm_wday], parts.tm_mday,
                       kMonths[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

/// A header's text (RFC 2047), cut into words of at most 75 characters at
/// borders of UTF-8 characters.
std::string header_text(std::string_view text) {
    const bool plain = text.size() < 60 && text.find_first_not_of(
                                               " !#$%&'()*+,-./0123456789:;?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]"
                                               "_abcdefghijklmnopqrstuvwxyz{|}~") == std::string_view::npos;
    if (plain) return std::string(text);
    constexpr std::size_t kPiece = 42;
    std::string out;
    while (!text.empty()) {
        std::size_t size = std::min(kPiece, text.size());
        while (size < text.size() && size > 1 && (static_cast<unsigned char>(text[size]) & 0xc0U) == 0x80U) --size;
        out += (out.empty() ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?") + crypto::to_base64(std::string(text.substr(0, size))) +
               "?=";
        text.remove_prefix(size);
    }
    return out;
}

class CurlDelivery final : public Delivery {
public:
    CurlDelivery(MailServer mail, crypto::Secret password, long timeout)
        : mail_(std::move(mail)), password_(std::move(password)), timeout_(timeout) {
        static std::once_flag once;
        std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
    }

    Result<std::string> mail(const Mail& mail) override {
        if (mail_.server.empty())
            return Error(Errc::conflict, "no mail server is configured",
                         "'messages: {smtp: {server: smtp://HOST:PORT}}'");
        BARTIZAN_TRY(check_mail_address(mail.to));
        BARTIZAN_TRY(check_mail_address(mail_.from));
        const Handle handle = BARTIZAN_TRY(prepare(mail_.server, "smtp,smtps"));
        List to, headers;
        add(to, "<" + mail.to + ">");
        auto random = BARTIZAN_TRY(crypto::RandomStream::from_system());
        add(headers, "Date: " + mail_date());
        add(headers, "From: <" + mail_.from + ">");
        add(headers, "To: <" + mail.to + ">");
        add(headers, "Subject: " + header_text(mail.subject));
        add(headers, fmt::format("Message-ID: <{:016x}{:016x}@bartizan>", random.bits64(), random.bits64()));
        add(headers, "Auto-Submitted: auto-generated");
        const std::unique_ptr<curl_mime, Closer> whole(curl_mime_init(handle.get()));
        attach(handle.get(), whole.get(), mail);
        const std::string from = "<" + mail_.from + ">";
        curl_easy_setopt(handle.get(), CURLOPT_MAIL_FROM, from.c_str());
        curl_easy_setopt(handle.get(), CURLOPT_MAIL_RCPT, to.get());
        curl_easy_setopt(handle.get(), CURLOPT_HTTPHEADER, headers.get());
        curl_easy_setopt(handle.get(), CURLOPT_MIMEPOST, whole.get());
        if (mail_.tls) curl_easy_setopt(handle.get(), CURLOPT_USE_SSL, static_cast<long>(CURLUSESSL_ALL));
        if (!mail_.ca_file.empty()) curl_easy_setopt(handle.get(), CURLOPT_CAINFO, mail_.ca_file.c_str());
        if (!mail_.user.empty()) {
            curl_easy_setopt(handle.get(), CURLOPT_USERNAME, mail_.user.c_str());
            curl_easy_setopt(handle.get(), CURLOPT_PASSWORD, std::string(password_.text()).c_str());
        }
        long code = 0;
        const auto done = perform(handle.get(), code);
        // 4yz: later; 5yz: never (RFC 5321, 4.2.1).
        if (!done.ok() && code >= 500)
            return Error(Errc::conflict, fmt::format("the mail server refused it: {}", code));
        if (!done.ok()) return done.error();
        return fmt::format("{} accepted", code);
    }

    Result<std::string> post(const std::string& address, const std::string& json) override {
        const Handle handle = BARTIZAN_TRY(prepare(address, "http,https"));
        List headers;
        add(headers, "Content-Type: application/json");
        add(headers, "Expect:");
        std::string answer;
        curl_easy_setopt(handle.get(), CURLOPT_HTTPHEADER, headers.get());
        curl_easy_setopt(handle.get(), CURLOPT_POSTFIELDS, json.c_str());
        curl_easy_setopt(handle.get(), CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(json.size()));
        curl_easy_setopt(handle.get(), CURLOPT_WRITEFUNCTION, take);
        curl_easy_setopt(handle.get(), CURLOPT_WRITEDATA, &answer);
        long code = 0;
        BARTIZAN_TRY(perform(handle.get(), code));
        if (code >= 500 || code == 429) return Error(Errc::unavailable, fmt::format("the address answered {}", code));
        if (code >= 300 || code < 200) return Error(Errc::conflict, fmt::format("the address answered {}", code));
        return fmt::format("{} {}", code, answer.substr(0, 200));
    }

private:
    Result<Handle> prepare(const std::string& address, const char* protocols) const {
        Handle handle(curl_easy_init());
        if (!handle) return exhausted("no memory for a connection");
        curl_easy_setopt(handle.get(), CURLOPT_URL, address.c_str());
        curl_easy_setopt(handle.get(), CURLOPT_PROTOCOLS_STR, protocols);
        curl_easy_setopt(handle.get(), CURLOPT_FOLLOWLOCATION, 0L);
        curl_easy_setopt(handle.get(), CURLOPT_TIMEOUT, timeout_);
        curl_easy_setopt(handle.get(), CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(handle.get(), CURLOPT_PROXY, "");
        return handle;
    }

    static void attach(CURL* handle, curl_mime* whole, const Mail& mail) {
        curl_mime* both = curl_mime_init(handle);
        for (const auto& [content, type] :
             {std::pair(&mail.text, "text/plain; charset=utf-8"), std::pair(&mail.html, "text/html; charset=utf-8")}) {
            curl_mimepart* part = curl_mime_addpart(both);
            curl_mime_data(part, content->data(), content->size());
            curl_mime_type(part, type);
            curl_mime_encoder(part, "quoted-printable");
        }
        curl_mimepart* part = curl_mime_addpart(whole);
        curl_mime_subparts(part, both);
        curl_mime_type(part, "multipart/alternative");
    }

    static Result<void> perform(CURL* handle, long& code) {
        char detail[CURL_ERROR_SIZE] = "";
        curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, detail);
        const CURLcode done = curl_easy_perform(handle);
        curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &code);
        curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, nullptr);
        if (done == CURLE_OK) return {};
        if (done == CURLE_URL_MALFORMAT || done == CURLE_UNSUPPORTED_PROTOCOL)
            return invalid_input("it is no address that can be reached from here");
        return Error(Errc::unavailable, *detail != '\0' ? detail : curl_easy_strerror(done));
    }

    MailServer mail_;
    crypto::Secret password_;
    long timeout_;
};

}  // namespace
}  // namespace curl_delivery_file

Result<void> check_mail_address(std::string_view address) {
    const auto at = address.find('@');
    const bool plain = address.size() <= 254 && at != 0 && at != std::string_view::npos && at + 1 < address.size() &&
                       address.find('@', at + 1) == std::string_view::npos &&
                       address.find_first_not_of(
                           "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRST"
                           "UVWXYZ0123456789.!#$%&'*+-/="
                           "?^_`{|}~@") == std::string_view::npos;
    if (plain) return {};
    return invalid_input("'" + std::string(address.substr(0, 80)) + "' is no address of mail", "as name@example.com");
}

Result<std::unique_ptr<Delivery>> curl_delivery(const MailServer& mail, long timeout_seconds) {
    crypto::Secret password{std::string()};
    if (!mail.password_file.empty())
        password =
            BARTIZAN_TRY_WITHIN(crypto::Secret::from_file(mail.password_file), "the password of the mail server");
    return std::make_unique<curl_delivery_file::CurlDelivery>(mail, std::move(password), timeout_seconds);
}

}  // namespace bartizan::incident
