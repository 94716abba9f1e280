// How a number's state follows from its events: routing, what is wanted of the provider, CNAM, release.
#include "domain/number.hpp"

#include <doctest/doctest.h>

#include "tests/support/samples.hpp"

using namespace ringledger;
using namespace ringledger::testing;
using namespace ringledger::numbers;

namespace {

/// A number folded step by step; each event one second after the one before.
struct Life {
  std::optional<Number> n;
  std::int64_t at = 0;
  Life& then(const numbers::Event& e) {
    n = evolve(std::move(n), e, {at += 1000});
    return *this;
  }
  const Number* operator->() const { return &*n; }
};

Life kept() { return Life{}.then(imported(n1, 1)); }
Life configured() {
  auto e = imported(n1, 1);
  e.wanted.hooks = true;
  return Life{}.then(e);
}
ProviderSynced synced(const Life& l) {
  bool looks_up = l->wanted.cnam.value_or(l->actual.voice_caller_id_lookup);
  return {n1, dental, l->wanted_revision, {{}, "now", looks_up}, {}};
}
/// As an import finds hooks that name the connection.
numbers::Imported found_ours(ConnectionId connection = dental_twilio) {
  auto e = imported(n1, 1);
  e.actual.hooks.voice_url = "https://ring.example/twilio/" + connection.to_string() + "/voice";
  return e;
}
ProviderFailed failed(const Life& l) { return {n1, dental, l->wanted_revision, false, 21'211, "bad url"}; }

}  // namespace

TEST_CASE("an event about a number that was never imported gives no state") {
  CHECK_FALSE(evolve(std::nullopt, assigned(n1, spring), {1}));
  CHECK_FALSE(evolve(std::nullopt, Renamed{n1, dental, "x"}, {1}));
}

TEST_CASE("WHK-02 IMP-06 a number imported with keep is external and nothing is wanted of its provider") {
  auto l = kept();
  CHECK(l->routing == Routing::external);
  CHECK(l->wanted == Wanted{});
  CHECK(l->provider_state == ProviderState::synced);
  CHECK(l->wanted_revision == 0);
  CHECK(l->version == 1);
  CHECK(l->imported_hooks.voice_url == "https://theirs.example/voice");
}

TEST_CASE("WHK-02 a number imported with configure is parked and our hooks are wanted") {
  auto l = configured();
  CHECK(l->routing == Routing::parking);
  CHECK(l->wanted.hooks);
  CHECK(l->provider_state == ProviderState::pending);
  CHECK(l->wanted_revision == 1);
}

TEST_CASE("WHK-01 WHK-02 ASG-02 ASG-11 the first assignment routes to the campaign and wants our hooks") {
  auto l = kept().then(assigned(n1, spring));
  CHECK(l->routing == Routing::campaign);
  CHECK(l->campaign == spring);
  CHECK(l->wanted.hooks);
  CHECK(l->wanted_revision == 1);
  CHECK(l->provider_state == ProviderState::pending);
  CHECK_FALSE(l->untouched);
}

TEST_CASE("WHK-01 moving between campaigns wants nothing new of the provider") {
  auto l = kept().then(assigned(n1, spring)).then(assigned(n1, autumn, spring));
  CHECK(l->wanted_revision == 1);
  CHECK(l->campaign == autumn);
}

TEST_CASE("WHK-02 UNA-03 an unassigned number is parked, not external again") {
  auto l = kept().then(assigned(n1, spring)).then(unassigned(n1, spring));
  CHECK(l->routing == Routing::parking);
  CHECK_FALSE(l->campaign);
  CHECK(l->wanted.hooks);
}

TEST_CASE("WHK-02 SYN-01 reactivating an assigned number restores its route (C8)") {
  auto l = kept().then(assigned(n1, spring)).then(Deactivated{n1, dental});
  CHECK(l->routing == Routing::inactive);
  CHECK(l->campaign == spring);
  l.then(Activated{n1, dental});
  CHECK(l->routing == Routing::campaign);
  CHECK(l->status == Status::active);
}

TEST_CASE("WHK-02 SYN-01 reactivating an external number puts back the hooks found at its import (C8)") {
  auto l = kept().then(Deactivated{n1, dental});
  CHECK(l->routing == Routing::inactive);
  CHECK(l->wanted.hooks);  // to reject calls we must be asked
  l.then(Activated{n1, dental});
  CHECK(l->routing == Routing::external);
  CHECK_FALSE(l->wanted.hooks);
  REQUIRE(l->wanted.restore);
  CHECK(l->wanted.restore->voice_url == "https://theirs.example/voice");
  l.then(assigned(n1, spring));
  CHECK_FALSE(l->wanted.restore);
  CHECK(l->wanted.hooks);
}

TEST_CASE("WHK-02 once assigned, a number does not get theirs hooks back by deactivation and activation") {
  auto l = kept().then(assigned(n1, spring)).then(Deactivated{n1, dental}).then(Activated{n1, dental});
  CHECK(l->wanted.hooks);
  CHECK_FALSE(l->wanted.restore);
}

TEST_CASE("LBL-02 a new label is wanted at Twilio and shows as pending until synced") {
  auto l = kept().then(Renamed{n1, dental, "Front desk"});
  CHECK(l->label == "Front desk");
  CHECK(l->wanted.friendly_name == "Front desk");
  CHECK_FALSE(l->wanted.hooks);
  CHECK(l->provider_state == ProviderState::pending);
  l.then(synced(l));
  CHECK(l->provider_state == ProviderState::synced);
  CHECK(l->actual.friendly_name == "now");
}

TEST_CASE("LBL-01 LBL-02 clearing a label clears it at Twilio too") {
  auto l = kept().then(Renamed{n1, dental, "x"}).then(Renamed{n1, dental, {}});
  CHECK_FALSE(l->label);
  CHECK(l->wanted.friendly_name == "");
  CHECK(l->wanted_revision == 2);
}

TEST_CASE("LBL-03 the label of a number we only refer to is ours alone") {
  auto e = imported(n1, 1);
  e.origin = Origin::byot;
  auto l = Life{}.then(e).then(Renamed{n1, dental, "x"});
  CHECK(l->label == "x");
  CHECK_FALSE(l->wanted.friendly_name);
  CHECK(l->wanted_revision == 0);
}

TEST_CASE("CNA-01 CNAM turns on once the provider did it, and off again") {
  auto l = kept().then(CnamToggled{n1, dental, true});
  CHECK(l->cnam_enabled);
  CHECK(l->cnam_state == CnamState::turning_on);
  CHECK(l->wanted.cnam == true);
  CHECK_FALSE(l->wanted.hooks);  // theirs stay (external)
  l.then(synced(l));
  CHECK(l->cnam_state == CnamState::on);
  l.then(CnamToggled{n1, dental, false});
  CHECK(l->cnam_state == CnamState::turning_off);
  l.then(synced(l));
  CHECK(l->cnam_state == CnamState::off);
  CHECK_FALSE(l->cnam_enabled);
}

TEST_CASE("CNA-01 a number imported with the lookup on shows CNAM on, otherwise off") {
  auto e = imported(n1, 1);
  CHECK(Life{}.then(e)->cnam_state == CnamState::off);
  e.actual.voice_caller_id_lookup = true;
  CHECK(Life{}.then(e)->cnam_state == CnamState::on);
  CHECK(Life{}.then(e)->cnam_enabled);
}

TEST_CASE(
    "CNA-08 CNAM the provider refuses turns back off with the provider's reason, and is wanted no more") {
  auto l = kept().then(CnamToggled{n1, dental, true});
  auto version = l->version;
  l.then(CnamRefused{n1, dental, l->wanted_revision, 21'409, "CNAM cannot be set"}).then(synced(l));
  CHECK_FALSE(l->cnam_enabled);
  CHECK(l->cnam_state == CnamState::refused);
  CHECK(l->cnam_error_code == 21'409);
  CHECK_FALSE(l->wanted.cnam);
  CHECK(l->version == version);  // people changed nothing
  l.then(CnamToggled{n1, dental, true});
  CHECK(l->cnam_state == CnamState::turning_on);
  CHECK(l->cnam_error_code == 0);
}

TEST_CASE("CNA-08 a refusal to turn CNAM off leaves it on") {
  auto l = kept().then(CnamToggled{n1, dental, true});
  l.then(synced(l)).then(CnamToggled{n1, dental, false});
  auto still_on = l->actual;
  l.then(CnamRefused{n1, dental, l->wanted_revision, 21'409, "no"})
      .then(ProviderSynced{n1, dental, l->wanted_revision, still_on, {}});
  CHECK(l->cnam_enabled);
  CHECK(l->cnam_state == CnamState::refused);
}

TEST_CASE("CNA-01 CNAM that was set while the label was refused is on") {
  auto l = kept().then(Renamed{n1, dental, "Bad"}).then(CnamToggled{n1, dental, true});
  auto e = failed(l);
  e.refused = {SettingGroup::label};
  e.actual = ProviderSettings{{}, "as it was", true};
  l.then(e);
  CHECK(l->provider_state == ProviderState::failed);
  CHECK(l->cnam_state == CnamState::on);
  CHECK(l->actual.friendly_name == "as it was");
}

TEST_CASE("CNA-08 a refusal of an older wish does not touch the newer one") {
  auto l = kept().then(CnamToggled{n1, dental, true});
  auto old = l->wanted_revision;
  l.then(Renamed{n1, dental, "x"}).then(CnamRefused{n1, dental, old, 21'409, "no"});
  CHECK(l->cnam_enabled);
  CHECK(l->cnam_state == CnamState::turning_on);
}

TEST_CASE("an outcome of an older wish leaves the number pending") {
  auto l = kept().then(Renamed{n1, dental, "a"});
  auto outcome = synced(l);
  l.then(Renamed{n1, dental, "b"}).then(outcome);
  CHECK(l->provider_state == ProviderState::pending);
  CHECK(l->synced_revision == 1);
  CHECK(l->actual.friendly_name == "now");
  auto late = failed(l);
  late.revision = 1;
  l.then(late);
  CHECK(l->provider_state == ProviderState::pending);
}

TEST_CASE("LBL-02 what the provider refused shows as failed, and the same wish again is another try") {
  auto l = kept().then(Renamed{n1, dental, "a"});
  l.then(failed(l));
  CHECK(l->provider_state == ProviderState::failed);
  CHECK(l->provider_error_code == 21'211);
  l.then(Renamed{n1, dental, "a"});
  CHECK(l->wanted_revision == 2);
  CHECK(l->provider_state == ProviderState::pending);
  CHECK(l->provider_error_code == 0);
  CHECK(l->provider_error_message.empty());
}

TEST_CASE("SYN-01 the same status wished again after a failure is another try, and restores nothing") {
  auto l = kept().then(Renamed{n1, dental, "a"});
  l.then(failed(l)).then(Activated{n1, dental});
  CHECK(l->wanted_revision == 2);
  CHECK(l->provider_state == ProviderState::pending);
  CHECK_FALSE(l->wanted.restore);
}

TEST_CASE("what our own last write brought to the provider is known while its outcome is") {
  auto l = kept().then(assigned(n1, spring));
  CHECK(l->written == Wanted{});
  l.then(synced(l));
  CHECK(l->written == l->wanted);
  auto late = synced(l.then(Renamed{n1, dental, "a"}));
  l.then(Renamed{n1, dental, "b"}).then(late);
  CHECK(l->written == Wanted{});  // which of the two was sent is not known
}

TEST_CASE("SYN-04 a provider that keeps failing shows its error; the number stays pending") {
  auto l = kept().then(Renamed{n1, dental, "a"});
  auto version = l->version;
  auto checked = l->last_checked_at;
  l.then(ProviderDelayed{n1, dental, l->wanted_revision, 5, 20'503, "busy"});
  CHECK(l->provider_state == ProviderState::pending);
  CHECK(l->provider_error_code == 20'503);
  CHECK(l->version == version);
  CHECK(l->last_checked_at == checked);  // nothing was told of what is there
  l.then(synced(l));
  CHECK(l->provider_error_message.empty());
}

TEST_CASE("a number that the provider has no more is gone") {
  auto l = kept().then(Renamed{n1, dental, "a"});
  auto e = failed(l);
  e.gone = true;
  CHECK(l.then(e)->provider_state == ProviderState::gone);
}

TEST_CASE(
    "DEL-01 DEL-02 a deleted number leaves the inventory and keeps its id and revision when imported again") {
  auto l = kept().then(assigned(n1, spring)).then(Deleted{n1, dental, spring, false, {}});
  CHECK(l->deleted);
  CHECK_FALSE(l->visible());
  CHECK_FALSE(l->campaign);
  CHECK(l->provider_state != ProviderState::release_pending);
  auto version = l->version;
  auto revision = l->wanted_revision;
  l.then(imported(n1, 1));
  CHECK(l->visible());
  CHECK(l->routing == Routing::external);
  CHECK(l->version == version + 1);
  CHECK(l->wanted_revision == revision);  // an outcome still under way cannot pass for a new one
  CHECK(l->synced_revision == revision);
}

TEST_CASE("DEL-02 WHK-02 imported again with our own hooks still there it is parked, not external") {
  auto l = kept().then(assigned(n1, spring)).then(Deleted{n1, dental, spring, false, {}});
  auto revision = l->wanted_revision;
  l.then(found_ours());
  CHECK(l->routing == Routing::parking);
  CHECK(l->imported_hooks.voice_url == "https://theirs.example/voice");  // what undo would restore
  CHECK(l->wanted.hooks);
  CHECK(l->wanted_revision == revision);  // they are there: nothing is to be sent
  CHECK(l->provider_state == ProviderState::synced);
}

TEST_CASE("DEL-02 WHK-02 our hooks of another connection are replaced by this one's") {
  auto e = found_ours();
  e.connection = vision_twilio;
  auto l = kept().then(Deleted{n1, dental, {}, false, {}}).then(e);
  CHECK(l->routing == Routing::parking);
  CHECK(l->provider_state == ProviderState::pending);
}

TEST_CASE("WHK-02 our voice URL behind their application or trunk is theirs: external") {
  auto e = found_ours();
  SUBCASE("application") { e.actual.hooks.voice_application_sid = "AP1"; }
  SUBCASE("trunk") { e.actual.hooks.trunk_sid = "TK1"; }
  CHECK(kept().then(Deleted{n1, dental, {}, false, {}}).then(e)->routing == Routing::external);
}

TEST_CASE("DEL-07 a release shows as pending until the provider confirms it") {
  auto l = kept().then(Deleted{n1, dental, {}, true, {}});
  CHECK(l->visible());
  CHECK(l->release_pending);
  CHECK(l->provider_state == ProviderState::release_pending);
  CHECK(l->routing == Routing::inactive);
  l.then(ReleaseFailed{n1, dental, 20'003, "no"});
  CHECK(l->visible());
  CHECK(l->provider_state == ProviderState::release_pending);
  CHECK(l->provider_error_code == 20'003);
  CHECK(l->release_refused);
  auto revision = l->wanted_revision;
  l.then(Deleted{n1, dental, {}, true, {}});
  CHECK(l->provider_error_message.empty());
  CHECK_FALSE(l->release_refused);
  CHECK(l->wanted_revision == revision + 1);  // each asking has an outcome of its own
  l.then(Released{n1, dental});
  CHECK_FALSE(l->visible());
  CHECK(l->provider_state == ProviderState::gone);
}

TEST_CASE("DEL-07 a late outcome of an older wish does not hide a pending release") {
  auto l = kept().then(Renamed{n1, dental, "a"});
  auto late = synced(l);
  l.then(Deleted{n1, dental, {}, true, {}}).then(late);
  CHECK(l->provider_state == ProviderState::release_pending);
  l.then(failed(l));
  CHECK(l->provider_state == ProviderState::release_pending);
}

TEST_CASE("XFR-04 XFR-05 XFR-06 a transferred number is unassigned and parked at the destination") {
  auto l = kept().then(assigned(n1, spring)).then(TransferredOut{n1, dental, spring, {}});
  TransferredIn in;
  in.number = n1;
  in.workspace = vision;
  in.connection = vision_twilio;
  in.e164 = phone(1);
  in.wanted.hooks = true;
  l.then(in);
  CHECK(l->workspace == vision);
  CHECK_FALSE(l->campaign);
  CHECK(l->routing == Routing::parking);
  CHECK(l->provider_state == ProviderState::pending);
  CHECK(l->wanted_revision == 2);  // at the new connection everything is asked anew
  CHECK(l->synced_revision == 1);
  CHECK(l->imported_hooks.voice_url == "https://theirs.example/voice");
}

TEST_CASE("an inactive number stays inactive over a transfer") {
  TransferredIn in;
  in.number = n1;
  in.workspace = vision;
  in.status = Status::inactive;
  CHECK(kept().then(in)->routing == Routing::inactive);
}

TEST_CASE("the version counts what people configured; provider outcomes only move when it was checked") {
  auto l = kept().then(Renamed{n1, dental, "a"});
  auto version = l->version;
  auto checked = l->last_checked_at;
  l.then(synced(l));
  CHECK(l->version == version);
  CHECK(checked < l->last_checked_at);
  CHECK(l.then(Deactivated{n1, dental})->version == version + 1);
}

TEST_CASE(
    "WHK-01 hooks that name an old public URL are wanted anew; nothing that people configured changes") {
  auto l = kept().then(Renamed{n1, dental, "a"});
  l.then(synced(l));
  const Number before = *l.n;
  l.then(HooksOutdated{n1, dental, "https://new.example"});
  CHECK(l->wanted_revision == l->synced_revision + 1);
  CHECK(l->provider_state == ProviderState::pending);
  CHECK((l->wanted == before.wanted && l->version == before.version));
  CHECK(l->last_checked_at == before.last_checked_at);
  l.then(Deleted{n1, dental, {}, false, {}});
  auto deleted = l->wanted_revision;
  CHECK(l.then(HooksOutdated{n1, dental, "https://newer.example"})->wanted_revision == deleted);
}
