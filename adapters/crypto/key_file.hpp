// The stored form of subject keys: an append-only file of batches, each written and synced as one.
//
// File: the 8 bytes "RLKEYS1\n", 16 bytes of HMAC-SHA-256(mac key, these), then batches.
// Batch: "RLKB", u32 bytes of payload, 16 bytes of HMAC-SHA-256(mac key, u64 offset of the batch ‖ u32 ‖
// payload), payload: records one after another. Integers are little-endian.
// Record: u8 kind (1 key, 2 destroyed), u8 bytes of subject, subject; a key has u64 version, 12 bytes of
// nonce, 48 of AES-256-GCM(wrap key, key; associated data: subject ‖ 0 ‖ version as stored).
//
// A batch is begun only after the one before it was synced. So after a crash only the last can be torn: a
// bad batch with a good one behind it is damage, without one it is what was never synced, and is cut. An
// empty batch says just that all before it is synced: it ends a rewritten file, and a file at each start.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/crypto/key256.hpp"
#include "domain/result.hpp"

namespace ringledger::key_file {

inline constexpr std::size_t header_bytes = 8 + 16;
inline constexpr std::size_t max_subject_bytes = 200;
/// Most records of one batch.
inline constexpr std::size_t max_batch_records = 100'000;

/// What the master key is used as, each derived by HMAC-SHA-256(master, purpose).
struct Keys {
  Key256 wrap, mac;
};
Keys derive(const Key256& master);

struct Record {
  std::string subject;
  bool destroyed = false;
  std::uint64_t version = 0;  ///< of a key
  std::string wrapped;        ///< of a key: nonce ‖ ciphertext ‖ tag, 60 bytes
};

/// Wraps a subject's key. REQUIRES: subject of 1 to max_subject_bytes; `nonce` of 12 random bytes.
Result<Record> wrap(const Keys& keys, std::string subject, std::uint64_t version, const Key256& key,
                    std::string_view nonce);
/// Code::internal when it does not open.
Result<Key256> unwrap(const Keys& keys, const Record& record);

/// What a file begins with.
std::string encode_header(const Keys& keys);
/// One batch as it stands at `offset`. REQUIRES: at most max_batch_records.
std::string encode_batch(const Keys& keys, std::uint64_t offset, const std::vector<Record>& records);
/// A whole file, in as many batches as it takes and an empty one.
std::string encode_file(const Keys& keys, const std::vector<Record>& records);

struct Decoded {
  std::vector<Record> records;
  std::uint64_t good_bytes = 0;  ///< what is behind was never synced, and is to be cut
  bool marked = true;            ///< the last batch is an empty one, or there is none
};
/// Reads a whole file. Code::internal with the offset when it is damaged, is no such file, or
/// one of another master key.
Result<Decoded> decode_file(const Keys& keys, std::string_view content);

}  // namespace ringledger::key_file
