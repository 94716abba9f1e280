#include "commands/call.hpp"

#include <algorithm>

namespace ringledger {
namespace {

const Money cnam_lookup{100, "USD"};  // CNA-03

std::string key_of(std::string_view account_sid, const std::string& call_sid, const std::string& what) {
  return "twilio/" + std::string(account_sid) + "/" + call_sid + "/" + what;
}

const calls::Call* known_call(const connections::Connection& con, const CallReport& report,
                              const Book& book) {
  const auto* at = book.find<CallBySid>(sid_name(con.account_sid, report.provider_sid));
  return at ? book.find<calls::Call>(at->call) : nullptr;
}

/// The number that rang, wherever in the account it is now; nullptr when it is in no inventory, or is not of
/// the provider account that told us: who has another one's token tells nothing about this number.
const numbers::Number* number_of(const connections::Connection& con, const CallReport& report,
                                 const Book& book) {
  const auto ours = E164::parse(report.outbound ? report.from : report.to);
  const auto* n = ours ? book.number_by_e164(*ours) : nullptr;
  if (!n || n->deleted) return nullptr;
  const auto* its = book.find<connections::Connection>(n->connection);
  return its && its->account_sid == con.account_sid ? n : nullptr;
}

class Receiving {
 public:
  Receiving(const connections::Connection& con, const CallReport& report, const Book& book,
            const Context& ctx, calls::Source source)
      : x_con(con),
        x_report(report),
        x_book(book),
        x_ctx(ctx),
        x_source(source),
        x_started_at(
            report.started_at.value_or(Timestamp{ctx.now.ms - report.duration_s.value_or(0) * 1000})),
        x_number(number_of(con, report, book)) {
    if (!x_number || !x_number->campaign) return;
    x_moved = source != calls::Source::voice && assigned_after(x_started_at);
    if (!x_moved) x_campaign = book.find<campaigns::Campaign>(*x_number->campaign);
  }

  std::vector<Event> events() {
    auto e = received();
    calls::Attributed attributed{e.call, e.workspace, attribution::attribute(known(e.started_at))};
    return {std::move(e), std::move(attributed)};
  }

 private:
  calls::Received received() {
    calls::Received e;
    e.call = x_ctx.new_id<CallId>();
    e.workspace = x_number ? x_number->workspace : x_con.workspace;
    if (x_number) e.number = x_number->id;
    e.connection = x_con.id;
    e.account_sid = x_con.account_sid;
    e.provider_sid = x_report.provider_sid;
    e.to = x_report.to;
    e.direction = x_report.outbound ? calls::Direction::outbound : calls::Direction::inbound;
    e.source = x_source;
    e.status = x_source == calls::Source::voice ? x_report.status : "";
    e.started_at = x_started_at;
    // What it met before its number moved is not known: how it ended tells.
    e.caller_country = country_of(x_report.from, *x_ctx.phones);
    e.route = x_moved ? calls::Route{calls::RouteKind::forward, {}}
                      : route_of(x_number, x_campaign, e.caller_country);
    if (x_number && x_number->cnam_enabled && !x_report.outbound) e.cnam_cost = cnam_lookup;
    e.from = Personal(x_report.from);
    if (!x_report.caller_name.empty()) e.caller_name = Personal(x_report.caller_name);
    e.form = Personal(x_report.form);
    return e;
  }

  /// A commit's id tells when it was made.
  [[nodiscard]] bool assigned_after(Timestamp at) const {
    const auto* by = x_book.find<AssignedBy>(x_number->id);
    auto commit = by ? CommitId::parse(by->event.substr(0, by->event.find('/'))) : std::nullopt;
    return commit && static_cast<std::int64_t>(commit->raw.ms()) > at.ms + told_within_ms;
  }
  attribution::Known known(Timestamp at) {
    attribution::Known k;
    k.at = at;
    k.campaign = x_campaign;
    if (!x_number || !x_campaign) return k;
    if (const auto* by = x_book.find<AssignedBy>(x_number->id)) k.assigned_by = by->event;
    k.call_window_ms = x_campaign->pool_settings().call_window_s * 1000;
    k.showings = showings();
    return k;
  }
  /// The number's, the newest that are remembered. None when it has never been in a pool.
  [[nodiscard]] std::vector<attribution::Showing> showings() const {
    std::vector<attribution::Showing> all;
    const auto* n = x_book.find<pools::PoolNumber>(x_number->id);
    auto most = n ? std::min(n->showings, remembered_showings) : 0;
    for (std::int64_t back = 1; back <= most; ++back) {
      const auto* known = x_book.find<RememberedShowing>(showing_name(x_number->id, n->showings - back));
      if (known) all.push_back(known->showing);
    }
    return all;
  }

  const connections::Connection& x_con;
  const CallReport& x_report;
  const Book& x_book;
  const Context& x_ctx;
  const calls::Source x_source;
  const Timestamp x_started_at;
  const numbers::Number* x_number;
  const campaigns::Campaign* x_campaign = nullptr;
  bool x_moved = false;  ///< to a campaign that was not its when the call began
};

Event ended_by(const CallReport& r, CallId call, WorkspaceId workspace) {
  return calls::StatusReported{call,         workspace, "reconcile/" + r.status, r.status, {},
                               r.duration_s, r.told_at, Personal(r.form)};
}

Event event_of(const ReportCallStatus& c, CallId call, WorkspaceId workspace) {
  const auto& r = c.report;
  if (c.forward)
    return calls::ForwardEnded{
        call, workspace, c.forward->name(), c.forward->status, c.forward->duration_s, Personal(r.form)};
  return calls::StatusReported{call,       workspace,    r.name(),  r.status,
                               r.sequence, r.duration_s, r.told_at, Personal(r.form)};
}

}  // namespace

std::string ReceiveCall::natural_key(std::string_view account_sid) const {
  return key_of(account_sid, report.provider_sid, "voice");
}

std::string ReconcileCall::natural_key(std::string_view account_sid) const {
  return key_of(account_sid, report.provider_sid, "reconcile/" + report.status);
}

std::string ReportCallStatus::natural_key(std::string_view account_sid) const {
  return key_of(account_sid, report.provider_sid, forward ? forward->name() : report.name());
}

std::string country_of(const std::string& from, const PhoneReader& phones) {
  auto caller = E164::parse(from);
  return caller ? phones.facts(*caller).country : "";
}

calls::Route route_of(const numbers::Number* number, const campaigns::Campaign* campaign,
                      const std::string& country) {
  using Kind = calls::RouteKind;
  if (!number || number->deleted) return {Kind::unknown_number, {}};
  if (number->status == numbers::Status::inactive) return {Kind::inactive, {}};
  if (number->routing == numbers::Routing::external) return {Kind::forward, {}};  // theirs put it through
  if (!numbers::takes_calls_from(*number, country)) return {Kind::blocked_country, {}};
  if (!campaign || campaign->archived) return {Kind::parking, {}};
  if (!campaign->forward_to) return {Kind::no_target, {}};
  return {Kind::forward, campaign->forward_to};
}

Decision<ReceiveCall::Answer> decide(const ReceiveCall& c, const Book& book, const Context& ctx) {
  const auto* con = book.find<connections::Connection>(c.connection);
  if (!con) return no_such_thing();
  if (const auto* call = known_call(*con, c.report, book))
    return Accepted<ReceiveCall::Answer>{{}, {call->id, call->route}};
  auto events = Receiving(*con, c.report, book, ctx, calls::Source::voice).events();
  const auto& first = std::get<calls::Received>(events.front());
  ReceiveCall::Answer answer{first.call, first.route};
  return Accepted<ReceiveCall::Answer>{std::move(events), std::move(answer)};
}

Decision<ReportCallStatus::Answer> decide(const ReportCallStatus& c, const Book& book, const Context& ctx) {
  const auto* con = book.find<connections::Connection>(c.connection);
  if (!con) return no_such_thing();
  if (const auto* call = known_call(*con, c.report, book)) {
    Accepted<ReportCallStatus::Answer> accepted{{}, {call->id}};
    auto name = c.forward ? c.forward->name() : c.report.name();
    if (!calls::has_report(*call, name) && call->reports.size() < calls::most_reports)
      accepted.events.push_back(event_of(c, call->id, call->workspace));
    return accepted;
  }
  auto events = Receiving(*con, c.report, book, ctx, calls::Source::status).events();
  const auto first = std::get<calls::Received>(events.front());
  events.push_back(event_of(c, first.call, first.workspace));
  return Accepted<ReportCallStatus::Answer>{std::move(events), {first.call}};
}

Decision<ReconcileCall::Answer> decide(const ReconcileCall& c, const Book& book, const Context& ctx) {
  using Done = Accepted<ReconcileCall::Answer>;
  const auto* con = book.find<connections::Connection>(c.connection);
  if (!con) return no_such_thing();
  bool over = calls::is_final(c.report.status);
  if (const auto* call = known_call(*con, c.report, book)) {
    if (!over || calls::is_final(call->status)) return Done{{}, {call->id}};
    return Done{{ended_by(c.report, call->id, call->workspace)}, {call->id}};
  }
  const auto* n = number_of(*con, c.report, book);
  bool ours = n && !c.report.outbound && c.report.started_at && asked_us(*n, *c.report.started_at);
  if (!over || !ours) return Done{{}, {}};
  auto events = Receiving(*con, c.report, book, ctx, calls::Source::reconcile).events();
  const auto first = std::get<calls::Received>(events.front());
  events.push_back(ended_by(c.report, first.call, first.workspace));
  return Done{std::move(events), {first.call}};
}

}  // namespace ringledger
