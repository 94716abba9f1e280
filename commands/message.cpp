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

/// CMP-04: only what changes is recorded, with the message as evidence.
std::optional<contacts::ConsentChanged> consent_of(const MessageReport& report,
                                                   const messages::Received& message, const Book& book) {
  auto keyword = keyword_of(report);
  if (!keyword || !message.contact) return std::nullopt;
  const auto* contact = book.find<contacts::Contact>(*message.contact);
  auto before = contact ? contact->consent : contacts::Consent::unknown;
  if (before == keyword->consent) return std::nullopt;
  if (only_undoes(report) && before != contacts::Consent::opted_out) return std::nullopt;
  return contacts::ConsentChanged{*message.contact,           message.workspace,
                                  keyword->consent,           contacts::ConsentSource::keyword,
                                  std::string(keyword->word), message.message};
}

messages::Received received(const connections::Connection& con, const MessageReport& report, const Book& book,
                            const Context& ctx) {
  const auto* number = reached_number(con, report.to, book);
  messages::Received e;
  e.message = ctx.new_id<MessageId>();
  e.workspace = number ? number->workspace : con.workspace;
  if (number) e.number = number->id;
  e.inactive = number && number->status == numbers::Status::inactive;
  if (number && !e.inactive) e.campaign = number->campaign;
  e.connection = con.id;
  e.account_sid = con.account_sid;
  e.provider_sid = report.provider_sid;
  e.to = report.to;
  if (auto sender = E164::parse(report.from)) e.sender_country = ctx.phones->facts(*sender).country;
  e.media = report.media;
  e.segments = report.segments;
  e.from = Personal(report.from);
  e.body = Personal(report.body);
  e.form = Personal(report.form);
  return e;
}

}  // namespace

std::string ReceiveMessage::natural_key(std::string_view account_sid) const {
  return "twilio/" + std::string(account_sid) + "/" + report.provider_sid + "/sms";
}

Decision<ReceiveMessage::Answer> decide(const ReceiveMessage& c, const Book& book, const Context& ctx) {
  const auto* con = book.find<connections::Connection>(c.connection);
  if (!con) return no_such_thing();
  if (const auto* known = book.find<MessageBySid>(sid_name(con->account_sid, c.report.provider_sid)))
    return Accepted<ReceiveMessage::Answer>{{}, {known->message}};
  auto e = received(*con, c.report, book, ctx);
  std::vector<Event> events;
  e.contact = contact_of(c.report.from, e.workspace, contacts::Source::message, book, ctx, events);
  auto consent = consent_of(c.report, e, book);
  ReceiveMessage::Answer answer{e.message};
  events.emplace_back(std::move(e));
  if (consent) events.emplace_back(std::move(*consent));
  return Accepted<ReceiveMessage::Answer>{std::move(events), answer};
}

}  // namespace ringledger
