// Remembers facts of numbers, bounded: two generations of maps; when the young one is full it becomes the
// old one, and what is asked for again moves to the young. Thread-safe.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "adapters/phone/phone.hpp"

namespace ringledger {

class FactsCache {
 public:
  /// Holds at most 2 × `generation` entries, the last `generation` used among them.
  explicit FactsCache(std::size_t generation = 16'384) : generation_(generation) {}

  std::optional<PhoneFacts> find(const std::string& e164) {
    const std::lock_guard hold(mutex_);
    if (auto found = young_.find(e164); found != young_.end()) return found->second;
    auto found = old_.find(e164);
    if (found == old_.end()) return std::nullopt;
    auto facts = std::move(found->second);
    old_.erase(found);
    keep(e164, facts);
    return facts;
  }

  void put(const std::string& e164, PhoneFacts facts) {
    const std::lock_guard hold(mutex_);
    keep(e164, std::move(facts));
  }

  [[nodiscard]] std::size_t size() const {
    const std::lock_guard hold(mutex_);
    return young_.size() + old_.size();
  }

 private:
  void keep(const std::string& e164, PhoneFacts facts) {
    if (young_.size() >= generation_) {
      old_ = std::move(young_);
      young_.clear();
    }
    young_.insert_or_assign(e164, std::move(facts));
  }

  const std::size_t generation_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, PhoneFacts> young_, old_;
};

}  // namespace ringledger
