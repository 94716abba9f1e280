#include "commands/message.hpp"

#include "commands/contact.hpp"
#include "commands/reached_number.hpp"

namespace ringledger {
namespace {

/// What the words ask for; Twilio's own judgement stands before ours.
std::optional<messages::Keyword> keyword_of(const MessageReport& report) {
  return messages::keyword_of(report.opt_out.empty() ? report.body : report.opt_out);
}

/// Whether the sender's own word is no consent but only takes back a stop, whatever the provider made of it.
bool only_undoes(const MessageReport& report) {
  auto said = messages::keyword_of(report.body);
  return said && said->only_undoes;
}

/// What the contact's newest word allows us.
struct Standing {
  contacts::Consent consent{};
  std::optional<Timestamp> said_at;  ///< absent: nothing was said
};

/// `events` perhaps make the contact, with a stop that was kept of its number.
Standing standing_of(ContactId id, const std::vector<Event>& events, const Book& book, const Context& ctx) {
  if (const auto* contact = book.find<contacts::Contact>(id)) return {contact->consent, contact->consent_at};
  for (const auto& event : events) {
    if (const auto* kept = std::get_if<contacts::ConsentChanged>(&event)) return {kept->consent, ctx.now};
  }
  return {};
}

/// Whether a word that is found late is older than what stands. In doubt a stop counts: providers tell times
/// in whole seconds.
bool is_overruled(const messages::Keyword& keyword, const std::optional<Timestamp>& received_at,
                  const Standing& before) {
  if (!received_at || !before.said_at) return false;
  bool stops = keyword.consent == contacts::Consent::opted_out && before.consent != keyword.consent;
  return before.said_at->ms > received_at->ms + (stops ? told_within_ms : 0);
}

/// CMP-04: what was said, with the message as evidence. A repeated word is recorded, too: it may be newer
/// than another word that is found later.
std::optional<contacts::ConsentChanged> consent_of(const MessageReport& report,
                                                   const messages::Received& message,
                                                   const Standing& before) {
  auto keyword = keyword_of(report);
  if (!keyword || !message.contact) return std::nullopt;
  if (only_undoes(report) && before.consent != contacts::Consent::opted_out) return std::nullopt;
  if (is_overruled(*keyword, message.received_at, before)) return std::nullopt;
  return contacts::ConsentChanged{
      *message.contact,           message.workspace, keyword->consent,   contacts::ConsentSource::keyword,
      std::string(keyword->word), message.message,   message.received_at};
}

messages::Received received(const connections::Connection& con, const MessageReport& report, const Book& book,
                            const Context& ctx) {
  const auto* number = reached_number(con, report.to, book);
  messages::Received e;
  e.message = ctx.new_id<MessageId>();
  e.workspace = number ? number->workspace : con.workspace;
  if (number) e.number = number->id;
  e.inactive = number && number->status == numbers::Status::inactive;
  bool moved = number && report.received_at && assigned_after(*number, *report.received_at, book);
  if (number && !e.inactive && !moved) e.campaign = number->campaign;
  e.connection = con.id;
  e.account_sid = con.account_sid;
  e.provider_sid = report.provider_sid;
  e.to = report.to;
  if (auto sender = E164::parse(report.from)) e.sender_country = ctx.phones->country(*sender);
  e.media = report.media;
  e.segments = report.segments;
  e.from = Personal(report.from);
  e.body = Personal(report.body);
  e.form = Personal(report.form);
  e.received_at = report.received_at;
  return e;
}

/// A message that is not known yet.
struct Recorded {
  std::vector<Event> events;
  MessageId message;
};
Recorded recorded(const connections::Connection& con, const MessageReport& report, const Book& book,
                  const Context& ctx) {
  auto e = received(con, report, book, ctx);
  Recorded out{{}, e.message};
  e.contact = contact_of(report.from, e.workspace, contacts::Source::message, book, ctx, out.events);
  auto before = e.contact ? standing_of(*e.contact, out.events, book, ctx) : Standing{};
  auto consent = consent_of(report, e, before);
  out.events.emplace_back(std::move(e));
  if (consent) out.events.emplace_back(std::move(*consent));
  return out;
}

const MessageBySid* known_message(const connections::Connection& con, const MessageReport& report,
                                  const Book& book) {
  return book.find<MessageBySid>(sid_name(con.account_sid, report.provider_sid));
}

std::string key_of(std::string_view account_sid, const MessageReport& report, std::string_view what) {
  return "twilio/" + std::string(account_sid) + "/" + report.provider_sid + "/" + std::string(what);
}

}  // namespace

std::string ReceiveMessage::natural_key(std::string_view account_sid) const {
  return key_of(account_sid, report, "sms");
}

std::string ReconcileMessage::natural_key(std::string_view account_sid) const {
  return key_of(account_sid, report, "reconcile");
}

Decision<ReceiveMessage::Answer> decide(const ReceiveMessage& c, const Book& book, const Context& ctx) {
  const auto* con = book.find<connections::Connection>(c.connection);
  if (!con) return no_such_thing();
  if (const auto* known = known_message(*con, c.report, book))
    return Accepted<ReceiveMessage::Answer>{{}, {known->message}};
  auto news = recorded(*con, c.report, book, ctx);
  return Accepted<ReceiveMessage::Answer>{std::move(news.events), {news.message}};
}

Decision<ReconcileMessage::Answer> decide(const ReconcileMessage& c, const Book& book, const Context& ctx) {
  using Done = Accepted<ReconcileMessage::Answer>;
  const auto* con = book.find<connections::Connection>(c.connection);
  if (!con) return no_such_thing();
  if (const auto* known = known_message(*con, c.report, book)) return Done{{}, {known->message}};
  const auto* n = reached_number(*con, c.report.to, book);
  bool ours = n && c.report.received_at && asked_us(*n, *c.report.received_at);
  if (!ours) return Done{{}, {}};
  auto news = recorded(*con, c.report, book, ctx);
  return Done{std::move(news.events), {news.message}};
}

}  // namespace ringledger
