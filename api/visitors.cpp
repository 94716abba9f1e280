#include "api/visitors.hpp"

#include <algorithm>

#include "adapters/crypto/hash.hpp"
#include "api/internal_ticket.hpp"
#include "api/position.hpp"
#include "api/problem.hpp"
#include "api/random_name.hpp"
#include "domain/publishable_key.hpp"

namespace ringledger {
namespace {

constexpr std::string_view key_parameter = "key";

/// What a heartbeat is answered with.
struct HeartbeatAnswer {
  std::optional<ShownNumber> number;
  std::int64_t heartbeat_s = 0;
  BOOST_DESCRIBE_CLASS(HeartbeatAnswer, (), (number, heartbeat_s), (), ())
};

Refusal plain(Code code, std::string detail) { return Refusal{code, std::move(detail), {}, {}, {}}; }

/// `Authorization: Bearer rlp_…`, or `?key=`; "" when there is none.
std::string key_of(const Call& call) {
  constexpr std::string_view scheme = "Bearer ";
  auto header = call.request.header("Authorization");
  if (header.size() > scheme.size() && equal_ignoring_case(header.substr(0, scheme.size()), scheme))
    return std::string(header.substr(scheme.size()));
  for (const auto& [name, value] : call.query) {
    if (name == key_parameter) return value;
  }
  return {};
}

/// What a heartbeat tells: its path does.
struct Beat {
  static constexpr Route route{Method::post, "/v1/public/campaigns/{campaign}/sessions/{session}/heartbeat"};
  CampaignId campaign;
  SessionId session;
  BOOST_DESCRIBE_CLASS(Beat, (), (campaign, session), (), ())
};

/// As commands are read: the key is no member, and a page may send JSON as plain text, for which browsers ask
/// no permission first (Fetch standard, "CORS-safelisted request-header").
Call as_command(const Call& call) {
  Call plain = call;
  std::erase_if(plain.query, [](const auto& q) { return q.first == key_parameter; });
  std::erase_if(plain.request.headers, [](const auto& h) {
    return equal_ignoring_case(h.first, "Content-Type") &&
           std::string_view(h.second).starts_with("text/plain");
  });
  return plain;
}

template <class C>
std::expected<C, Refusal> read_post(const Call& call) {
  if (call.query.empty()) return reading::read<C>(call, true);
  return refuse_fields({reading::parameter_fault(call.query[0].first, "is not a parameter of this route")});
}

template <class A>
HttpResponse json_of(const A& answer, int status) {
  HttpResponse r;
  r.status = status;
  r.headers = {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}};
  r.body = json::to_text(answer);
  return r;
}

}  // namespace

/// One request on its way.
struct Visitors::Visit {
  Kind kind{};
  HttpRequest request;  ///< as it came
  Call call;            ///< without the key
  Forwarding::HopPtr hop;
  std::string key, origin;
  CampaignId campaign;   ///< of the path
  bool allowed = false;  ///< the origin: its scripts may read the answer
  bool charged = false;  ///< to its address
  RateDecision rate;
  std::optional<Refusal> fault;  ///< of the campaign as it was last seen
  HttpAnswerTo x_answer;

  void answer(HttpResponse response) {
    tell_rate(rate, response);
    if (!origin.empty()) response.headers.emplace_back("Vary", "Origin");
    if (allowed) {
      response.headers.emplace_back("Access-Control-Allow-Origin", origin);
      response.headers.emplace_back(
          "Access-Control-Expose-Headers",
          "RateLimit, RateLimit-Policy, Retry-After, Ringledger-Position, Trace-Id");
    }
    x_answer(std::move(response));
  }
  void refuse(const Refusal& refusal) { answer(problem(refusal, call.trace_id)); }
};

namespace {

HttpResponse preflight_answer() {
  HttpResponse r;
  r.status = 204;
  r.headers = {{"Access-Control-Allow-Methods", "POST"},
               {"Access-Control-Allow-Headers", "Authorization, Content-Type, traceparent"},
               {"Access-Control-Max-Age", "86400"}};
  return r;
}

Refusal stranger() {
  return plain(Code::unauthenticated,
               "Send the campaign's publishable key, in Authorization: Bearer or ?key=.");
}

}  // namespace

/// Why it may not ask this of the campaign; `known`: null when there is none.
std::optional<Refusal> Visitors::fault_of(Visit& visit, const Known& known) {
  bool preflight = visit.kind == Kind::preflight;
  if (!known) return preflight ? no_such_thing().error() : stranger();
  const auto& c = known->campaign;
  if (!preflight && !constant_time_equal(visit.key, *c.publishable_key)) return stranger();
  if (c.id != visit.campaign) return no_such_thing().error();
  visit.allowed = std::ranges::count(c.allowed_origins, visit.origin) > 0;
  if (visit.origin.empty() || visit.allowed) return std::nullopt;
  return plain(Code::forbidden, "The campaign does not allow this origin.");
}

/// The visit before its campaign (RowJudge).
struct Visitors::Judged {
  Visitors* visitors;
  VisitPtr visit;
  bool may_read() const { return !visitors->over_limit(visit); }
  bool accepts(const Known& known) const {
    visit->fault = fault_of(*visit, known);
    if (!visit->fault) visitors->admit(visit, known);
    return !visit->fault;
  }
  void refuse() const { visit->refuse(*visit->fault); }
  void unreadable(const Error& error) const { visit->refuse(plain(Code::internal, error.detail)); }
};

void Visitors::handle(Kind kind, const Call& call, HttpAnswerTo answer) {
  auto visit = std::make_shared<Visit>();
  visit->kind = kind;
  visit->request = call.request;
  visit->call = as_command(call);
  visit->key = key_of(call);
  visit->origin = call.request.header("Origin");
  visit->x_answer = std::move(answer);
  visit->campaign = CampaignId::parse(call.parts.find("campaign")->second).value_or(CampaignId{});
  auto asked = kind == Kind::preflight ? visit->campaign : campaign_of_publishable(visit->key);
  if (asked) return x_judge.judge(*asked, Judged{this, visit});
  if (!over_limit(visit)) visit->refuse(stranger());
}

/// Whoever proves nothing, and whoever makes us read, costs the address they come from.
bool Visitors::over_limit(const VisitPtr& visit) {
  if (std::exchange(visit->charged, true)) return false;
  visit->rate = x_ports.limits->of_stranger(visit->call.request.peer);
  if (visit->rate.allowed) return false;
  visit->refuse(plain(Code::rate_limited, "Too many requests from this address."));
  return true;
}

void Visitors::admit(const VisitPtr& visit, const Known& known) {
  if (visit->kind == Kind::preflight) return visit->answer(preflight_answer());
  auto account = raw_name(known->account.raw);
  visit->rate = visit->kind == Kind::start
                    ? x_ports.limits->of_visit(visit->request.peer, visit->key, account)
                    : x_ports.limits->of_page(visit->key, account);
  if (visit->rate.allowed) return serve(visit, known);
  auto whose = visit->rate.policy == "address" ? "visits from this " : "requests with this ";
  visit->refuse(
      plain(Code::rate_limited, std::string("Too many ") + whose + std::string(visit->rate.policy) + "."));
}

void Visitors::serve(const VisitPtr& visit, const Known& known) {
  switch (visit->kind) {
    case Kind::start:
      return read_and_decide<StartVisitorSession>(visit, known);
    case Kind::touch:
      return read_and_decide<AddTouch>(visit, known);
    case Kind::end:
      return read_and_decide<EndVisitorSession>(visit, known);
    case Kind::heartbeat:
      return heartbeat(visit, known);
    case Kind::preflight:
      return;
  }
}

/// True: this node does not write, and the request is on its way to the one that does.
bool Visitors::sent_on(const CommandAnswer& a, const VisitPtr& visit, const Known& known) {
  bool elsewhere = a.refused && a.refused->code == Code::not_writer;
  if (!elsewhere || !x_ports.forwarding || !visit->request.header(Forwarding::mark).empty()) {
    visit->hop.reset();  // it holds the visit
    return false;
  }
  if (!visit->hop) {
    visit->hop = std::make_shared<Forwarding::Hop>();
    visit->hop->request = on_its_way(visit->request, visit->call.traceparent, *x_ports.vault);
    visit->hop->here = [this, visit, known] { serve(visit, known); };
    visit->hop->answer = [visit](HttpResponse r) {
      visit->hop.reset();
      std::erase_if(r.headers, [](const auto& h) { return equal_ignoring_case(h.first, "Trace-Id"); });
      visit->x_answer(std::move(r));  // with the other headers of that node
    };
    visit->hop->give_up = [visit](Code code) {
      visit->hop.reset();
      visit->refuse(plain(code, "No node took the request in time."));
    };
  }
  x_ports.forwarding->go(visit->hop);
  return true;
}

template <class C>
void Visitors::submit(const VisitPtr& visit, const Known& known, C command, bool read_only,
                      std::move_only_function<void(CommandAnswer)> then) {
  // `session_key` is what makes it single, not a key of this request: each one is decided anew.
  auto key = "visit/" + random_name(*x_ports.random);
  auto ticket =
      natural_ticket(*x_ports.vault, *x_ports.random, known->account, {"website"}, std::move(command), key);
  ticket->trace = visit->call.traceparent;
  ticket->bytes = visit->call.request.body.size();
  ticket->read_only = read_only;
  ticket->answer = [this, visit, known, t = std::move(then)](CommandAnswer a) mutable {
    if (sent_on(a, visit, known)) return;
    x_ports.metrics->command(C::operation).finished(a.refused ? text_of(a.refused->code) : "accepted");
    // It may count yet: the lease is not to live for ever.
    if (a.refused && a.refused->code == Code::unknown_outcome) x_ports.keeper->look_again();
    if (a.refused) return visit->refuse(*a.refused);
    if (!a.refusal_code.empty()) return visit->answer(stored_problem(a.result.clear, visit->call.trace_id));
    t(std::move(a));
  };
  if (!read_only) x_ports.shard->prefetch(*ticket);
  x_ports.shard->submit(std::move(ticket));
}

template <class C>
void Visitors::read_and_decide(const VisitPtr& visit, const Known& known) {
  auto read = read_post<C>(visit->call);
  if (!read) return visit->refuse(read.error());
  decide(visit, known, std::move(*read));
}

template <class C>
void Visitors::decide(const VisitPtr& visit, const Known& known, C command) {
  submit(visit, known, std::move(command), false, [this, visit, known](const CommandAnswer& a) {
    auto result = json::from_stored_text<typename C::Answer>(a.result.clear);
    if (!result) return visit->refuse(plain(Code::internal, result.error().detail));
    HttpResponse r;
    if constexpr (std::is_same_v<typename C::Answer, VisitResult>) {
      x_ports.keeper->seen(known->account, result->session, result->lease_timeout_s);
      bool beat = std::is_same_v<C, ShowNumber>;
      r = beat ? json_of(HeartbeatAnswer{result->number, result->heartbeat_s}, 200)
               : json_of(result->answer(), a.result.status);
      if (a.result.status == 201)
        r.headers.emplace_back("Location", visit->call.path + "/" + result->session.to_string());
    } else {
      if (result->hold_until) x_ports.keeper->wait(known->account, result->session, *result->hold_until);
      r = json_of(*result, 200);
    }
    r.headers.emplace_back("Ringledger-Position", position_text(x_ports.log, a.offset));
    visit->answer(std::move(r));
  });
}

/// No command, unless the page lacks a number.
void Visitors::heartbeat(const VisitPtr& visit, const Known& known) {
  auto beat = read_post<Beat>(visit->call);
  if (!beat) return visit->refuse(beat.error());
  AskVisit asks{beat->campaign, beat->session};
  submit(visit, known, asks, true, [this, visit, known, asks](const CommandAnswer& a) {
    auto found = json::from_stored_text<AskVisit::Answer>(a.result.clear);
    if (!found) return visit->refuse(plain(Code::internal, found.error().detail));
    if (found->lacks_number) return decide(visit, known, ShowNumber{asks.campaign, asks.session});
    x_ports.keeper->seen(known->account, asks.session, found->visit.lease_timeout_s);
    visit->answer(json_of(HeartbeatAnswer{found->visit.number, found->visit.heartbeat_s}, 200));
  });
}

namespace {

template <class C, class Answer>
Operation visitor_operation(Visitors* visitors, std::string_view name, std::string_view summary,
                            Visitors::Kind kind) {
  Operation op;
  op.operation = name;
  op.summary = summary;
  op.method = Method::post;
  op.path = C::route.path;
  op.is_public = op.limits_itself = true;
  op.statuses.assign(statuses_of<C>().begin(), statuses_of<C>().end());
  describe_parameters<C>(op, false);
  op.query_parameters.emplace_back(key_parameter,
                                   json::schema_of<std::optional<std::string>>(json::SchemaOf::request));
  if (kind != Visitors::Kind::heartbeat)
    op.body = json::object_schema<C>(json::SchemaOf::request,
                                     [](std::string_view m) { return reading::in_path<C>(m); });
  op.answer = json::schema_of<Answer>(json::SchemaOf::answer);
  op.serve = [visitors, kind](const Call& call, HttpAnswerTo answer) {
    visitors->handle(kind, call, std::move(answer));
  };
  op.preflight = [visitors](const Call& call, HttpAnswerTo answer) {
    visitors->handle(Visitors::Kind::preflight, call, std::move(answer));
  };
  return op;
}

}  // namespace

std::vector<Operation> visitor_operations(Visitors* visitors) {
  using Kind = Visitors::Kind;
  return {
      visitor_operation<StartVisitorSession, VisitAnswer>(visitors, StartVisitorSession::operation,
                                                          StartVisitorSession::summary, Kind::start),
      visitor_operation<Beat, HeartbeatAnswer>(
          visitors, AskVisit::operation, "The page is still open: what it is to show now", Kind::heartbeat),
      visitor_operation<AddTouch, VisitAnswer>(visitors, AddTouch::operation, AddTouch::summary, Kind::touch),
      visitor_operation<EndVisitorSession, EndVisitorSession::Answer>(visitors, EndVisitorSession::operation,
                                                                      EndVisitorSession::summary, Kind::end)};
}

}  // namespace ringledger
