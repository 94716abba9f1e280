// Contacts: which name counts, what an erasure leaves.
#include "domain/contact.hpp"

#include <doctest/doctest.h>

using namespace ringledger;
using namespace ringledger::contacts;

namespace {

const ContactId ann{RawId::make(1, 7, 1)};
const WorkspaceId ws{RawId::make(1, 7, 2)};
const Timestamp now{1'700'000'000'000};

Named named(NameSource source, const std::string& name, std::optional<Share> confidence = {},
            std::optional<Share> gate = {}) {
  Named e{ann, ws, source, confidence, {}, gate};
  if (!name.empty()) e.name = Personal(name);
  return e;
}
Contact after(const std::vector<contacts::Event>& events) {
  auto c = evolve({}, Created{ann, ws, Source::call, "US", Personal<std::string>("+12125550100")}, now);
  for (const auto& e : events) c = evolve(std::move(c), e, now);
  return *c;
}
std::string name(const std::vector<contacts::Event>& events) {
  auto n = name_of(after(events));
  return n ? n->text : "";
}

}  // namespace

TEST_CASE("CNA-05 CNA-07 a human's name stands before AI's, that before CNAM's, whatever came last") {
  const auto human = named(NameSource::human, "Ann"), cnam = named(NameSource::cnam, "ANN CALLER");
  const auto sure = named(NameSource::ai, "Anna", Share{8'001});
  CHECK(name({}).empty());
  CHECK(name({cnam}) == "ANN CALLER");
  CHECK(name({cnam, sure}) == "Anna");
  CHECK(name({sure, cnam}) == "Anna");
  CHECK(name({human, sure, cnam}) == "Ann");
  CHECK(name({human, cnam, named(NameSource::human, "")}) == "ANN CALLER");
  CHECK(name_of(after({cnam, sure}))->source == NameSource::ai);
}

TEST_CASE(
    "CNA-05 CNA-06 AI replaces only when it is surer than 80 %, strictly, also where nobody has a name") {
  const auto cnam = named(NameSource::cnam, "ANN CALLER");
  CHECK(name({cnam, named(NameSource::ai, "Anna", Share{8'000})}) == "ANN CALLER");
  CHECK(name({named(NameSource::ai, "Anna", Share{8'000})}).empty());
  CHECK(name({named(NameSource::ai, "Anna", Share{8'001})}) == "Anna");
}

TEST_CASE(
    "CNA-06 where nobody else gave a name the workspace's gate counts, strictly; above CNAM 80 %, too") {
  const auto cnam = named(NameSource::cnam, "ANN CALLER");
  const Share gate{6'000}, high{9'500};
  CHECK(name({named(NameSource::ai, "Anna", Share{6'001}, gate)}) == "Anna");
  CHECK(name({named(NameSource::ai, "Anna", Share{6'000}, gate)}).empty());
  CHECK(name({named(NameSource::ai, "Anna", Share{8'000}, gate), cnam}) == "ANN CALLER");
  CHECK(name({named(NameSource::ai, "Anna", Share{8'001}, gate), cnam}) == "Anna");
  CHECK(name({named(NameSource::ai, "Anna", Share{9'500}, high)}).empty());
  CHECK(name({named(NameSource::ai, "Anna", Share{9'501}, high), cnam}) == "Anna");
}

TEST_CASE("CNA-05 a guess that counts for less wipes no name that counts; one that counts as much does") {
  const auto cnam = named(NameSource::cnam, "ANN CALLER");
  const auto sure = named(NameSource::ai, "Anna", Share{9'500});
  const Share gate{5'000};
  CHECK(name({sure, named(NameSource::ai, "Bob", Share{3'000})}) == "Anna");
  CHECK(name({cnam, sure, named(NameSource::ai, "Bob", Share{7'000}, gate)}) == "Anna");
  CHECK(name({sure, named(NameSource::ai, "Bob", Share{8'100})}) == "Bob");
  CHECK(name({sure, named(NameSource::ai, "")}).empty());
  CHECK(name({named(NameSource::ai, "Anna", Share{7'000}, gate),
              named(NameSource::ai, "Bob", Share{4'000}, gate)}) == "Anna");
  CHECK(name({named(NameSource::ai, "Anna", Share{7'000}, gate),
              named(NameSource::ai, "Bob", Share{6'000}, gate)}) == "Bob");
}

TEST_CASE("an erasure leaves the same whether the names before it can be read any more or not") {
  const Erased erased{ann, ws, {}, {}, {}, {}, 0};
  auto read = after({named(NameSource::ai, "Anna", Share{9'500}, Share{6'000}),
                     named(NameSource::ai, "Bob", Share{3'000}), erased});
  auto unreadable = after({named(NameSource::ai, "", Share{9'500}, Share{6'000}),
                           named(NameSource::ai, "", Share{3'000}), erased});
  CHECK(read == unreadable);
}

TEST_CASE("CMP-04 consent dates from when it was said, also when that was found late") {
  ConsentChanged said{ann, ws, Consent::opted_out, ConsentSource::keyword, "STOP", {}};
  CHECK(after({said}).consent_at == now);
  said.said_at = Timestamp{now.ms - 5'000};
  CHECK(after({said}).consent_at == said.said_at);
}

TEST_CASE("an erasure leaves country, consent and version, and nothing of the person") {
  auto c = after({named(NameSource::human, "Ann"), named(NameSource::ai, "Anna", Share{9'000}),
                  named(NameSource::cnam, "ANN CALLER"),
                  ConsentChanged{ann, ws, Consent::opted_out, ConsentSource::keyword, "STOP", {}},
                  Erased{ann, ws, {}, {}, {}, {}, 0}});
  CHECK(c.erased);
  for (const auto& gone : {c.phone, c.human_name, c.ai_name, c.cnam_name}) CHECK_FALSE(gone.clear());
  CHECK_FALSE(name_of(c));
  CHECK(c.consent == Consent::opted_out);
  CHECK(c.country == "US");
}

TEST_CASE(
    "LOG-01 an update changes what it tells and what it clears; an erasure leaves the same, read or not") {
  Updated all{ann,
              ws,
              Money{1, "USD"},
              leads::Status::new_,
              Personal<std::string>("notes"),
              Personal(leads::Tags{"a", "b"}),
              {}};
  Updated some{ann, ws, {}, leads::Status::junk, {}, {}, {leads::Field::deal_value, leads::Field::tags}};
  auto c = after({all, some});
  CHECK_FALSE(c.deal_value);
  CHECK(c.lead_status == leads::Status::junk);
  CHECK(c.notes.clear() == "notes");
  CHECK_FALSE(c.tags.clear());
  CHECK(c.version == 3);
  const Erased erased{ann, ws, {}, {}, {}, {}, 0};
  auto read = after({some, all, erased});
  all.notes = {};
  all.tags = {};
  CHECK(after({some, all, erased}) == read);
  CHECK(read.deal_value == Money{1, "USD"});
}

TEST_CASE("an erasure destroys the keys of the contact and of the visits its calls were owed to") {
  const SessionId session{RawId::make(1, 7, 3)};
  Erased e{ann, ws, {CallId{RawId::make(1, 7, 4)}}, {}, {session}, {}, 0};
  CHECK(e.subjects() == std::vector{ann.to_string(), session.to_string()});
}
