// Writing and reading the file of subject keys.
#include "adapters/crypto/key_file.hpp"

#include <algorithm>
#include <optional>

#include "adapters/crypto/aead.hpp"
#include "adapters/crypto/hash.hpp"

namespace ringledger::key_file {
namespace {

constexpr std::string_view file_magic = "RLKEYS1\n", batch_magic = "RLKB";
constexpr std::size_t mac_bytes = 16, frame_bytes = batch_magic.size() + 4 + mac_bytes;
static_assert(header_bytes == file_magic.size() + mac_bytes);
constexpr std::size_t wrapped_bytes = aead_nonce_bytes + Key256::size + aead_tag_bytes;
constexpr std::size_t max_record_bytes = 2 + max_subject_bytes + 8 + wrapped_bytes;
constexpr char kind_key = 1, kind_destroyed = 2;

std::string little_endian(std::uint64_t value, std::size_t bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
  return out;
}

std::uint64_t read_little_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

std::string associated(std::string_view subject, std::uint64_t version) {
  std::string out(subject);
  out += '\0';
  return out + little_endian(version, 8);
}

std::string mac_of(const Keys& keys, std::uint64_t offset, std::string_view payload) {
  std::string text = little_endian(offset, 8) + little_endian(payload.size(), 4);
  text += payload;
  return hmac_sha256(keys.mac.view(), text).substr(0, mac_bytes);
}

// The payload of the batch at `offset`, or nullopt when there is no whole, unchanged batch.
std::optional<std::string_view> payload_at(const Keys& keys, std::string_view content, std::size_t offset) {
  const auto rest = content.substr(offset);
  if (rest.size() < frame_bytes || !rest.starts_with(batch_magic)) return std::nullopt;
  const auto size = read_little_endian(rest.substr(batch_magic.size(), 4));
  if (size > max_batch_records * max_record_bytes || size > rest.size() - frame_bytes) return std::nullopt;
  const auto payload = rest.substr(frame_bytes, size);
  const auto mac = rest.substr(batch_magic.size() + 4, mac_bytes);
  if (!constant_time_equal(mac, mac_of(keys, offset, payload))) return std::nullopt;
  return payload;
}

bool good_batch_behind(const Keys& keys, std::string_view content, std::size_t offset) {
  for (auto at = content.find(batch_magic, offset + 1); at != content.npos;
       at = content.find(batch_magic, at + 1)) {
    if (payload_at(keys, content, at)) return true;
  }
  return false;
}

void append_record(std::string& out, const Record& record) {
  out += record.destroyed ? kind_destroyed : kind_key;
  out += static_cast<char>(record.subject.size());
  out += record.subject;
  if (record.destroyed) return;
  out += little_endian(record.version, 8);
  out += record.wrapped;
}

// Takes one record off the front; nullopt when it is none (a defect of the writer: the MAC was right).
std::optional<Record> take_record(std::string_view& payload) {
  if (payload.size() < 2) return std::nullopt;
  const char kind = payload[0];
  const std::size_t subject = static_cast<unsigned char>(payload[1]);
  const std::size_t size = 2 + subject + (kind == kind_key ? 8 + wrapped_bytes : 0);
  if ((kind != kind_key && kind != kind_destroyed) || payload.size() < size) return std::nullopt;
  Record record;
  record.subject = payload.substr(2, subject);
  record.destroyed = kind == kind_destroyed;
  if (!record.destroyed) {
    record.version = read_little_endian(payload.substr(2 + subject, 8));
    record.wrapped = payload.substr(2 + subject + 8, wrapped_bytes);
  }
  payload.remove_prefix(size);
  return record;
}

std::unexpected<Error> damaged(std::size_t offset, const std::string& why) {
  return fail(Code::internal,
              "damaged at byte " + std::to_string(offset) + ": " + why + "; restore the file from a backup");
}

std::string encode_payload(const Keys& keys, std::uint64_t offset, std::string_view payload) {
  std::string out(batch_magic);
  out += little_endian(payload.size(), 4);
  out += mac_of(keys, offset, payload);
  out += payload;
  return out;
}

}  // namespace

Keys derive(const Key256& master) {
  return {Key256::copy(hmac_sha256(master.view(), "ringledger wrapping of keys v1")),
          Key256::copy(hmac_sha256(master.view(), "ringledger integrity of key files v1"))};
}

Result<Record> wrap(const Keys& keys, std::string subject, std::uint64_t version, const Key256& key,
                    std::string_view nonce) {
  auto sealed = aead_seal(keys.wrap, nonce, associated(subject, version), key.view());
  if (!sealed) return std::unexpected(sealed.error());
  return Record{std::move(subject), false, version, std::string(nonce) + *sealed};
}

Result<Key256> unwrap(const Keys& keys, const Record& record) {
  const std::string_view wrapped = record.wrapped;
  if (wrapped.size() == wrapped_bytes) {
    auto opened = aead_open(keys.wrap, wrapped.substr(0, aead_nonce_bytes),
                            associated(record.subject, record.version), wrapped.substr(aead_nonce_bytes));
    if (opened) {
      const auto key = Key256::copy(*opened);
      OPENSSL_cleanse(opened->data(), opened->size());
      return key;
    }
  }
  return fail(Code::internal, "the key of " + record.subject + " does not open under this master key");
}

std::string encode_header(const Keys& keys) {
  return std::string(file_magic) + hmac_sha256(keys.mac.view(), file_magic).substr(0, mac_bytes);
}

std::string encode_batch(const Keys& keys, std::uint64_t offset, const std::vector<Record>& records) {
  std::string payload;
  for (const auto& record : records) append_record(payload, record);
  return encode_payload(keys, offset, payload);
}

std::string encode_file(const Keys& keys, const std::vector<Record>& records) {
  std::string out = encode_header(keys);
  for (std::size_t at = 0; at < records.size(); at += max_batch_records) {
    std::string payload;
    const auto end = std::min(records.size(), at + max_batch_records);
    for (std::size_t i = at; i < end; ++i) append_record(payload, records[i]);
    out += encode_payload(keys, out.size(), payload);
  }
  return out + encode_payload(keys, out.size(), {});
}

Result<Decoded> decode_file(const Keys& keys, std::string_view content) {
  if (content.size() < header_bytes || !content.starts_with(file_magic))
    return damaged(0, "it is no file of subject keys");
  if (!constant_time_equal(content.substr(0, header_bytes), encode_header(keys)))
    return damaged(0, "it was made with another master key, or its beginning was changed");
  Decoded decoded;
  decoded.good_bytes = header_bytes;
  while (decoded.good_bytes < content.size()) {
    const std::size_t offset = decoded.good_bytes;
    auto payload = payload_at(keys, content, offset);
    if (!payload && good_batch_behind(keys, content, offset)) return damaged(offset, "a batch was changed");
    if (!payload) break;
    decoded.marked = payload->empty();
    decoded.good_bytes += frame_bytes + payload->size();
    while (!payload->empty()) {
      auto record = take_record(*payload);
      if (!record) return damaged(offset, "a batch holds something that is no record");
      decoded.records.push_back(*std::move(record));
    }
  }
  return decoded;
}

}  // namespace ringledger::key_file
