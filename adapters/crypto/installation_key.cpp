// Reading and making the installation key.
#include "adapters/crypto/installation_key.hpp"

#include "adapters/crypto/aead.hpp"
#include "adapters/crypto/hash.hpp"

namespace ringledger::installation_key {
namespace {

constexpr std::string_view magic = "RLINST1\n";
constexpr std::size_t digest_bytes = 32;
constexpr std::size_t wrapped_bytes = aead_nonce_bytes + Key256::size + aead_tag_bytes;
constexpr std::size_t file_bytes = magic.size() + wrapped_bytes + digest_bytes;

std::string wrong_master_key(const std::string& path, const std::string& source) {
  return "the master key in " + source + " is not the one that " + path +
         " was made with: start with the original master key (if its file was lost and a new one made, put "
         "the original back from its backup); nothing was changed";
}

}  // namespace

Result<Key256> read(Disk& disk, const std::string& path, const key_file::Keys& keys,
                    const std::string& master_source) {
  auto content = read_file(disk, path);
  if (!content) return std::unexpected(content.error());
  const std::string_view all = *content;
  if (all.size() != file_bytes || !all.starts_with(magic) ||
      sha256(all.substr(0, all.size() - digest_bytes)) != all.substr(all.size() - digest_bytes))
    return fail(Code::internal, path + " is damaged: restore it from a backup");
  const auto wrapped = all.substr(magic.size(), wrapped_bytes);
  auto opened =
      aead_open(keys.wrap, wrapped.substr(0, aead_nonce_bytes), magic, wrapped.substr(aead_nonce_bytes));
  if (!opened) return fail(Code::internal, wrong_master_key(path, master_source));
  const auto key = Key256::copy(*opened);
  OPENSSL_cleanse(opened->data(), opened->size());
  return key;
}

Result<void> write(Disk& disk, Random& random, const std::string& path, const key_file::Keys& keys,
                   const Key256& key) {
  const auto bits = Key256::random(random);
  const auto nonce = bits.view().substr(0, aead_nonce_bytes);
  auto sealed = aead_seal(keys.wrap, nonce, magic, key.view());
  if (!sealed) return std::unexpected(sealed.error());
  std::string content(magic);
  content += nonce;
  content += *sealed;
  content += sha256(content);
  return replace_file(disk, path, content);
}

}  // namespace ringledger::installation_key
