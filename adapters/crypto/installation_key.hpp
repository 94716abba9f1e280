// The installation key: HMACs of requests and idempotency keys. One small file, made at the first start;
// it also tells whether the master key is the right one.
//
// File: "RLINST1\n", 12 bytes of nonce, 48 of AES-256-GCM(wrap key, key), 32 of SHA-256 of all before.
#pragma once

#include <string>

#include "adapters/crypto/key_file.hpp"
#include "commands/ports/disk.hpp"
#include "commands/ports/system.hpp"

namespace ringledger::installation_key {

/// The key in the file at `path`. Code::internal when the file is damaged, or does not open: then
/// `master_source` is named.
Result<Key256> read(Disk& disk, const std::string& path, const key_file::Keys& keys,
                    const std::string& master_source);
/// Writes it; durable when this returns.
Result<void> write(Disk& disk, Random& random, const std::string& path, const key_file::Keys& keys,
                   const Key256& key);

}  // namespace ringledger::installation_key
