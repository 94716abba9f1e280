#include "api/event_feed.hpp"

#include <algorithm>

namespace ringledger {
namespace {

constexpr std::size_t batch_places = 256;  ///< index entries read at a time, per entity
constexpr std::size_t count_most_batches = 64;
constexpr std::size_t count_most_commits = 2'000;

/// An event that may match, before its commit is read.
struct Candidate {
  EventPlace place;
  std::string type;  ///< "": not known without its commit
};
struct Candidates {
  std::vector<Candidate> list;
  std::uint64_t next = 0;  ///< offset after those looked at
  bool last = false;
};

template <class T>
bool among(const std::vector<T>& all, const T& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

bool by_entity(const EventFilter& f) { return !f.whole_account || !f.numbers.empty(); }

Candidates whole_account(const ViewReader& history, const EventFilter& f, std::uint64_t from) {
  Candidates out;
  auto commits = feed_of(history, f.account, from, f.to, batch_places);
  for (const auto& c : commits) {
    for (std::size_t i = 0; i < c.count; ++i) out.list.push_back({{c.offset, i}, ""});
  }
  out.last = commits.size() < batch_places;
  if (!commits.empty()) out.next = commits.back().offset + 1;
  return out;
}

std::vector<std::string> entities(const EventFilter& f) {
  std::vector<std::string> names;
  for (auto n : f.numbers) names.push_back(n.to_string());
  if (names.empty()) {
    for (auto w : f.workspaces) names.push_back(w.to_string());
  }
  return names;
}

/// Merges what the entities' indexes name, up to where all of them were read. `size` entries of each.
Candidates merged(const ViewReader& history, const EventFilter& f, std::uint64_t from, std::size_t size) {
  Candidates out;
  out.last = true;
  std::uint64_t read_to = f.to;  // offsets up to here are whole
  std::vector<HistoryPoint> points;
  for (const auto& name : entities(f)) {
    auto some = feed_of_entity(history, f.account, name, from, f.to, size);
    if (some.size() == size) {
      out.last = false;
      auto cut = some.back().offset;  // its commit may go on
      read_to = std::min(read_to, cut == 0 ? 0 : cut - 1);
      if (cut == from) return {{}, from, false};
    }
    std::move(some.begin(), some.end(), std::back_inserter(points));
  }
  for (auto& p : points) {
    bool placed = f.whole_account || (p.workspace && among(f.workspaces, *p.workspace));
    bool asked = f.types.empty() || among(f.types, p.type);
    if (placed && asked && p.offset <= read_to) out.list.push_back({{p.offset, p.index}, std::move(p.type)});
  }
  std::sort(out.list.begin(), out.list.end(), [](const auto& a, const auto& b) { return a.place < b.place; });
  auto twins = std::unique(out.list.begin(), out.list.end(),
                           [](const auto& a, const auto& b) { return a.place == b.place; });
  out.list.erase(twins, out.list.end());
  if (!out.last) out.next = read_to + 1;
  return out;
}

Candidates candidates_from(const ViewReader& history, const EventFilter& f, std::uint64_t from) {
  if (!by_entity(f)) return whole_account(history, f, from);
  for (std::size_t size = batch_places;; size *= 2) {  // a commit may name an entity more often than that
    auto some = merged(history, f, from, size);
    if (some.last || some.next > from) return some;
  }
}

/// Commits are read in order, often several events of one.
class Commits {
 public:
  explicit Commits(const CommitAt& at) : x_at(at) {}
  Result<std::shared_ptr<const Commit>> at(std::uint64_t offset) {
    if (x_commit && x_offset == offset) return x_commit;
    auto commit = x_at(offset);
    if (!commit) return std::unexpected(commit.error());
    x_commit = *commit;
    x_offset = offset;
    ++x_read;
    return x_commit;
  }
  [[nodiscard]] std::size_t read() const { return x_read; }

 private:
  const CommitAt& x_at;
  std::shared_ptr<const Commit> x_commit;
  std::uint64_t x_offset = 0;
  std::size_t x_read = 0;
};

/// Judged again on the event itself, so that a wrong index tells nobody anything.
bool matches(const Commit& commit, std::size_t index, const EventFilter& f) {
  if (commit.account != f.account || index >= commit.events.size()) return false;
  const Event& event = commit.events[index];
  auto workspace = workspace_of(event);
  if (!f.whole_account && !(workspace && among(f.workspaces, *workspace))) return false;
  if (!f.types.empty() && !among(f.types, std::string(type_of(event)))) return false;
  if (f.numbers.empty()) return true;
  auto subject = subject_of(event);
  return std::any_of(f.numbers.begin(), f.numbers.end(),
                     [&](NumberId n) { return subject == "numbers/" + n.to_string(); });
}

}  // namespace

Result<FeedSlice> read_feed(const ViewReader& history, const CommitAt& commit_at, const EventFilter& filter,
                            EventPlace start, std::size_t limit, std::size_t most_commits) {
  FeedSlice slice;
  start = std::max(start, EventPlace{filter.from, 0});
  slice.next = start;
  Commits commits(commit_at);
  for (auto from = start.offset; from <= filter.to;) {
    auto some = candidates_from(history, filter, from);
    for (const auto& c : some.list) {
      if (c.place < start) continue;
      slice.next = c.place;
      if (commits.read() >= most_commits) return slice;
      auto commit = commits.at(c.place.offset);
      if (!commit) return std::unexpected(commit.error());
      if (!matches(**commit, c.place.index, filter)) continue;
      if (slice.events.size() == limit) return slice;
      slice.events.push_back({c.place, std::move(*commit)});
      slice.next = {c.place.offset, c.place.index + 1};
    }
    if (some.last) break;
    from = some.next;
  }
  if (auto healthy = history.health(); !healthy) return std::unexpected(healthy.error());
  slice.at_end = true;
  return slice;
}

Result<FeedTotal> count_feed(const ViewReader& history, const CommitAt& commit_at,
                             const EventFilter& filter) {
  if (!by_entity(filter) && filter.types.empty()) {
    return FeedTotal{feed_count(history, filter.account, filter.from, filter.to), true};
  }
  FeedTotal counted;
  Commits commits(commit_at);
  auto from = filter.from;
  for (std::size_t batch = 0; from <= filter.to; ++batch) {
    auto some = candidates_from(history, filter, from);
    for (const auto& c : some.list) {
      if (counted.total >= count_to || batch >= count_most_batches || commits.read() >= count_most_commits) {
        counted.exact = false;
        return counted;
      }
      if (!c.type.empty()) {
        ++counted.total;
        continue;
      }
      auto commit = commits.at(c.place.offset);
      if (!commit) return std::unexpected(commit.error());
      if (matches(**commit, c.place.index, filter)) ++counted.total;
    }
    if (some.last) break;
    from = some.next;
  }
  return counted;
}

}  // namespace ringledger
