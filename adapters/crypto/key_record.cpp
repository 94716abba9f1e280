#include "adapters/crypto/key_record.hpp"

#include "adapters/crypto/hash.hpp"

namespace ringledger::key_record {
namespace {

constexpr std::string_view key_prefix = "key/", destroyed_prefix = "destroyed/",
                           installation_prefix = "installation/";
constexpr std::string_view format = "1 ";
constexpr std::size_t version_digits = 16;

std::string key_name(const key_file::Record& record) {
  return std::string(key_prefix) + record.subject + '/' + version_text(record.version);
}

std::string destroyed_value(const key_file::Keys& keys, std::string_view subject) {
  using namespace std::string_literals;
  return std::string(format) +
         hex_encode(hmac_sha256(keys.mac.view(), "destroyed\0"s + std::string(subject)));
}

std::optional<std::uint64_t> version_of(std::string_view text) {
  auto bytes = hex_decode(text);
  if (!bytes || text.size() != version_digits) return std::nullopt;
  std::uint64_t version = 0;
  for (char c : *bytes) version = version << 8 | static_cast<unsigned char>(c);
  return version;
}

/// Of what stands behind "key/".
std::optional<key_file::Record> key_named(std::string_view name) {
  const auto slash = name.rfind('/');
  if (slash == name.npos || slash == 0 || slash > key_file::max_subject_bytes) return std::nullopt;
  const auto version = version_of(name.substr(slash + 1));
  if (!version) return std::nullopt;
  return key_file::Record{std::string(name.substr(0, slash)), false, *version, {}};
}

std::optional<std::string> wrapped_in(std::string_view value) {
  if (!value.starts_with(format)) return std::nullopt;
  return base64_decode(value.substr(format.size()));
}

/// "2 …" is for a later release; what does not begin with a number is nobody's.
bool is_later(const TopicRecord& record) {
  if (!record.value || record.value->starts_with(format)) return false;
  const auto blank = record.value->find(' ');
  return blank != std::string::npos && blank > 0 && blank < 4 &&
         record.value->find_first_not_of("0123456789") == blank;
}

}  // namespace

std::string version_text(std::uint64_t version) {
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(version >> shift & 0xff);
  return hex_encode(bytes);
}

TopicRecord encode(const key_file::Keys& keys, const key_file::Record& record) {
  if (record.destroyed)
    return {std::string(destroyed_prefix) + record.subject, destroyed_value(keys, record.subject)};
  return {key_name(record), std::string(format) + base64_encode(record.wrapped)};
}

TopicRecord tombstone(const key_file::Record& record) { return {key_name(record), std::nullopt}; }

TopicRecord encode_installation(const key_file::Record& record) {
  return {std::string(installation_prefix) + version_text(record.version),
          std::string(format) + base64_encode(record.wrapped)};
}

std::optional<key_file::Record> installation_of(const TopicRecord& record) {
  if (!record.key.starts_with(installation_prefix) || !record.value) return std::nullopt;
  const auto version = version_of(std::string_view(record.key).substr(installation_prefix.size()));
  auto wrapped = wrapped_in(*record.value);
  if (!version || !wrapped) return std::nullopt;
  return key_file::Record{std::string(installation_subject), false, *version, std::move(*wrapped)};
}

Result<Read> decode(const key_file::Keys& keys, const TopicRecord& record) {
  const std::string_view name = record.key;
  const bool is_key = name.starts_with(key_prefix), is_destroyed = name.starts_with(destroyed_prefix);
  if ((is_key || is_destroyed) && is_later(record))
    return fail(Code::internal, "the record " + record.key + " is of a later format; update Ringledger");
  if (is_destroyed) {
    const auto subject = name.substr(destroyed_prefix.size());
    const bool ours = !subject.empty() && subject.size() <= key_file::max_subject_bytes && record.value &&
                      constant_time_equal(*record.value, destroyed_value(keys, subject));
    return ours ? Read(key_file::Record{std::string(subject), true, 0, {}}) : Read(Nothing{});
  }
  auto key = is_key ? key_named(name.substr(key_prefix.size())) : std::nullopt;
  if (!key) return Read(Nothing{});
  if (!record.value) return Read(Gone{std::move(*key)});
  auto wrapped = wrapped_in(*record.value);
  if (!wrapped) return Read(Nothing{});
  key->wrapped = std::move(*wrapped);
  return Read(std::move(*key));
}

}  // namespace ringledger::key_record
