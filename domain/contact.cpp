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

/// How far an AI's name counts, both bounds strict: not at all, where nobody else gave one, before CNAM's.
enum class Weight { none, alone, before_cnam };
Weight weight_of(Share confidence, Share gate) {
  if (confidence <= gate) return Weight::none;
  return confidence > least_ai_confidence ? Weight::before_cnam : Weight::alone;
}
Weight weight_of_ai(const Contact& c) {
  return c.ai_name.clear() ? weight_of(c.ai_confidence, c.ai_gate) : Weight::none;
}

/// A guess that counts for less than the name there is does not take its place.
void on_ai_name(Contact& c, const Named& e) {
  auto confidence = e.confidence.value_or(Share{});
  auto gate = e.gate.value_or(least_ai_confidence);
  if (e.name.clear() && weight_of(confidence, gate) < weight_of_ai(c)) return;
  c.ai_name = e.name;
  c.ai_confidence = confidence;
  c.ai_gate = gate;
}

void on(Contact& c, const Named& e, Timestamp) {
  switch (e.source) {
    case NameSource::human:
      c.human_name = e.name;
      ++c.version;  // what people configured
      break;
    case NameSource::ai:
      on_ai_name(c, e);
      break;
    case NameSource::cnam:
      c.cnam_name = e.name;
      break;
  }
}

void on(Contact& c, const ConsentChanged& e, Timestamp at) {
  c.consent = e.consent;
  c.consent_at = e.said_at.value_or(at);
  c.consent_message = e.message;
}

void on(Contact& c, const Updated& e, Timestamp) { leads::update(c, e); }

/// What is no personal field outlives it: that it said stop, what it was worth, too.
void on(Contact& c, const Erased&, Timestamp) {
  c.phone = c.human_name = c.ai_name = c.cnam_name = c.notes = {};
  c.tags = {};
  c.ai_confidence = {};  // which guess was kept rests on names that nobody can read any more
  c.ai_gate = least_ai_confidence;
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
  auto weight = weight_of_ai(c);
  if (weight == Weight::before_cnam) return Name{NameSource::ai, *c.ai_name.clear()};
  if (c.cnam_name.clear()) return Name{NameSource::cnam, *c.cnam_name.clear()};
  if (weight == Weight::alone) return Name{NameSource::ai, *c.ai_name.clear()};
  return std::nullopt;
}

}  // namespace ringledger::contacts
