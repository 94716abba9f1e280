#include "commands/call.hpp"

#include <algorithm>

#include "commands/attribution_basis.hpp"
#include "commands/contact.hpp"
#include "commands/reached_number.hpp"

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

const std::string& ours_of(const CallReport& report) { return report.outbound ? report.from : report.to; }
/// The other party: who called, or was called.
const std::string& party_of(const CallReport& report) { return report.outbound ? report.to : report.from; }

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
        x_number(reached_number(con, ours_of(report), book)) {
    if (!x_number || !x_number->campaign) return;
    x_moved = source != calls::Source::voice && assigned_after(*x_number, x_started_at, book);
    if (!x_moved) x_campaign = book.find<campaigns::Campaign>(*x_number->campaign);
  }

  /// What is to be recorded, and the call in it.
  struct Events {
    std::vector<Event> all;
    CallId call;
    WorkspaceId workspace;
    std::optional<ContactId> contact;
    calls::Route route;
  };
  Events events() {
    auto e = received();
    Events out;
    e.contact = contact_of(party_of(x_report), e.workspace, contacts::Source::call, x_book, x_ctx, out.all);
    bool met_before = e.contact && out.all.empty();
    out.call = e.call;
    out.workspace = e.workspace;
    out.contact = e.contact;
    out.route = e.route;
    calls::Attributed attributed{e.call, e.workspace, attribution::attribute(known(e.started_at, e.contact))};
    auto named = named_by_cnam(e);
    if (met_before) e.contact_name = other_name(e, named);
    out.all.emplace_back(std::move(e));
    out.all.emplace_back(std::move(attributed));
    if (named) out.all.emplace_back(std::move(*named));
    return out;
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
    e.to = ours_of(x_report);
    e.direction = x_report.outbound ? calls::Direction::outbound : calls::Direction::inbound;
    e.source = x_source;
    e.status = x_source == calls::Source::voice ? x_report.status : "";
    e.started_at = x_started_at;
    e.caller_country = country_of(party_of(x_report), *x_ctx.phones);
    auto caller = x_report.outbound ? std::nullopt : std::optional(e.caller_country);
    // What it met before its number moved is not known: how it ended tells.
    e.route = x_moved ? calls::Route{calls::RouteKind::forward, {}} : route_of(x_number, x_campaign, caller);
    if (x_number && x_number->cnam_enabled && !x_report.outbound) e.cnam_cost = cnam_lookup;
    e.from = Personal(party_of(x_report));
    if (!x_report.caller_name.empty()) e.caller_name = Personal(x_report.caller_name);
    e.form = Personal(x_report.form);
    return e;
  }

  /// CNA-02: what the look-up gave, when it is news.
  std::optional<contacts::Named> named_by_cnam(const calls::Received& e) const {
    if (!e.contact || !e.caller_name.clear() || x_report.outbound) return std::nullopt;
    const auto* contact = x_book.find<contacts::Contact>(*e.contact);
    if (contact && contact->cnam_name == e.caller_name) return std::nullopt;
    return contacts::Named{*e.contact, e.workspace, contacts::NameSource::cnam, {}, e.caller_name};
  }

  /// LOG-02: what the contact is called at this moment; empty when the look-up says the same, or nobody
  /// knows.
  Personal<std::string> other_name(const calls::Received& e,
                                   const std::optional<contacts::Named>& news) const {
    const auto* contact = x_book.find<contacts::Contact>(*e.contact);
    if (!contact) return {};
    auto name = contacts::name_of(news ? *contacts::evolve(*contact, *news, x_ctx.now) : *contact);
    return name && e.caller_name.clear() != name->text ? Personal(name->text) : Personal<std::string>();
  }

  attribution::Known known(Timestamp at, const std::optional<ContactId>& contact) {
    if (x_number && x_campaign) return known_at_ring(x_book, at, x_number->id, *x_campaign, contact);
    attribution::Known k;
    k.at = at;
    return k;
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

/// Of an erased contact's call the form is not kept: it names the caller.
Personal<std::string> form_of(const CallReport& r, const std::optional<ContactId>& contact,
                              const Book& book) {
  return is_erased(contact, book) ? Personal<std::string>() : Personal(r.form);
}

Event ended_by(const CallReport& r, CallId call, WorkspaceId workspace,
               const std::optional<ContactId>& contact, const Book& book) {
  return calls::StatusReported{call,         workspace, "reconcile/" + r.status,   r.status, {},
                               r.duration_s, r.told_at, form_of(r, contact, book), contact};
}

Event event_of(const ReportCallStatus& c, CallId call, WorkspaceId workspace,
               const std::optional<ContactId>& contact, const Book& book) {
  const auto& r = c.report;
  auto form = form_of(r, contact, book);
  if (c.forward)
    return calls::ForwardEnded{call, workspace, c.forward->name(), c.forward->status, c.forward->duration_s,
                               form, contact};
  return calls::StatusReported{call,         workspace, r.name(), r.status, r.sequence,
                               r.duration_s, r.told_at, form,     contact};
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

std::string country_of(const std::string& party, const PhoneReader& phones) {
  auto phone = E164::parse(party);
  return phone ? phones.country(*phone) : "";
}

calls::Route route_of(const numbers::Number* number, const campaigns::Campaign* campaign,
                      const std::optional<std::string>& country) {
  using Kind = calls::RouteKind;
  if (!number || number->deleted) return {Kind::unknown_number, {}};
  if (number->status == numbers::Status::inactive) return {Kind::inactive, {}};
  if (number->routing == numbers::Routing::external) return {Kind::forward, {}};  // theirs put it through
  if (country && !numbers::takes_calls_from(*number, *country)) return {Kind::blocked_country, {}};
  if (!campaign || campaign->archived) return {Kind::parking, {}};
  if (!campaign->forward_to) return {Kind::no_target, {}};
  return {Kind::forward, campaign->forward_to};
}

std::optional<calls::RouteKind> routing_gap(const numbers::Number& number,
                                            const campaigns::Campaign* campaign) {
  auto kind = route_of(&number, campaign, std::nullopt).kind;
  return kind == calls::RouteKind::forward ? std::nullopt : std::optional(kind);
}

Decision<ReceiveCall::Answer> decide(const ReceiveCall& c, const Book& book, const Context& ctx) {
  const auto* con = book.find<connections::Connection>(c.connection);
  if (!con) return no_such_thing();
  if (const auto* call = known_call(*con, c.report, book))
    return Accepted<ReceiveCall::Answer>{{}, {call->id, call->route}};
  auto events = Receiving(*con, c.report, book, ctx, calls::Source::voice).events();
  return Accepted<ReceiveCall::Answer>{std::move(events.all), {events.call, events.route}};
}

Decision<ReportCallStatus::Answer> decide(const ReportCallStatus& c, const Book& book, const Context& ctx) {
  const auto* con = book.find<connections::Connection>(c.connection);
  if (!con) return no_such_thing();
  if (const auto* call = known_call(*con, c.report, book)) {
    Accepted<ReportCallStatus::Answer> accepted{{}, {call->id}};
    auto name = c.forward ? c.forward->name() : c.report.name();
    if (!calls::has_report(*call, name) && call->reports.size() < calls::most_reports)
      accepted.events.push_back(event_of(c, call->id, call->workspace, call->contact, book));
    return accepted;
  }
  auto events = Receiving(*con, c.report, book, ctx, calls::Source::status).events();
  events.all.push_back(event_of(c, events.call, events.workspace, events.contact, book));
  return Accepted<ReportCallStatus::Answer>{std::move(events.all), {events.call}};
}

Decision<ReconcileCall::Answer> decide(const ReconcileCall& c, const Book& book, const Context& ctx) {
  using Done = Accepted<ReconcileCall::Answer>;
  const auto* con = book.find<connections::Connection>(c.connection);
  if (!con) return no_such_thing();
  bool over = calls::is_final(c.report.status);
  if (const auto* call = known_call(*con, c.report, book)) {
    if (!over || calls::is_final(call->status)) return Done{{}, {call->id}};
    return Done{{ended_by(c.report, call->id, call->workspace, call->contact, book)}, {call->id}};
  }
  const auto* n = reached_number(*con, ours_of(c.report), book);
  bool ours = n && !c.report.outbound && c.report.started_at && asked_us(*n, *c.report.started_at);
  if (!over || !ours) return Done{{}, {}};
  auto events = Receiving(*con, c.report, book, ctx, calls::Source::reconcile).events();
  events.all.push_back(ended_by(c.report, events.call, events.workspace, events.contact, book));
  return Done{std::move(events.all), {events.call}};
}

}  // namespace ringledger
