// The caller's side of the simulation: a call comes in, its TwiML is followed, callbacks are posted, all
// in simulated time (twilio.md B.10 to B.12). Nobody waits: seconds are only counted.
#include <algorithm>
#include <array>

#include "adapters/twilio/simulator_call_parts.hpp"

namespace ringledger::simulated {
namespace {

namespace json = boost::json;

constexpr int max_documents = 10;  // the first, its redirects and actions
constexpr int max_verbs = 200;
constexpr int ring_s = 5;

struct Order {
  std::string from, to, caller_name, answer = "human";
  int duration_s = 60;
};

/// How a dialled leg ended, in Twilio's words.
struct DialResult {
  std::string status, sid;
  int talk_s = 0;
};

class CallRun {
 public:
  CallRun(Core& core, std::string account, Order order, Target target, Record call)
      : core_(core),
        account_(std::move(account)),
        order_(std::move(order)),
        target_(std::move(target)),
        call_(std::move(call)) {}

  Reply run() {
    const auto hook = target_.hook("voice", "voice_application_sid");
    if (!target_.number.get("trunk_sid").empty())
      script_.note("trunk", {{"trunk_sid", target_.number.get("trunk_sid")}});
    else if (hook.empty())
      fail_call("the number has no VoiceUrl");
    else
      follow(hook, {});
    return finish();
  }

 private:
  enum class Next { go_on, ended, moved };

  FormFields params(const std::string& status) const {
    FormFields out{{"CallSid", call_.sid},   {"AccountSid", account_},
                   {"CallStatus", status},   {"ApiVersion", "2010-04-01"},
                   {"Direction", "inbound"}, {"StirVerstat", "TN-Validation-Passed-A"}};
    add_party_fields(out, order_.from, order_.to);
    out.emplace_back("Caller", order_.from);
    out.emplace_back("Called", order_.to);
    if (target_.number.is("voice_caller_id_lookup") && !order_.caller_name.empty())
      out.emplace_back("CallerName", order_.caller_name);
    return out;
  }

  void fail_call(std::string why) {
    script_.note("failed", {{"reason", std::move(why)}});
    failed_ = true;
  }

  /// Fetches the document, the fallback's when that fails, and does what it says, and so on.
  void follow(Hook hook, FormFields extra) {
    for (int documents = 0; documents < max_documents; ++documents) {
      auto form = params(answered_ ? "in-progress" : "ringing");
      form.insert(form.end(), extra.begin(), extra.end());
      auto verbs = fetch(hook, form);
      const auto fallback = target_.hook("voice_fallback", "voice_application_sid");
      if (!verbs && !fallback.empty()) {
        form.emplace_back("ErrorCode", "11200");
        form.emplace_back("ErrorUrl", hook.url);
        hook = fallback;
        verbs = fetch(hook, form);
      }
      if (!verbs) return fail_call(verbs.error());
      base_url_ = hook.url;
      if (execute(*verbs) != Next::moved) return;
      hook = next_hook_;
      extra = next_params_;
    }
    fail_call("more than 10 documents");
  }

  std::expected<std::vector<TwimlNode>, std::string> fetch(const Hook& hook, const FormFields& form) {
    auto verbs = fetch_twiml(core_, account_, hook, form);
    json::object details{{"url", hook.url}, {"method", hook.method == "GET" ? "GET" : "POST"}};
    if (!verbs) details["error"] = verbs.error();
    script_.note("voice_webhook", std::move(details));
    return verbs;
  }

  Next execute(const std::vector<TwimlNode>& verbs) {
    for (const auto& verb : verbs) {
      if (++verbs_done_ > max_verbs) return fail_call("more than 200 verbs"), Next::ended;
      if (const auto next = execute(verb); next != Next::go_on) return next;
    }
    if (!rejected_ && last_dial_.empty()) answered_ = true;  // an empty document answers and hangs up
    return Next::ended;
  }

  Next execute(const TwimlNode& verb) {
    if (verb.name == "Dial") return dial(verb);
    if (verb.name == "Reject") return reject(verb);
    if (verb.name == "Record") return record(verb);
    if (verb.name == "Hangup") return script_.note("hangup", {}), Next::ended;
    if (verb.name == "Redirect") {
      script_.note("redirect", {{"url", verb.text}});
      return move_to(verb.text, verb.attribute("method", "POST"), {});
    }
    answered_ = true;
    if (verb.name == "Say") return say(verb);
    if (verb.name == "Pause") return pause(verb);
    if (verb.name == "Play") return script_.note("play", {{"url", verb.text}}), script_.pass(5), Next::go_on;
    if (verb.name == "Gather") {  // nobody presses a key
      script_.note("gather", {});
      for (const auto& inner : verb.children)
        if (inner.name == "Say") say(inner);
      script_.pass(seconds(verb.attribute("timeout", "5"), 60));
      return Next::go_on;
    }
    script_.note("ignored", {{"verb", verb.name}});
    return Next::go_on;
  }

  Next say(const TwimlNode& verb) {
    script_.note("say", {{"text", verb.text}});
    script_.pass(1 + static_cast<int>(verb.text.size() / 15));
    return Next::go_on;
  }

  Next pause(const TwimlNode& verb) {
    const int length_s = seconds(verb.attribute("length", "1"), max_call_seconds);
    script_.note("pause", {{"length_s", length_s}});
    script_.pass(length_s);
    return Next::go_on;
  }

  Next reject(const TwimlNode& verb) {
    const auto reason = verb.attribute("reason", "rejected");
    script_.note("reject", {{"reason", reason}});
    if (answered_) return Next::ended;  // only a first verb can reject
    rejected_ = true;
    last_dial_ = reason == "busy" ? "busy" : "no-answer";
    return Next::ended;
  }

  Next move_to(const std::string& url, const std::string& method, FormFields extra) {
    next_hook_ = {resolve_url(base_url_, url), method};
    next_params_ = std::move(extra);
    return Next::moved;
  }

  Next record(const TwimlNode& verb) {
    answered_ = true;
    const int length_s =
        std::min(order_.duration_s, seconds(verb.attribute("maxLength", "3600"), max_call_seconds));
    const auto sid = "RE" + core_hex("recording");
    const auto url = "https://api.twilio.com" + account_uri(account_) + "/Recordings/" + sid;
    script_.note("record", {{"recording_sid", sid}, {"length_s", length_s}});
    script_.pass(length_s);
    const FormFields about{
        {"RecordingSid", sid}, {"RecordingUrl", url}, {"RecordingDuration", std::to_string(length_s)}};
    if (const auto callback = verb.attribute("recordingStatusCallback"); !callback.empty()) {
      FormFields form{{"AccountSid", account_},
                      {"CallSid", call_.sid},
                      {"RecordingStatus", "completed"},
                      {"RecordingChannels", "1"},
                      {"RecordingSource", "RecordVerb"}};
      form.insert(form.end(), about.begin(), about.end());
      post("recording_callback", {resolve_url(base_url_, callback), "POST"}, form);
    }
    return move_to(verb.attribute("action"), verb.attribute("method", "POST"), about);
  }

  Next dial(const TwimlNode& verb) {
    auto targets = verb.children;
    if (targets.empty() && !verb.text.empty())
      targets.push_back({.name = "Number", .attributes = {}, .text = verb.text, .children = {}});
    if (targets.size() > 10) targets.resize(10);
    if (verb.attribute("answerOnBridge", "false") != "true") answered_ = true;
    DialResult result{.status = "failed", .sid = "", .talk_s = 0};
    for (std::size_t i = 0; i < targets.size(); ++i) {
      auto leg = dial_leg(verb, targets[i], i == 0 ? order_.answer : "canceled");
      if (i == 0) result = std::move(leg);
    }
    last_dial_ = result.status;
    if (result.status == "completed") answered_ = true;
    script_.pass(result.talk_s);
    script_.note("dial_ended", {{"status", result.status}, {"duration_s", result.talk_s}});
    const auto action = verb.attribute("action");
    if (action.empty()) return Next::go_on;
    FormFields about{{"DialCallStatus", result.status},
                     {"DialCallSid", result.sid},
                     {"DialBridged", result.status == "completed" ? "true" : "false"}};
    if (result.talk_s > 0) about.emplace_back("DialCallDuration", std::to_string(result.talk_s));
    return move_to(action, verb.attribute("method", "POST"), std::move(about));
  }

  /// One called party. The first one's answer is what was ordered; the others are canceled.
  DialResult dial_leg(const TwimlNode& verb, const TwimlNode& target, const std::string& answer) {
    const auto to = dialled_party(target);
    const auto caller_id = verb.attribute("callerId", order_.from);
    script_.note("dial", {{"to", to}, {"caller_id", caller_id}, {"noun", target.name}});
    const int started_s = script_.at_s();
    DialResult result{.status = answer == "human" ? "completed" : answer, .sid = "", .talk_s = 0};
    if (answer == "human")
      result.talk_s =
          std::min(order_.duration_s, seconds(verb.attribute("timeLimit", "14400"), max_call_seconds));
    const int ringing_s = answer == "no-answer"  ? seconds(verb.attribute("timeout", "30"), 600)
                          : answer == "canceled" ? 0
                                                 : ring_s;
    auto leg = store_leg(to, caller_id, started_s + ringing_s, result);
    result.sid = leg.sid;
    script_.pass(ringing_s);
    if (const auto url = target.attribute("url"); answer == "human" && !url.empty())
      whisper(target, leg.sid, to);
    leg_callbacks(target, leg.sid, to, caller_id, result);
    return result;
  }

  void whisper(const TwimlNode& target, const std::string& leg, const std::string& to) {
    auto form = params("in-progress");
    std::erase_if(form, [](const auto& f) {
      return f.first == "CallSid" || f.first == "To" || f.first == "Direction";
    });
    form.insert(form.end(),
                {{"CallSid", leg}, {"ParentCallSid", call_.sid}, {"To", to}, {"Direction", "outbound-dial"}});
    const Hook hook{resolve_url(base_url_, target.attribute("url")), target.attribute("method", "POST")};
    const auto verbs = fetch_twiml(core_, account_, hook, form);
    script_.note("whisper", {{"url", hook.url}, {"ok", verbs.has_value()}});
  }

  Record store_leg(const std::string& to, const std::string& from, int start_s, const DialResult& result) {
    std::lock_guard lock(core_.mutex);
    auto leg = core_.state.make("CA");
    if (!leg) return Record{};
    leg->set("account_sid", account_);
    leg->set("parent_call_sid", call_.sid);
    leg->set("direction", "outbound-dial");
    fill_call(*leg, from, to, result.status, call_.created_ms + start_s * 1000LL, result.talk_s);
    if (!core_.state.put(Kind::call, account_, *leg)) return Record{};
    return *leg;
  }

  void leg_callbacks(const TwimlNode& target, const std::string& sid, const std::string& to,
                     const std::string& from, const DialResult& result) {
    const auto url = target.attribute("statusCallback");
    if (url.empty()) return;
    const auto wanted = " " + target.attribute("statusCallbackEvent", "completed") + " ";
    const bool talked = result.status == "completed";
    const std::array<std::pair<const char*, std::string>, 4> events{{{"initiated", "initiated"},
                                                                     {"ringing", "ringing"},
                                                                     {"answered", "in-progress"},
                                                                     {"completed", result.status}}};
    int sequence = 0;
    for (const auto& [event, status] : events) {
      if (std::string_view(event) == "answered" && !talked) continue;
      const auto number = sequence++;
      if (!wanted.contains(" " + std::string(event) + " ")) continue;
      FormFields form{{"CallSid", sid},       {"ParentCallSid", call_.sid},   {"AccountSid", account_},
                      {"CallStatus", status}, {"Direction", "outbound-dial"}, {"ApiVersion", "2010-04-01"}};
      add_party_fields(form, from, to);
      add_progress(form, number);
      if (std::string_view(event) == "completed") add_duration(form, result.talk_s);
      post("leg_callback", {resolve_url(base_url_, url), target.attribute("statusCallbackMethod", "POST")},
           form);
    }
  }

  void add_progress(FormFields& form, int sequence) const {
    form.emplace_back("Timestamp", rfc2822(call_.created_ms + script_.at_s() * 1000LL));
    form.emplace_back("CallbackSource", "call-progress-events");
    form.emplace_back("SequenceNumber", std::to_string(sequence));
  }

  void post(std::string_view event, const Hook& hook, const FormFields& form) {
    const auto answer = send_webhook(core_, account_, hook, form);
    json::object details{{"url", hook.url}, {"call_status", form_value(form, "CallStatus")}};
    details["status"] = answer ? answer->status : 0;
    if (!answer) details["error"] = answer.error();
    script_.note(event, std::move(details));
  }

  std::string core_hex(std::string_view purpose) {
    std::lock_guard lock(core_.mutex);
    return core_.state.hex(purpose, call_.seq * 1000 + static_cast<unsigned>(verbs_done_));
  }

  [[nodiscard]] std::string final_status() const {
    if (failed_) return "failed";
    if (answered_ || last_dial_.empty()) return "completed";
    return last_dial_ == "canceled" ? "no-answer" : last_dial_;
  }

  Reply finish() {
    const auto status = final_status();
    const int duration_s = answered_ && !failed_ ? script_.at_s() : 0;
    fill_call(call_, order_.from, order_.to, status, call_.created_ms, duration_s);
    if (target_.number.is("voice_caller_id_lookup")) call_.set("caller_name", order_.caller_name);
    call_.updated_ms = call_.created_ms + script_.at_s() * 1000LL;
    {
      std::lock_guard lock(core_.mutex);
      if (auto stored = core_.state.put(Kind::call, account_, call_); !stored)
        return failure_reply(stored.error());
    }
    if (const auto hook = target_.status_callback(); !hook.empty()) {
      auto form = params(status);
      add_progress(form, 0);
      add_duration(form, duration_s);
      post("status_callback", hook, form);
    }
    return {.status = 201, .body = json::object{{"call", show_call(call_)}, {"transcript", script_.take()}}};
  }

  Core& core_;
  std::string account_;
  Order order_;
  Target target_;
  Record call_;
  Transcript script_;
  std::string base_url_, last_dial_;
  Hook next_hook_;
  FormFields next_params_;
  int verbs_done_ = 0;
  bool answered_ = false, rejected_ = false, failed_ = false;
};

std::optional<std::string> read_order(const json::object& body, Order& order) {
  static constexpr std::array<std::string_view, 4> answers{"human", "busy", "no-answer", "failed"};
  if (!read_text(body, "from", order.from) || !read_text(body, "to", order.to) ||
      !read_text(body, "caller_name", order.caller_name) || !read_text(body, "answer", order.answer))
    return "from, to, caller_name and answer are texts of at most 1,600 bytes";
  if (!read_count(body, "duration_s", order.duration_s, max_call_seconds)) return "duration_s is 0 to 14400";
  if (order.from.empty() || order.to.empty()) return "from and to are required";
  if (std::ranges::find(answers, std::string_view(order.answer)) == answers.end())
    return "answer is human, busy, no-answer or failed";
  return std::nullopt;
}

}  // namespace

Reply place_call(Core& core, const std::string& account, const json::object& body) {
  Order order;
  if (const auto wrong = read_order(body, order)) return error_reply(400, 20001, *wrong);
  std::optional<Target> target;
  Record call;
  {
    std::lock_guard lock(core.mutex);
    target = find_target(core.state, account, order.to, "voice_application_sid");
    if (!target) return error_reply(404, 20404, "the account does not own " + order.to);
    auto made = core.state.make("CA");
    if (!made) return failure_reply(made.error());
    call = std::move(*made);
    call.set("account_sid", account);
    call.set("phone_number_sid", target->number.sid);
    call.set("trunk_sid", target->number.get("trunk_sid"));
    call.set("direction", "inbound");
    call.set("status", "ringing");
    call.set("from", order.from);
    call.set("to", order.to);
    call.set("start_ms", std::to_string(call.created_ms));
    if (auto stored = core.state.put(Kind::call, account, call); !stored)
      return failure_reply(stored.error());
  }
  return CallRun(core, account, std::move(order), std::move(*target), std::move(call)).run();
}

}  // namespace ringledger::simulated
