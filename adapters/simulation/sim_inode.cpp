#include "adapters/simulation/sim_inode.hpp"

namespace ringledger {

void SimInode::write(std::uint64_t offset, std::string_view bytes) {
  if (bytes.empty()) return;
  seen_.write(offset, bytes);
  pending_.push_back({false, offset, std::string(bytes)});
}

void SimInode::resize(std::uint64_t size) {
  seen_.resize(size);
  pending_.push_back({true, size, {}});
}

void SimInode::apply(SparseBytes& to, const Write& write) {
  if (write.resizes) {
    to.resize(write.offset);
  } else {
    to.write(write.offset, write.bytes);
  }
}

void SimInode::sync() {
  for (const auto& write : pending_) apply(durable_, write);
  pending_.clear();
}

void SimInode::apply_some(SimRandom& random) {
  enum Fate : std::uint8_t { kept, lost, torn_end, torn_start, fates };
  for (auto& write : pending_) {
    auto fate = random.below(fates);
    if (fate == lost) continue;
    if (!write.resizes && fate == torn_end) write.bytes.resize(random.below(write.bytes.size() + 1));
    if (!write.resizes && fate == torn_start) {
      auto cut = random.below(write.bytes.size() + 1);
      write.bytes.erase(0, cut);
      write.offset += cut;
    }
    apply(durable_, write);
  }
  pending_.clear();
}

void SimInode::fail_sync(SimRandom& random) { apply_some(random); }

void SimInode::crash(SimRandom& random) {
  apply_some(random);
  seen_ = durable_;
}

void SimInode::corrupt(std::uint64_t offset, std::uint8_t mask) {
  seen_.flip(offset, mask);
  if (offset < durable_.size()) durable_.flip(offset, mask);
}

}  // namespace ringledger
