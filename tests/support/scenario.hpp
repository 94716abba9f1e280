// given(events).when(command, by principal).then(events): what a command does to a history, in one line.
//
// Standing properties of every `when`: the command decided twice gives the same; decided with a book that
// misses every row once, it gives the same after fetching; accepted events fold; the answer's version is
// the one the book has afterwards, its status one of those the command declares. Failures are shown at
// the scenario's line.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <boost/describe/enum_to_string.hpp>
#include <map>
#include <set>
#include <source_location>

#include "commands/command.hpp"
#include "tests/support/fakes.hpp"
#include "tests/support/samples.hpp"

namespace ringledger::testing {

using Where = std::source_location;

inline void fail_at(const Where& at, const std::string& why) {
  ADD_FAIL_CHECK_AT(at.file_name(), static_cast<int>(at.line()), why);
}
/// Type names, for messages.
inline std::string names_of_types(const std::vector<Event>& events) {
  std::string all;
  for (const auto& e : events) all += std::string(all.empty() ? "" : ", ") + std::string(type_of(e));
  return all.empty() ? "nothing" : all;
}
inline std::string name_of(Code code) { return boost::describe::enum_to_string(code, "?"); }

/// The only event of its type.
template <class E>
E one(const std::vector<Event>& events) {
  const E* found = nullptr;
  for (const auto& event : events) {
    const auto* e = std::get_if<E>(&event);
    REQUIRE_MESSAGE((!e || !found), "more than one " << std::string(E::type));
    if (e) found = e;
  }
  REQUIRE_MESSAGE(found, "no " << std::string(E::type));
  return *found;
}

/// Who asks, having seen which version, and what the provider said meanwhile.
struct By {
  std::string principal = owner.to_string();
  std::optional<std::int64_t> version;
  std::vector<ProviderFacts> gathered;

  By if_match(std::int64_t v) const {
    By copy = *this;
    copy.version = v;
    return copy;
  }
  By facts(std::vector<ProviderFacts> f) const {
    By copy = *this;
    copy.gathered = std::move(f);
    return copy;
  }
};
inline By by(MemberId member) { return {member.to_string(), {}, {}}; }
inline By by(KeyId key) { return {key.to_string(), {}, {}}; }

/// What a command came to, and the checks on it.
template <class A>
class Outcome {
 public:
  Outcome(Decision<A> decision, Where at) : x_decision(std::move(decision)), x_at(at) {}

  Outcome& then(const std::vector<Event>& expected) {
    if (!accepted()) return *this;
    const auto& events = x_decision->events;
    if (events == expected) return *this;
    std::string why = "expected " + names_of_types(expected) + "; came " + names_of_types(events);
    for (std::size_t i = 0; i < events.size() && i < expected.size(); ++i) {
      if (events[i] != expected[i]) {
        why += "; event " + std::to_string(i) + " differs";
        break;
      }
    }
    fail_at(x_at, why);
    return *this;
  }
  Outcome& then_nothing() { return then({}); }
  Outcome& then_refused(Code code, auto&& look) {
    if (x_decision) {
      fail_at(x_at, "expected " + name_of(code) + "; came " + names_of_types(x_decision->events));
    } else if (x_decision.error().code != code) {
      fail_at(x_at, "expected " + name_of(code) + "; came " + name_of(x_decision.error().code) + ": " +
                        x_decision.error().detail);
    } else {
      look(x_decision.error());
    }
    return *this;
  }
  Outcome& then_refused(Code code) {
    return then_refused(code, [](const Refusal&) {});
  }
  Outcome& then_answer(auto&& look) {
    if (accepted()) look(x_decision->result);
    return *this;
  }
  Outcome& then_status(int status) {
    if (accepted() && x_decision->status != status)
      fail_at(x_at, "status " + std::to_string(x_decision->status));
    return *this;
  }
  [[nodiscard]] const Decision<A>& decision() const { return x_decision; }
  [[nodiscard]] std::vector<Event> events() const {
    return x_decision ? x_decision->events : std::vector<Event>{};
  }

 private:
  bool accepted() {
    if (x_decision) return true;
    fail_at(x_at, "was refused: " + name_of(x_decision.error().code) + ": " + x_decision.error().detail);
    return false;
  }
  Decision<A> x_decision;
  Where x_at;
};

/// One account's book, grown by events.
class World {
 public:
  std::map<std::string, BookRowPtr> rows;
  Timestamp now{1'700'000'000'000};
  std::uint64_t sequence = 0, commits = 0;

  Book book() const {
    return {account, [this](const std::string& key) -> std::optional<BookRowPtr> { return stored(key); }};
  }
  /// Folds the events as one commit; impossible history fails the test.
  bool happened(const std::vector<Event>& events, Where at = Where::current()) {
    Commit commit;
    commit.account = account;
    commit.id = id<CommitId>(++commits);
    commit.key_hash = "key " + std::to_string(commits);
    commit.log_time = now;
    commit.first_sequence = sequence + 1;
    commit.events = events;
    Book b = book();
    auto changes = fold_into_book(commit, commits, b);
    if (!changes) {
      fail_at(at, "impossible history: " + changes.error().detail);
      return false;
    }
    for (auto& change : *changes) rows[change.key] = change.row;
    sequence += events.size();
    now.ms += 1000;
    return true;
  }
  template <class R, class Tag>
  const R* row(Id<Tag> of) const {
    auto at = rows.find(book_key(account, row_kind<R>, raw_name(of.raw)));
    return at == rows.end() || !at->second ? nullptr : std::get_if<R>(at->second.get());
  }
  const numbers::Number& number(NumberId n) const { return *row<numbers::Number>(n); }
  const campaigns::Campaign& campaign(CampaignId c) const { return *row<campaigns::Campaign>(c); }

  /// The decision, with the standing properties checked.
  template <class C>
  Outcome<typename C::Answer> when(const C& command, const By& who = {}, Where at = Where::current()) const {
    auto first = decided(command, who, book());
    if (!same(first, decided(command, who, book()))) fail_at(at, "decided twice, it differs");
    if (!same(first, decided_with_misses(command, who, at))) fail_at(at, "with rows fetched, it differs");
    if (first) check_answer(*first, at);
    auto declared = statuses_of<C>();
    if (first && std::find(declared.begin(), declared.end(), first->status) == declared.end())
      fail_at(at, "the status " + std::to_string(first->status) + " is not declared");
    return {std::move(first), at};
  }
  /// Decides, and folds what was accepted.
  template <class C>
  bool does(const C& command, const By& who = {}, Where at = Where::current()) {
    auto outcome = when(command, who, at);
    return outcome.decision() && happened(outcome.decision()->events, at);
  }

 private:
  BookRowPtr stored(const std::string& key) const {
    auto at = rows.find(key);
    return at == rows.end() ? nullptr : at->second;
  }
  template <class C>
  auto decided(const C& command, const By& who, const Book& b) const {
    static const FakePhones phones;
    static const FakeMint mint;
    std::vector<std::uint64_t> draws(1'100);
    for (std::size_t i = 0; i < draws.size(); ++i) draws[i] = 1'000'000 * (commits + 1) + i;
    Context ctx;
    ctx.principal = {who.principal};
    ctx.account = account;
    ctx.now = now;
    ctx.draws = draws;
    ctx.if_match = who.version;
    ctx.phones = &phones;
    ctx.mint = &mint;
    ctx.facts = &who.gathered;
    return decide(command, b, ctx);
  }
  template <class C>
  auto decided_with_misses(const C& command, const By& who, const Where& at) const {
    std::set<std::string> fetched;
    for (int round = 0;; ++round) {
      Book b(account, [&](const std::string& key) -> std::optional<BookRowPtr> {
        if (!fetched.contains(key)) return std::nullopt;
        return stored(key);
      });
      auto decision = decided(command, who, b);
      if (b.misses().empty()) return decision;
      if (round == 5'000) {
        fail_at(at, "misses never end");
        return decision;
      }
      for (const auto& key : b.misses()) fetched.insert(key);
    }
  }
  template <class A>
  static bool same(const Decision<A>& a, const Decision<A>& b) {
    if (a.has_value() != b.has_value()) return false;
    if (!a) return a.error() == b.error();
    return a->events == b->events && a->result == b->result && a->status == b->status;
  }
  template <class A>
  void check_answer(const Accepted<A>& accepted, const Where& at) const {
    World later = *this;
    if (!later.happened(accepted.events, at)) return;
    if constexpr (requires(const A& a) {
                    a.id;
                    a.version;
                  }) {
      auto version = later.version_of(accepted.result.id);
      if (version && *version != accepted.result.version) {
        fail_at(at, "answered version " + std::to_string(accepted.result.version) + ", the book has " +
                        std::to_string(*version));
      }
    }
  }
  template <class R, class Tag>
  std::optional<std::int64_t> version_in(Id<Tag> of) const {
    const auto* r = row<R>(of);
    return r ? std::optional(r->version) : std::nullopt;
  }
  auto version_of(NumberId i) const { return version_in<numbers::Number>(i); }
  auto version_of(CampaignId i) const { return version_in<campaigns::Campaign>(i); }
  auto version_of(ConnectionId i) const { return version_in<connections::Connection>(i); }
  auto version_of(WorkspaceId i) const { return version_in<workspaces::Workspace>(i); }
  auto version_of(MemberId i) const { return version_in<members::Member>(i); }
  auto version_of(KeyId i) const { return version_in<keys::Key>(i); }
  auto version_of(ContactId i) const { return version_in<contacts::Contact>(i); }
  auto version_of(CallId i) const { return version_in<calls::Call>(i); }
};

inline World given(const std::vector<Event>& events, Where at = Where::current()) {
  World world;
  for (const auto& e : events) world.happened({e}, at);
  return world;
}
/// The n-th id a command draws in a history of `world`'s length.
template <class IdType>
IdType drawn(const World& world, std::uint64_t n) {
  return IdType{RawId::make(static_cast<std::uint64_t>(world.now.ms), account.slot(),
                            1'000'000 * (world.commits + 1) + n)};
}

}  // namespace ringledger::testing
