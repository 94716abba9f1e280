#include "tests/projections/support/world.hpp"

#include <algorithm>

namespace ringledger::test {
namespace {

/// The event as a log shows it whose keys of these subjects are destroyed.
Event without_persons(Event event, const std::vector<std::string>& subjects) {
  std::visit(
      [&]<class E>(E& e) {
        if constexpr (requires { e.subject(); }) {
          if (std::ranges::find(subjects, e.subject()) == subjects.end()) return;
          using Fields = boost::describe::describe_members<E, boost::describe::mod_public>;
          boost::mp11::mp_for_each<Fields>([&](auto d) {
            using F = std::remove_cvref_t<decltype(e.*d.pointer)>;
            if constexpr (is_sealed<F>) e.*d.pointer = F();
          });
        }
      },
      event);
  return event;
}

}  // namespace

void Log::forget(const std::vector<std::string>& subjects) {
  for (auto& placed : x_commits) {
    auto left = std::make_shared<Commit>(*placed.commit);
    for (auto& event : left->events) event = without_persons(std::move(event), subjects);
    placed.commit = std::move(left);
  }
}

void Log::commit(std::vector<Event> events, AccountId account) {
  auto c = std::make_shared<Commit>();
  x_now.ms += 1000;
  c->id = id_of<CommitId>(x_end, 9);
  c->account = account;
  c->log_time = x_now;
  c->trace = "trace " + std::to_string(x_end);
  c->first_sequence = x_sequence[account] + 1;
  for (const auto& event : events) {
    if (const auto* e = std::get_if<contacts::Erased>(&event)) forget(e->subjects());
  }
  c->events = std::move(events);
  x_sequence[account] += c->events.size();
  x_end += x_commits.size() % 3;  // a gap now and then
  x_commits.push_back({x_end, std::move(c)});
  ++x_end;
}

CommitBatch Log::batch(std::uint64_t from, std::size_t per_batch) const {
  CommitBatch out;
  out.from = out.next = from;
  for (const auto& placed : x_commits) {
    if (placed.offset < from || out.commits.size() == per_batch) continue;
    out.commits.push_back(placed);
    out.next = placed.offset + 1;
    out.bytes += 100;
  }
  return out;
}

CommitReader Log::reader(std::size_t per_batch) const {
  return [this, per_batch](std::uint64_t from) -> Result<CommitBatch> { return batch(from, per_batch); };
}

void World::open() {
  runner.reset();
  auto opened = ViewRunner::open(*store, x_views, {.epoch = epoch});
  REQUIRE_MESSAGE(opened.has_value(), (opened ? "" : opened.error().detail));
  runner = std::move(*opened);
}

World& World::given(std::vector<Event> events, AccountId account) {
  auto from = log.end();
  log.commit(std::move(events), account);
  auto applied = runner->apply(log.batch(from, 1));
  REQUIRE_MESSAGE(applied.has_value(), (applied ? "" : applied.error().detail));
  REQUIRE(runner->parked_count() == 0);
  return *this;
}

void World::check_verified() const {
  for (const auto& view : runner->views()) {
    MemoryRowStore scratch;
    auto report = runner->verify(view, scratch, log.reader(13));
    REQUIRE_MESSAGE(report.has_value(), (report ? "" : report.error().detail));
    CHECK(report->position == runner->position(view).value());
    CHECK_MESSAGE(report->differences.empty(), view, ": ",
                  report->differences.empty() ? "" : report->differences[0]);
  }
}

numbers::Imported imported(std::uint64_t n, const std::string& e164, std::optional<std::string> label,
                           WorkspaceId workspace) {
  numbers::Imported e;
  e.number = num(n);
  e.workspace = workspace;
  e.connection = con();
  e.e164 = E164{e164};
  e.sid = "PN" + std::to_string(n);
  e.country = e164.starts_with("+1") ? "US" : "GB";
  e.area_code = e164.starts_with("+1") ? e164.substr(2, 3) : "";
  e.number_type = numbers::NumberType::local;
  e.capabilities = {.voice = true, .sms = true};
  e.label = std::move(label);
  return e;
}

numbers::TransferredIn transferred_in(const numbers::Imported& number, WorkspaceId workspace,
                                      ConnectionId connection) {
  numbers::TransferredIn e;
  e.number = number.number;
  e.workspace = workspace;
  e.connection = connection;
  e.e164 = number.e164;
  e.sid = number.sid;
  e.country = number.country;
  e.area_code = number.area_code;
  e.number_type = number.number_type;
  e.capabilities = number.capabilities;
  e.label = number.label;
  return e;
}

campaigns::Created campaign(std::uint64_t n, const std::string& name, campaigns::Type type,
                            WorkspaceId workspace) {
  return {cmp(n), workspace, name, type, {campaigns::Channel::voice}, std::nullopt};
}

}  // namespace ringledger::test
