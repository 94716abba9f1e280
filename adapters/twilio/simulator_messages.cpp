// An inbound message of the simulation: recorded, told to the number's SmsUrl, its TwiML noted.
#include "adapters/twilio/simulator_core.hpp"

namespace ringledger::simulated {
namespace {

namespace json = boost::json;

constexpr std::size_t gsm_single = 160, gsm_part = 153;

struct Message {
  std::string from, to, body;
  int num_media = 0;
};

FormFields params(const Message& message, const std::string& account, const Record& record) {
  FormFields out{{"MessageSid", record.sid},
                 {"SmsSid", record.sid},
                 {"SmsMessageSid", record.sid},
                 {"AccountSid", account},
                 {"Body", message.body},
                 {"NumMedia", std::to_string(message.num_media)},
                 {"NumSegments", record.get("num_segments")},
                 {"SmsStatus", "received"},
                 {"ApiVersion", "2010-04-01"}};
  add_party_fields(out, message.from, message.to);
  for (int i = 0; i < message.num_media; ++i) {
    const auto n = std::to_string(i);
    out.emplace_back("MediaUrl" + n, "https://api.twilio.com" + account_uri(account) + "/Messages/" +
                                         record.sid + "/Media/ME" + n);
    out.emplace_back("MediaContentType" + n, "image/jpeg");
  }
  return out;
}

void tell(Core& core, const std::string& account, const Hook& hook, const FormFields& form,
          Transcript& script) {
  const auto verbs = fetch_twiml(core, account, hook, form);
  json::object details{{"url", hook.url}};
  if (!verbs) details["error"] = verbs.error();
  script.note("sms_webhook", std::move(details));
  if (!verbs) return;
  for (const auto& verb : *verbs) {
    if (verb.name != "Message")
      script.note("ignored", {{"verb", verb.name}});
    else
      script.note("message", {{"body", verb.children.empty() ? verb.text : verb.children[0].text}});
  }
}

}  // namespace

Reply send_message(Core& core, const std::string& account, const json::object& body) {
  Message message;
  if (!read_text(body, "from", message.from) || !read_text(body, "to", message.to) ||
      !read_text(body, "body", message.body) || !read_count(body, "num_media", message.num_media, 10))
    return error_reply(400, 20001,
                       "from, to and body are texts of at most 1,600 bytes, num_media is 0 to 10");
  if (message.from.empty() || message.to.empty()) return error_reply(400, 20001, "from and to are required");
  std::optional<Target> target;
  Record record;
  {
    std::lock_guard lock(core.mutex);
    target = find_target(core.state, account, message.to, "sms_application_sid");
    if (!target) return error_reply(404, 20404, "the account does not own " + message.to);
    auto made = core.state.make(message.num_media > 0 ? "MM" : "SM");
    if (!made) return failure_reply(made.error());
    record = std::move(*made);
    const auto size = message.body.size();
    record.set("account_sid", account);
    record.set("from", message.from);
    record.set("to", message.to);
    record.set("body", message.body);
    record.set("num_media", std::to_string(message.num_media));
    record.set("num_segments", std::to_string(size <= gsm_single ? 1 : (size + gsm_part - 1) / gsm_part));
    if (auto stored = core.state.put(Kind::message, account, record); !stored)
      return failure_reply(stored.error());
  }
  Transcript script;
  if (const auto hook = target->hook("sms", "sms_application_sid"); hook.empty())
    script.note("no_sms_url", {});
  else
    tell(core, account, hook, params(message, account, record), script);
  return {.status = 201,
          .body = json::object{{"message", show_message(record)}, {"transcript", script.take()}}};
}

}  // namespace ringledger::simulated
