#pragma once
/// Mail by SMTP and calls of webhooks, through libcurl. Thread rule: any
/// thread.

#include <memory>
#include <string>

#include "incident/messages.h"

namespace bartizan::incident {

/// An address that a message can be sent to. Fails with `invalid_input`: no
/// user@host, or characters that would end it.
Result<void> check_mail_address(std::string_view address);

/// `timeout_seconds` of one try, the connection included. Fails as reading the
/// password file does.
Result<std::unique_ptr<Delivery>> curl_delivery(const MailServer& mail, long timeout_seconds = 10);

}  // namespace bartizan::incident
