// Entities that could not be folded: who they are, and trying again.
#include <limits>

#include "projections/runner.hpp"

namespace ringledger {
namespace {

/// One fact of the log; an error when the log has none there.
Result<std::shared_ptr<const Commit>> commit_at(const CommitReader& read, std::uint64_t offset,
                                                std::size_t index) {
  auto batch = read(offset);
  if (!batch) return std::unexpected(batch.error());
  if (batch->commits.empty() || batch->commits.front().offset != offset ||
      batch->commits.front().commit->events.size() <= index) {
    return fail(Code::internal,
                "the log has no event " + std::to_string(index) + " at offset " + std::to_string(offset));
  }
  return batch->commits.front().commit;
}

void list_waiting(const ViewReader& reader, const std::string& from, std::size_t limit,
                  std::vector<ParkedEntity>& out) {
  reader.scan(parked_space, from, "", false, [&](std::string_view key, std::string_view reason) {
    KeyReader parts(key);
    auto entity = parts.text();
    auto offset = parts.u64();
    if (out.empty() || out.back().key != entity) {
      if (out.size() == limit) return false;
      out.push_back({std::move(entity), std::string(reason), {}});
    }
    out.back().waiting.emplace_back(offset, parts.u32());
    return true;
  });
}

}  // namespace

Result<std::vector<ParkedEntity>> ViewRunner::parked(std::string_view view, std::size_t limit,
                                                     const std::string& after) const {
  if (auto known = position(view); !known) return std::unexpected(known.error());
  std::vector<ParkedEntity> out;
  auto from = after.empty() ? std::string() : after_prefix(KeyBuilder().text(after).done());
  list_waiting(sight().reader(view), from, limit, out);
  return out;
}

std::size_t ViewRunner::parked_count() const {
  std::lock_guard lock(x_folding);
  std::size_t n = 0;
  for (const auto& live : x_live) n += live.fold->parked().size();
  return n;
}

Result<void> ViewRunner::retry_parked(std::string_view view, const std::string& key,
                                      const CommitReader& read) {
  std::lock_guard lock(x_folding);
  const auto* live = find(view);
  if (!live) return fail(Code::not_found, "no view named " + std::string(view));
  if (!live->fold->parked().contains(key)) {
    return fail(Code::not_found, std::string(view) + " has not parked " + to_hex(key));
  }
  std::vector<ParkedEntity> found;
  list_waiting(sight().reader(view), KeyBuilder().text(key).done(), 1, found);
  auto fold = live->view->begin(x_store, live->fold->family(), live->fold->parked());
  std::vector<RowWrite> writes;
  for (auto [offset, index] : found.front().waiting) {
    auto commit = commit_at(read, offset, index);
    if (!commit) return std::unexpected(commit.error());
    Fact fact{.event = (*commit)->events[index], .commit = **commit, .offset = offset, .index = index};
    if (auto folded = fold->fold_parked(key, fact); !folded) {
      return fail(folded.error().code, "still not folded at offset " + std::to_string(offset) + "/" +
                                           std::to_string(index) + ": " + folded.error().detail);
    }
    writes.push_back({live->fold->family(), parked_key(key, offset, index), std::nullopt});
  }
  fold->finish(writes);
  if (auto written = x_store.write(writes); !written) return written;
  live->fold->parked().erase(key);
  tell(view, fold->keys_written());
  return {};
}

}  // namespace ringledger
