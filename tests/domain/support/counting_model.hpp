// A model of several writers over one log, small enough to look at every state: records land late, twice or
// never; nodes claim, decide, resign, crash and are restarted. What counts is judged by the real code of
// domain/counting.hpp. Each rule of protocol.md can be switched off, to see that it is needed.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

#include "domain/counting.hpp"

namespace ringledger::model {

/// Of "Why each rule": what is not kept.
enum class Drop {
  nothing,
  term_in_commit,
  seq_exact,
  claim_only_if_greater,
  node,
  incarnation,
  commit_id_new,     ///< neither the fold nor the writer looks for it in what counted
  writer_looks_too,  ///< only the fold does
  answer_after_read_back,
  open_after_the_claim,
  failed_produce_ends_the_term,
  refusals_as_commits,
};

struct Bounds {
  int nodes = 2, keys = 3, terms = 3, pipeline = 2;
  int crashes = 1, failures = 1, copies = 1, losses = 1;
};

/// Of one record; keys are 1, 2, …; `basis` the keys counted before it, as digits.
struct Record {
  std::uint8_t claim = 0, term = 0, node = 0, seq = 0, key = 0;
  std::uint32_t basis = 0;
  auto operator<=>(const Record&) const = default;
};

/// The counting fold's state: as Ownership, with names as numbers, and what counted so far.
struct Fold {
  std::uint8_t term = 0, owner = 0, seq = 0;
  std::uint32_t counted = 0;  ///< keys as digits, in order
  auto operator<=>(const Fold&) const = default;
  [[nodiscard]] bool has(int key) const {
    for (auto rest = counted; rest > 0; rest /= 10)
      if (static_cast<int>(rest % 10) == key) return true;
    return false;
  }
};

struct Writer {
  std::uint8_t name = 0;  ///< of this incarnation
  std::uint8_t read = 0;  ///< records of the log
  std::uint8_t claims = 0, open = 0, next_seq = 0;
  Fold fold;
  std::uint32_t basis = 0;      ///< what the next decision rests on
  std::vector<Record> flights;  ///< decided, not read back
  auto operator<=>(const Writer&) const = default;
};

struct State {
  std::vector<Record> log;      ///< what not everybody has read yet
  std::vector<Record> transit;  ///< sorted: any may land next
  std::vector<Writer> nodes;
  Fold base, whole;  ///< before and after `log`
  std::uint8_t issued = 0, names = 0;
  std::uint8_t crashes = 0, failures = 0, copies = 0, losses = 0;
  auto operator<=>(const State&) const = default;
};

struct Verdict {
  std::size_t states = 0;
  std::string violation;           ///< "" when every state is right
  std::vector<std::string> trace;  ///< the shortest way to it
};

class Model {
 public:
  Model(Bounds bounds, Drop drop) : x_bounds(bounds), x_drop(drop) {}

  /// Every state that can be reached, breadth first.
  Verdict run() {
    State first;
    for (int n = 0; n < x_bounds.nodes; ++n) {
      Writer w;
      w.name = ++first.names;
      first.nodes.push_back(w);
    }
    visit(first, 0, "");
    for (std::size_t at = 0; at < x_states.size() && x_verdict.violation.empty(); ++at) {
      x_at = at;
      State s = x_states[at];
      step(s);
    }
    x_verdict.states = x_states.size();
    return x_verdict;
  }

 private:
  [[nodiscard]] bool kept(Drop rule) const { return x_drop != rule; }

  /// The real rules; a rule that is switched off is fed what makes it hold.
  bool take(Fold& f, const Record& r) const {
    Ownership own;
    own.epoch = "e";
    own.term = kept(Drop::claim_only_if_greater) ? f.term : 0;
    if (!own.take({r.term, std::to_string(r.node), ""})) return false;
    f.term = r.term;
    f.owner = r.node;
    f.seq = 0;
    return true;
  }
  bool count(Fold& f, const Record& r) const {
    Ownership own;
    own.epoch = "e";
    own.term = f.term;
    own.owner = f.owner ? std::to_string(f.owner) : "";
    own.seq = f.seq;
    Commit c;
    c.term = kept(Drop::term_in_commit) ? r.term : f.term;
    c.node = kept(Drop::node) ? std::to_string(r.node) : own.owner;
    c.seq = r.seq;
    if (!kept(Drop::seq_exact) && r.seq > f.seq) own.seq = r.seq - 1U;
    bool seen = kept(Drop::commit_id_new) && f.has(r.key);
    if (own.count(c, seen ? std::optional(Timestamp{0}) : std::nullopt, Timestamp{1})) return false;
    f.seq = static_cast<std::uint8_t>(own.seq);
    f.counted = f.counted * 10 + r.key;
    return true;
  }
  bool fold(Fold& f, const Record& r) const { return r.claim ? take(f, r) : count(f, r); }

  void violated(const std::string& what, const std::string& action) {
    if (!x_verdict.violation.empty()) return;
    x_verdict.violation = what;
    std::vector<std::string> back{action};
    for (auto at = x_at; at > 0; at = x_from[at].first) back.push_back(x_from[at].second);
    x_verdict.trace.assign(back.rbegin(), back.rend());
  }

  void visit(State s, std::size_t from, const std::string& action) {
    forget_what_all_read(s);
    std::ranges::sort(s.transit);
    if (!x_seen.emplace(bytes(s), 0).second) return;
    x_states.push_back(std::move(s));
    x_from.emplace_back(from, action);
  }
  /// A restarted node folds from the beginning: what comes out is the same, so the beginning may move.
  void forget_what_all_read(State& s) const {
    std::size_t all = s.log.size();
    for (const auto& w : s.nodes) all = std::min<std::size_t>(all, w.read);
    for (std::size_t i = 0; i < all; ++i) fold(s.base, s.log[i]);
    s.log.erase(s.log.begin(), s.log.begin() + static_cast<std::ptrdiff_t>(all));
    for (auto& w : s.nodes) w.read = static_cast<std::uint8_t>(w.read - all);
  }

  void step(const State& s) {
    for (std::size_t i = 0; i < s.transit.size(); ++i) {
      if (i > 0 && s.transit[i] == s.transit[i - 1]) continue;
      land(s, i);
      lose(s, i);
      copy(s, i);
    }
    for (std::size_t n = 0; n < s.nodes.size(); ++n) {
      deliver(s, n);
      claim(s, n);
      for (int key = 1; key <= std::min(s.issued + 1, x_bounds.keys); ++key) submit(s, n, key);
      fail(s, n);
      crash(s, n);
    }
  }

  void land(State s, std::size_t i) {
    Record r = s.transit[i];
    std::string action = "land " + text(r);
    s.transit.erase(s.transit.begin() + static_cast<std::ptrdiff_t>(i));
    Fold before = s.whole;
    s.log.push_back(r);
    bool counts = fold(s.whole, r);
    if (counts && !r.claim) {
      if (before.has(r.key)) violated("key " + std::to_string(r.key) + " counts twice", action);
      if (r.basis != before.counted)
        violated("it counts after " + std::to_string(before.counted) + ", but was decided on " +
                     std::to_string(r.basis),
                 action);
    }
    if (!counts && !r.claim && !kept(Drop::answer_after_read_back)) {
      for (const auto& w : s.nodes) {
        if (std::ranges::find(w.flights, r) != w.flights.end())
          violated("it was answered when it was acknowledged, and is void", action);
      }
    }
    if (r.claim && !kept(Drop::open_after_the_claim)) {
      for (auto& w : s.nodes)
        if (w.name == r.node && w.claims == r.term && !w.open) open(w, r.term);
    }
    visit(std::move(s), x_at, action);
  }
  void lose(State s, std::size_t i) {
    if (s.losses++ >= x_bounds.losses) return;
    auto action = "lose " + text(s.transit[i]);
    s.transit.erase(s.transit.begin() + static_cast<std::ptrdiff_t>(i));
    visit(std::move(s), x_at, action);
  }
  void copy(State s, std::size_t i) {
    if (s.copies++ >= x_bounds.copies) return;
    auto action = "copy " + text(s.transit[i]);
    s.transit.push_back(Record(s.transit[i]));
    visit(std::move(s), x_at, action);
  }

  static void open(Writer& w, std::uint8_t term) {
    w.open = term;
    w.next_seq = 1;
    w.basis = w.fold.counted;
    w.flights.clear();
  }
  /// What was in flight is settled by a claim that counts.
  static void close(Writer& w) { w.open = 0; }

  void deliver(State s, std::size_t n) {
    auto& w = s.nodes[n];
    if (w.read >= s.log.size()) return;
    Record r = s.log[w.read++];
    auto action = "node " + std::to_string(n) + " reads " + text(r);
    bool counts = fold(w.fold, r);
    bool mine = kept(Drop::node) ? r.node == w.name : true;
    if (r.claim && counts) {
      if (w.open != r.term || r.node != w.name) close(w);
      if (mine && r.term == w.claims && !w.open) open(w, r.term);
      if (!mine) w.flights.clear();
    }
    if (!r.claim) {
      auto flight = std::ranges::find(w.flights, r);
      if (flight != w.flights.end() && counts) w.flights.erase(flight);  // answered
      bool own_void = !counts && r.node == w.name && r.term == w.open && r.seq > w.fold.seq;
      if (own_void) close(w);
    }
    visit(std::move(s), x_at, action);
  }
  void claim(State s, std::size_t n) {
    auto& w = s.nodes[n];
    auto term = static_cast<std::uint8_t>(w.fold.term + 1);
    if (w.open || w.claims >= term || term > x_bounds.terms) return;
    w.claims = term;
    s.transit.push_back({1, term, w.name, 0, 0, 0});
    visit(std::move(s), x_at, "node " + std::to_string(n) + " claims " + std::to_string(term));
  }
  void submit(State s, std::size_t n, int key) {
    auto& w = s.nodes[n];
    bool looks = kept(Drop::commit_id_new) && kept(Drop::writer_looks_too);
    bool known =
        (looks && w.fold.has(key)) || std::ranges::any_of(w.flights, [&](auto& f) { return f.key == key; });
    bool room = static_cast<int>(w.flights.size()) < x_bounds.pipeline;
    if (!w.open || known || !room) return;
    auto action = "node " + std::to_string(n) + " decides key " + std::to_string(key) + " on " +
                  std::to_string(w.basis);
    if (!kept(Drop::refusals_as_commits) && w.basis != s.whole.counted)
      violated(
          "a refusal given here at once would not be true: the log says " + std::to_string(s.whole.counted),
          action);
    Record r{0, w.open, w.name, w.next_seq++, static_cast<std::uint8_t>(key), w.basis};
    w.basis = w.basis * 10 + static_cast<std::uint32_t>(key);
    w.flights.push_back(r);
    s.transit.push_back(r);
    s.issued = std::max(s.issued, static_cast<std::uint8_t>(key));
    visit(std::move(s), x_at, action);
  }
  /// The producer gives up on the first in flight; the record may still land.
  void fail(State s, std::size_t n) {
    auto& w = s.nodes[n];
    if (!w.open || w.flights.empty() || s.failures++ >= x_bounds.failures) return;
    auto action = "node " + std::to_string(n) + " is told that " + text(w.flights.front()) + " failed";
    if (kept(Drop::failed_produce_ends_the_term)) {
      close(w);
    } else if (w.flights.size() == 1) {
      w.flights.clear();
      w.basis = w.fold.counted;
    } else {
      return;
    }
    visit(std::move(s), x_at, action);
  }
  void crash(State s, std::size_t n) {
    if (s.crashes++ >= x_bounds.crashes) return;
    auto& w = s.nodes[n];
    Writer fresh;
    fresh.name = kept(Drop::incarnation) ? ++s.names : w.name;
    fresh.fold = s.base;
    if (!kept(Drop::incarnation)) {  // it takes its dead self's term for its own
      fresh = Writer{w.name, static_cast<std::uint8_t>(s.log.size()), 0, 0, 0, s.whole, 0, {}};
      if (s.whole.owner == w.name) {
        open(fresh, s.whole.term);
        fresh.next_seq = static_cast<std::uint8_t>(s.whole.seq + 1);
      }
    }
    w = fresh;
    visit(std::move(s), x_at, "node " + std::to_string(n) + " crashes and starts again");
  }

  static std::string text(const Record& r) {
    auto who = std::to_string(r.term) + " of " + std::to_string(r.node);
    if (r.claim) return "CLAIM " + who;
    return "key " + std::to_string(r.key) + " #" + std::to_string(r.seq) + " in term " + who;
  }
  static void put(std::string& out, const Record& r) {
    for (auto b : {r.claim, r.term, r.node, r.seq, r.key}) out += static_cast<char>(b);
    put(out, r.basis);
  }
  static void put(std::string& out, std::uint32_t n) {
    for (int shift : {0, 8, 16}) out += static_cast<char>(n >> shift & 0xFFU);
  }
  static void put(std::string& out, const Fold& f) {
    for (auto b : {f.term, f.owner, f.seq}) out += static_cast<char>(b);
    put(out, f.counted);
  }
  static void put(std::string& out, const std::vector<Record>& records) {
    out += static_cast<char>(records.size());
    for (const auto& r : records) put(out, r);
  }
  static std::string bytes(const State& s) {
    std::string out;
    put(out, s.log);
    put(out, s.transit);
    put(out, s.base);
    for (const auto& w : s.nodes) {
      for (auto b : {w.name, w.read, w.claims, w.open, w.next_seq}) out += static_cast<char>(b);
      put(out, w.fold);
      put(out, w.basis);
      put(out, w.flights);
    }
    for (auto b : {s.issued, s.names, s.crashes, s.failures, s.copies, s.losses}) out += static_cast<char>(b);
    return out;
  }

  const Bounds x_bounds;
  const Drop x_drop;
  std::deque<State> x_states;
  std::vector<std::pair<std::size_t, std::string>> x_from;
  std::unordered_map<std::string, char> x_seen;
  std::size_t x_at = 0;
  Verdict x_verdict;
};

}  // namespace ringledger::model
