// Reads Twilio's answers tolerantly: unknown fields are ignored, null and "" are the same, a missing or
// oddly typed field is its default; only what is no such resource at all is refused.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "commands/ports/carrier.hpp"

namespace ringledger::twilio {

struct NumberPage {
  std::vector<numbers::ProviderNumber> numbers;
  std::string next_page_uri;  ///< "" on the last page
};

/// nullopt: not JSON, or without a sid and an E.164 number.
std::optional<numbers::ProviderNumber> read_number(std::string_view json);
/// nullopt: not JSON, or without the array `incoming_phone_numbers`.
std::optional<NumberPage> read_number_page(std::string_view json);
/// A call as REST tells it, `form` its JSON. nullopt: not JSON, or without a sid.
std::optional<CallReport> read_call_resource(std::string_view json);
/// Inbound ones only: no forwarded legs. nullopt: not JSON, or without the array `calls`.
std::optional<ReportPage<CallReport>> read_call_page(std::string_view json);
/// Inbound ones only. nullopt: not JSON, or without the array `messages`.
std::optional<ReportPage<MessageReport>> read_message_page(std::string_view json);
/// nullopt: not JSON or without a sid.
std::optional<Carrier::Account> read_account(std::string_view json);
/// Whatever the body of an error tells; the HTTP status stands in when it tells no message.
ProviderError read_error(std::string_view json, int status);
/// "toll-free", "TollFree", "toll free" … are one; what is not known is NumberType::unknown.
numbers::NumberType read_number_type(std::string_view text);

}  // namespace ringledger::twilio
