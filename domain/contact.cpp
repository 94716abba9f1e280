#include "domain/contact.hpp"

namespace ringledger::contacts {
namespace {

Contact on(const Created& e, Timestamp at) {
  Contact c;
  c.id = e.contact;
  c.workspace = e.workspace;
  c.source = e.source;
  c.country = e.country;
  c.phone = e.phone;
  c.created_at = at;
  c.version = 1;
  return c;
}

void on(Contact& c, const Named& e, Timestamp) {
  switch (e.source) {
    case NameSource::human:
      c.human_name = e.name;
      ++c.version;  // what people configured
      break;
    case NameSource::ai:
      c.ai_name = e.name;
      c.ai_confidence = e.confidence.value_or(Share{});
      break;
    case NameSource::cnam:
      c.cnam_name = e.name;
      break;
  }
}

void on(Contact& c, const ConsentChanged& e, Timestamp at) {
  c.consent = e.consent;
  c.consent_at = at;
  c.consent_message = e.message;
}

/// What is no personal field outlives it: that it said stop, too.
void on(Contact& c, const Erased&, Timestamp) {
  c.phone = c.human_name = c.ai_name = c.cnam_name = {};
  c.erased = true;
  ++c.version;
}

}  // namespace

std::vector<std::string> Erased::subjects() const {
  std::vector<std::string> all;
  if (left == 0) all.push_back(contact.to_string());
  for (auto session : sessions) all.push_back(session.to_string());
  return all;
}

std::optional<Contact> evolve(std::optional<Contact> state, const Event& event, Timestamp at) {
  return std::visit(
      [&]<class E>(const E& e) -> std::optional<Contact> {
        if constexpr (std::is_same_v<E, Created>) {
          return on(e, at);
        } else {
          if (state) on(*state, e, at);
          return std::move(state);
        }
      },
      event);
}

std::optional<Name> name_of(const Contact& c) {
  if (c.human_name.clear()) return Name{NameSource::human, *c.human_name.clear()};
  if (c.ai_name.clear() && c.ai_confidence > least_ai_confidence)
    return Name{NameSource::ai, *c.ai_name.clear()};
  if (c.cnam_name.clear()) return Name{NameSource::cnam, *c.cnam_name.clear()};
  return std::nullopt;
}

}  // namespace ringledger::contacts
