// What Twilio posts to the simulated server's webhooks, and how it proves who it is.
#pragma once

#include "adapters/twilio/signature.hpp"
#include "sim_client.hpp"

namespace ringledger::sim {

/// Who calls or writes whom, under which name at Twilio.
struct Told {
  std::string sid, from, to;
};
inline FormFields call_form(const Demo& demo, const Told& t, const std::string& status) {
  return {{"CallSid", t.sid},
          {"AccountSid", demo.sid},
          {"From", t.from},
          {"To", t.to},
          {"CallStatus", status},
          {"Direction", "inbound"},
          {"ApiVersion", "2010-04-01"}};
}
inline FormFields message_form(const Demo& demo, const Told& t, const std::string& body) {
  return {{"MessageSid", t.sid},
          {"SmsSid", t.sid},
          {"AccountSid", demo.sid},
          {"From", t.from},
          {"To", t.to},
          {"Body", body},
          {"NumMedia", "0"},
          {"NumSegments", "1"},
          {"SmsStatus", "received"},
          {"ApiVersion", "2010-04-01"}};
}

inline const char* const form_media = "application/x-www-form-urlencoded; charset=UTF-8";
inline std::string hook_path(const Demo& demo, const std::string& what) {
  return "/twilio/" + demo.con[0] + "/" + what;
}
inline std::string proof(const std::string& token, const std::string& path, const FormFields& fields,
                         const std::string& public_url = "http://ringledger.sim") {
  return twilio::sign(token, public_url + path, fields);
}

/// A post that is repeated until it is answered, as a client's command is.
inline Sent posted(const Demo& demo, const std::string& what, const FormFields& fields) {
  Sent s;
  s.method = "POST";
  s.target = hook_path(demo, what);
  s.body = form_encode(fields);
  s.proven = {{"Content-Type", form_media}, {"X-Twilio-Signature", proof(demo.token, s.target, fields)}};
  return s;
}

}  // namespace ringledger::sim
