#include "api/webhooks.hpp"

#include <boost/describe/enum_to_string.hpp>

#include "adapters/twilio/twiml.hpp"
#include "adapters/twilio/webhook.hpp"
#include "api/internal_ticket.hpp"
#include "api/logging.hpp"
#include "api/problem.hpp"
#include "projections/inventory_query.hpp"
#include "projections/provider_sync.hpp"

namespace ringledger {
namespace {

Refusal plain(Code code, std::string detail) { return Refusal{code, std::move(detail), {}, {}, {}}; }

std::string without_slash(std::string base) {
  while (base.ends_with('/')) base.pop_back();
  return base;
}

bool is_form(std::string_view content_type) {
  auto media = content_type.substr(0, content_type.find(';'));
  while (media.ends_with(' ')) media.remove_suffix(1);
  return equal_ignoring_case(media, "application/x-www-form-urlencoded");
}

HttpResponse twiml_answer(std::string document) {
  HttpResponse r;
  r.headers = {{"Content-Type", std::string(twiml::content_type)}};
  r.body = std::move(document);
  return r;
}

/// Public URLs of a connection that are tried: more than that were never in use at once.
constexpr std::size_t most_bases = 8;

/// Today's token and, while it is being replaced, the one before.
twilio::WebhookSender sender_of(const connections::Connection& c, Timestamp now) {
  twilio::WebhookSender sender{c.account_sid, {}};
  if (c.auth_token.reveal()) sender.tokens.push_back(*c.auth_token.reveal());
  bool rotating = c.previous_token_until && now < *c.previous_token_until;
  if (rotating && c.previous_auth_token.reveal()) sender.tokens.push_back(*c.previous_auth_token.reveal());
  return sender;
}

/// As `decide` would, from what the views show (perhaps a moment ago).
Result<calls::Route> route_from(const Sight& sight, const KnownConnection& known, const CallReport& report,
                                const PhoneReader& phones) {
  auto nowhere = [] { return route_of(nullptr, nullptr, ""); };
  auto ours = E164::parse(report.outbound ? report.from : report.to);
  if (!ours) return nowhere();
  auto row = find_in_account(sight.of<InventoryView>(), known.account, *ours);
  if (!row) return std::unexpected(row.error());
  if (!*row) return nowhere();
  const auto& n = (*row)->number;
  auto its = find_connection(sight.of<ConnectionsView>(), n.workspace, n.connection);
  if (!its) return std::unexpected(its.error());
  if (!*its || (*its)->account_sid != known.connection.account_sid) return nowhere();
  auto country = report.outbound ? std::nullopt : std::optional(country_of(report.from, phones));
  if (!n.campaign) return route_of(&n, nullptr, country);
  auto campaign = find_campaign(sight.of<CampaignsView>(), n.workspace, *n.campaign);
  if (!campaign) return std::unexpected(campaign.error());
  return route_of(&n, *campaign ? &(*campaign)->campaign : nullptr, country);
}

}  // namespace

/// One request on its way; answered once, by whoever comes first.
struct Webhooks::Post {
  Kind kind{};
  HttpRequest request;
  std::string signature, trace_id, traceparent;
  Forwarding::HopPtr hop;
  /// Under which it may have been signed, beside today's public URL: known once it was looked up.
  std::vector<std::string> other_bases;
  std::mutex mutex;
  HttpAnswerTo x_answer;

  bool answer(HttpResponse response) {
    HttpAnswerTo to;
    {
      std::lock_guard lock(mutex);
      if (!x_answer) return false;
      to = std::move(x_answer);
      x_answer = nullptr;
    }
    to(std::move(response));
    return true;
  }
  bool refuse(const Refusal& refusal) { return answer(problem(refusal, trace_id)); }
  /// `code`: what Twilio asks again after is 5xx (twilio.md B.11).
  bool refuse_too_many(Code code) { return refuse(plain(code, "Too many webhooks of this connection.")); }
};

/// The post before its connection (RowJudge).
struct Webhooks::Judged {
  Webhooks* webhooks;
  PostPtr post;
  ConnectionId connection;
  static bool may_read() { return true; }
  [[nodiscard]] Result<void> prepare() const {
    auto bases =
        bases_of_hooks(webhooks->x_ports.views->sight().of<ProviderSyncView>(), connection, most_bases);
    if (!bases) return std::unexpected(bases.error());
    post->other_bases = std::move(*bases);
    return {};
  }
  bool accepts(const ConnectionDirectory::Found& known) const {
    auto form = known ? webhooks->proven(*post, *known) : std::nullopt;
    if (form) webhooks->admit(post, known, *form);
    return form.has_value();
  }
  void refuse() const { webhooks->forged(post); }
  void unreadable(const Error& error) const { post->refuse(plain(Code::internal, error.detail)); }
};

void Webhooks::handle(Kind kind, const Call& call, HttpAnswerTo answer) {
  auto post = std::make_shared<Post>();
  post->kind = kind;
  post->x_answer = std::move(answer);
  post->trace_id = call.trace_id;
  post->request.peer = call.request.peer;
  post->traceparent = call.traceparent;
  if (call.request.body.size() > twilio::max_webhook_bytes)
    return static_cast<void>(post->refuse(plain(Code::too_large, "A webhook has at most 64 KiB.")));
  if (!is_form(call.request.header("Content-Type")))
    return static_cast<void>(
        post->refuse(plain(Code::unsupported_media_type, "Send application/x-www-form-urlencoded.")));
  auto id = ConnectionId::parse(call.parts.find("connection")->second);
  post->signature = call.request.header("X-Twilio-Signature");
  if (!id || post->signature.empty()) return forged(post);
  post->request = call.request;
  x_judge.judge(*id, Judged{this, post, *id});
}

/// Its fields, when it is signed with a token of the connection: over today's public URL, or over one that
/// its numbers still name.
std::optional<FormFields> Webhooks::proven(const Post& post, const KnownConnection& known) const {
  auto sender = sender_of(known.connection, x_ports.clock->now());
  auto by = [&](const std::string& base) {
    return twilio::proven_form(sender, base + post.request.target, post.request.body, post.signature);
  };
  auto form = by(without_slash(x_ports.public_base_url));
  for (const auto& base : post.other_bases) {
    if (!form) form = by(base);
  }
  return form;
}

void Webhooks::forged(const PostPtr& post) {
  auto rate = x_ports.limits->of_stranger(post->request.peer);
  if (!rate.allowed)
    return static_cast<void>(
        post->refuse(plain(Code::rate_limited, "Too many forged posts from this address.")));
  post->refuse(plain(Code::bad_signature, "The post is not from the connection's provider account."));
}

void Webhooks::admit(const PostPtr& post, const Known& known, const FormFields& form) {
  auto rate = x_ports.limits->of_caller(known->connection.id.to_string(), raw_name(known->account.raw), 1);
  if (post->kind == Kind::sms)
    return rate.allowed ? judge_message(post, known, form)
                        : static_cast<void>(post->refuse_too_many(Code::overloaded));
  auto read = twilio::read_call(form, post->request.body);
  if (!read) return static_cast<void>(post->refuse(plain(read.error().code, read.error().detail)));
  if (!rate.allowed) return over_limit(post, known, std::move(*read));
  if (post->kind == Kind::voice) return receive(post, known, std::move(*read));
  // A leg's own reports were not asked for: the call tells how its forwarding ended.
  if (form_has(form, "ParentCallSid") && !form_value(form, "ParentCallSid").empty())
    return static_cast<void>(post->answer(twiml_answer(twilio::empty_twiml())));
  report(post, known, std::move(*read), twilio::read_forward(form));
}

/// A phone rings, and Twilio does not ask again after 429: the caller is connected, and the call is recorded
/// by what Twilio tells of it later.
void Webhooks::over_limit(const PostPtr& post, const Known& known, CallReport report) {
  if (post->kind != Kind::voice) return static_cast<void>(post->refuse_too_many(Code::rate_limited));
  x_ports.executor->post([this, post, known, r = std::move(report)] {
    answer_from_views(post, known, r, "over the connection's rate");
  });
}

std::string Webhooks::status_url(ConnectionId connection) const {
  return without_slash(x_ports.public_base_url) + "/twilio/" + connection.to_string() + "/status";
}

template <class C>
void Webhooks::submit(const PostPtr& post, const Known& known, C command,
                      std::move_only_function<void(CommandAnswer)> then) {
  auto key = command.natural_key(known->connection.account_sid);
  // Of the provider account, not of the connection: two connections to it may tell of one call.
  auto ticket =
      natural_ticket(*x_ports.vault, *x_ports.random, known->account, {"twilio"}, std::move(command), key);
  ticket->trace = post->traceparent;
  ticket->bytes = post->request.body.size();
  ticket->answer = [this, t = std::move(then)](CommandAnswer a) mutable {
    auto outcome = a.refused ? text_of(a.refused->code) : a.replayed ? "repeated" : "accepted";
    x_ports.metrics->command(C::operation).finished(outcome);
    t(std::move(a));
  };
  x_ports.shard->prefetch(*ticket);
  x_ports.shard->submit(std::move(ticket));
}

void Webhooks::receive(const PostPtr& post, const Known& known, CallReport report) {
  auto asked = std::make_shared<const CallReport>(std::move(report));
  x_ports.executor->post_after(voice_patience_ms, [this, post, known, asked] {
    answer_from_views(post, known, *asked, "no commit in time");
  });
  commit_call(post, known, asked);
}

void Webhooks::commit_call(const PostPtr& post, const Known& known, const AskedPtr& asked) {
  submit(
      post, known, ReceiveCall{known->connection.id, *asked},
      [this, post, known, asked](const CommandAnswer& a) {
        if (sent_on(a, post, [this, post, known, asked] { commit_call(post, known, asked); })) return;
        if (a.refused) {
          std::string why(text_of(a.refused->code));
          return x_ports.executor->post(
              [this, post, known, asked, why] { answer_from_views(post, known, *asked, why); });
        }
        auto answer = json::from_stored_text<ReceiveCall::Answer>(a.result.clear);
        if (!answer) return static_cast<void>(post->refuse(plain(Code::internal, answer.error().detail)));
        post->answer(twiml_answer(twilio::twiml_of(answer->route, *asked, status_url(known->connection.id))));
      });
}

/// True: this node does not write, and the post is on its way to the one that does. `here`: submits it again.
bool Webhooks::sent_on(const CommandAnswer& a, const PostPtr& post, std::function<void()> here) {
  bool elsewhere = a.refused && a.refused->code == Code::not_writer;
  if (!elsewhere || !x_ports.forwarding || !post->request.header(Forwarding::mark).empty()) {
    post->hop.reset();  // it holds the post
    return false;
  }
  if (!post->hop) {
    post->hop = std::make_shared<Forwarding::Hop>();
    post->hop->request = on_its_way(post->request, post->traceparent, *x_ports.vault);
    post->hop->here = std::move(here);
    post->hop->answer = [post](HttpResponse r) {
      post->hop.reset();
      post->answer(std::move(r));
    };
    post->hop->give_up = [post](Code code) {
      post->hop.reset();
      post->refuse(plain(code, "No node took the post in time."));
    };
  }
  x_ports.forwarding->go(post->hop);
  return true;
}

void Webhooks::answer_from_views(const PostPtr& post, const Known& known, const CallReport& report,
                                 std::string_view why) {
  {
    std::lock_guard lock(post->mutex);
    if (!post->x_answer) return;
  }
  auto route = route_from(x_ports.views->sight(), *known, report, *x_ports.phones);
  if (!route) return static_cast<void>(post->refuse(plain(Code::internal, route.error().detail)));
  bool first = post->answer(twiml_answer(twilio::twiml_of(*route, report, status_url(known->connection.id))));
  if (!first) return;
  x_ports.metrics->command(ReceiveCall::operation).finished("answered_from_views");
  log_warn("a call was answered before it was recorded",
           {{"trace_id", post->trace_id}, {"call", report.provider_sid}, {"reason", why}});
}

void Webhooks::report(const PostPtr& post, const Known& known, CallReport report,
                      std::optional<ForwardReport> forward) {
  ReportCallStatus command{known->connection.id, std::move(report), std::move(forward)};
  submit(post, known, command, [this, post, known, command](const CommandAnswer& a) {
    if (sent_on(a, post,
                [this, post, known, command] { this->report(post, known, command.report, command.forward); }))
      return;
    if (a.refused) return static_cast<void>(post->refuse(*a.refused));
    post->answer(twiml_answer(twilio::empty_twiml()));
  });
}

void Webhooks::judge_message(const PostPtr& post, const Known& known, const FormFields& form) {
  auto message = twilio::read_message(form, post->request.body);
  if (!message) return static_cast<void>(post->refuse(plain(message.error().code, message.error().detail)));
  receive_message(post, known, *message);
}

/// Nobody waits at a phone: what cannot be committed is refused, and Twilio, which our URL tells to ask
/// again after a 5xx, has it recorded.
void Webhooks::receive_message(const PostPtr& post, const Known& known, const MessageReport& message) {
  submit(post, known, ReceiveMessage{known->connection.id, message},
         [this, post, known, message](const CommandAnswer& a) {
           if (sent_on(a, post, [this, post, known, message] { receive_message(post, known, message); }))
             return;
           if (a.refused) return static_cast<void>(post->refuse(*a.refused));
           post->answer(twiml_answer(twilio::empty_twiml()));
         });
}

std::vector<Operation> webhook_operations(Webhooks* webhooks) {
  auto route = [webhooks](std::string_view operation, std::string_view path, std::string_view summary,
                          Webhooks::Kind kind) {
    Operation op;
    op.operation = operation;
    op.summary = summary;
    op.method = Method::post;
    op.path = path;
    op.is_public = op.limits_itself = true;
    op.path_parameters.emplace_back("connection", json::schema_of<ConnectionId>(json::SchemaOf::request));
    op.body = {{"type", "object"}, {"additionalProperties", boost::json::object{{"type", "string"}}}};
    op.body_media = "application/x-www-form-urlencoded";
    op.media = {"text/xml"};
    op.serve = [webhooks, kind](const Call& call, HttpAnswerTo answer) {
      webhooks->handle(kind, call, std::move(answer));
    };
    return op;
  };
  return {route("TwilioVoice", "/twilio/{connection}/voice", "Twilio asks what to do with a call",
                Webhooks::Kind::voice),
          route("TwilioStatus", "/twilio/{connection}/status", "Twilio tells how a call goes on and ends",
                Webhooks::Kind::status),
          route("TwilioSms", "/twilio/{connection}/sms", "Twilio hands over a message that came",
                Webhooks::Kind::sms)};
}

}  // namespace ringledger
