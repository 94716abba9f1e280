// X-Twilio-Signature (twilio.md B.9): proof that a request comes from who holds the account's auth token.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "adapters/http/url.hpp"

namespace ringledger::twilio {

/// base64(HMAC-SHA1(token, url ‖ sorted name+value pairs)). `url` is taken as it is, but for its
/// fragment, which never counts; `params` are the decoded form fields, in any order; of a name that is
/// repeated each value counts once.
std::string sign(std::string_view token, std::string_view url, const FormFields& params);

/// Whether `header` is the signature of the form post (or, without params, the GET) to `url` under one
/// of `tokens` (two while the token rotates). `url` is the configured public URL with the query as
/// received. Tried are the URL without and with port, its query raw, as WHATWG writes it and as
/// Node's querystring does, since Twilio's own back ends differ. Time does not depend on `header`.
bool verify(std::span<const std::string> tokens, std::string_view url, const FormFields& params,
            std::string_view header);

/// The same for a body that is no form: the URL's `bodySHA256` must also be the body's hash.
bool verify_body(std::span<const std::string> tokens, std::string_view url, std::string_view body,
                 std::string_view header);

}  // namespace ringledger::twilio
