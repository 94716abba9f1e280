// Random histories: whatever commands are accepted in whatever order, the book stays true.
#include <random>

#include "commands/campaign.hpp"
#include "commands/number.hpp"
#include "commands/number_assignment.hpp"
#include "commands/number_import.hpp"
#include "commands/number_transfer.hpp"
#include "commands/provider_outcome.hpp"
#include "tests/support/scenario.hpp"

using namespace ringledger;
using namespace ringledger::testing;

namespace {

/// Issues commands drawn from a seed against one account, small enough that they often collide.
class Chaos {
 public:
  explicit Chaos(unsigned seed) : x_random(seed), world(given(acme())) {}

  void step() {
    switch (pick(9)) {
      case 0:
        return import_some();
      case 1:
        return (void)run(AssignToCampaign{workspace(), number(), {true, campaign()}, codes(), false});
      case 2:
        return (void)run(AssignToCampaign{workspace(), number(), {true, {}}, codes(), false});
      case 3:
        return (void)run(AssignMany{workspace(), campaign(), {number(), number(), number()}, codes()});
      case 4:
        return (void)run(
            RenameNumber{workspace(), number(), {true, Text<64>{"label " + std::to_string(pick(3))}}});
      case 5:
        return (void)run(ToggleCnam{workspace(), number(), pick(2) == 0});
      case 6:
        return (void)run(ActivateNumber{workspace(), number(),
                                        pick(3) ? numbers::Status::active : numbers::Status::inactive});
      case 7:
        return transfer_or_delete();
      default:
        return outcome_or_archive();
    }
  }
  /// The properties.
  void check() const {
    std::map<CampaignId, std::int64_t> assigned;
    std::map<E164, int> visible;
    for (const auto& [key, row] : world.rows) {
      const auto* n = row ? std::get_if<numbers::Number>(row.get()) : nullptr;
      if (!n) continue;
      if (n->campaign) ++assigned[*n->campaign];
      if (n->visible()) ++visible[n->e164];
      CHECK_FALSE((n->campaign && n->deleted));
      CHECK_FALSE((n->wanted.hooks && n->wanted.restore));
      CHECK(n->synced_revision <= n->wanted_revision);
      CHECK((n->routing == numbers::Routing::campaign) ==
            (n->campaign && n->status == numbers::Status::active));
      CHECK((n->provider_state == numbers::ProviderState::release_pending) == n->release_pending);
      CHECK(world.book().number_by_e164(n->e164)->id == n->id);
      if (n->campaign) CHECK(world.campaign(*n->campaign).workspace == n->workspace);
      CHECK(world.row<connections::Connection>(n->connection)->workspace == n->workspace);
    }
    for (const auto& [e164, count] : visible) CHECK(count == 1);
    for (const auto& [key, row] : world.rows) {
      if (const auto* c = row ? std::get_if<campaigns::Campaign>(row.get()) : nullptr)
        CHECK(c->numbers == assigned[c->id]);
    }
  }

 private:
  std::mt19937 x_random;

 public:
  World world;
  int accepted = 0;

 private:
  unsigned pick(unsigned below) { return static_cast<unsigned>(x_random() % below); }
  WorkspaceId workspace() { return pick(3) ? dental : vision; }
  CampaignId campaign() { return std::array{spring, autumn, site, texts, vision_ads}[pick(5)]; }
  std::vector<WarningCode> codes() {
    std::vector<WarningCode> all;
    if (pick(4)) all.push_back(WarningCode::moving_between_campaigns);
    if (pick(2)) all.push_back(WarningCode::campaign_left_empty);
    return all;
  }
  NumberId number() {
    const auto* at = world.book().find<NumberByE164>(phone(pick(6)).text);
    return at ? at->number : id<NumberId>(99);
  }
  template <class C>
  bool run(const C& command, const By& who = {}) {
    auto outcome = world.when(command, who);
    if (!outcome.decision()) {
      CHECK(outcome.decision().error().code != Code::internal);
      return false;
    }
    accepted += outcome.decision()->events.empty() ? 0 : 1;
    return world.happened(outcome.decision()->events);
  }
  ProviderFacts provider(ConnectionId connection) {
    ProviderFacts f{connection, {}, "", {}, 0};
    for (unsigned i = 0; i < 6; ++i) {
      if (pick(5))
        f.numbers.push_back(
            {pn(i), phone(i), {true, pick(4) != 0, false, false}, numbers::NumberType::local, {}});
    }
    return f;
  }
  void import_some() {
    ImportNumber c{workspace(), {}, {}, ImportWebhooks(pick(3)), true};
    c.connection = c.workspace == dental ? dental_twilio : vision_twilio;
    for (unsigned i = 0; i < 1 + pick(4); ++i) c.numbers.push_back({{}, NumberSid{pn(pick(6))}, {}});
    run(c, by(owner).facts({provider(c.connection)}));
  }
  void transfer_or_delete() {
    auto from = workspace();
    if (pick(2)) {
      run(TransferWorkspace{from, number(), from == dental ? vision : dental, codes()},
          by(owner).facts({provider(from == dental ? vision_twilio : dental_twilio)}));
      return;
    }
    auto n = number();
    const auto* row = world.row<numbers::Number>(n);
    auto confirm = row ? std::optional(Text<40>{row->e164.text}) : std::nullopt;
    run(DeleteNumber{from, n, pick(2) == 0, confirm, codes()});
  }
  void outcome_or_archive() {
    const auto* n = world.row<numbers::Number>(number());
    if (!n || pick(20) == 0) return (void)run(ArchiveCampaign{dental, texts});
    RecordProviderOutcome c;
    c.workspace = n->workspace;
    c.number = n->id;
    c.connection = n->connection;
    c.revision = n->wanted_revision - pick(2);
    auto how = pick(7);
    if (how < 2) c.actual = numbers::ProviderSettings{};
    if (how == 1) c.cnam_refused = ProviderError{21'409, "no", ""};
    if (how == 2) c.refused = ProviderError{21'211, "bad", ""};
    if (how == 6) c.delayed = ProviderError{20'503, "busy", ""};
    c.gone = how == 3;
    c.released = how == 4;
    if (how == 5) c.release_refused = ProviderError{20'003, "no", ""};
    run(c, By{"system", {}, {}});
  }
};

}  // namespace

TEST_CASE(
    "NUM-03 NUM-05 XFR-09 XFR-10 after any accepted history counts are exact and each E.164 stands once") {
  for (unsigned seed = 1; seed <= 12; ++seed) {
    CAPTURE(seed);
    Chaos chaos(seed);
    for (int i = 0; i < 150; ++i) chaos.step();
    chaos.check();
    CHECK(chaos.accepted > 20);  // the history is one, not a row of refusals
  }
}
