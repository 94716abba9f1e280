// Keys as records of a topic that all nodes share.
//
//   key/<subject>/<version>   1 <base64 of nonce ‖ AES-256-GCM(wrap key, key; subject ‖ 0 ‖ version)>
//   destroyed/<subject>       1 <hex of HMAC-SHA-256(mac key, "destroyed" ‖ 0 ‖ subject)>: stays for ever
//   installation/<version>    1 <base64, as a key>; the first one in the topic counts
//
// <version>: 16 hex digits. A key's record is never written again with another key in it, so what compaction
// leaves is what was there. A value of another leading number is of a later release.
#pragma once

#include <optional>
#include <variant>

#include "adapters/crypto/key_file.hpp"
#include "commands/ports/compacted_topic.hpp"

namespace ringledger::key_record {

/// The installation key, wrapped as the key of this "subject"; no data subject's id has a blank.
inline constexpr std::string_view installation_subject = "installation key";

using TopicRecord = CompactedTopic::Record;

std::string version_text(std::uint64_t version);

/// Of a key or a destroyed subject.
TopicRecord encode(const key_file::Keys& keys, const key_file::Record& record);
/// Lets the record of a key vanish.
TopicRecord tombstone(const key_file::Record& record);
TopicRecord encode_installation(const key_file::Record& record);

/// The wrapped installation key, when it is one's record.
std::optional<key_file::Record> installation_of(const TopicRecord& record);

struct Nothing {};  ///< no key's record, or a damaged or forged one
struct Gone {       ///< a key's tombstone
  key_file::Record key;
};
using Read = std::variant<Nothing, Gone, key_file::Record>;
/// A key (not unwrapped yet) or a destroyed subject. Code::internal for a record of a later release.
Result<Read> decode(const key_file::Keys& keys, const TopicRecord& record);

}  // namespace ringledger::key_record
