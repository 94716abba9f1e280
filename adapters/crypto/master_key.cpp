// Reading and making the master key.
#include "adapters/crypto/master_key.hpp"

#include <filesystem>

#include "adapters/crypto/hash.hpp"

namespace ringledger {
namespace {

constexpr std::size_t hex_digits = 2 * Key256::size;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

Result<MasterKey> read_key(std::string_view text, std::string source) {
  const auto digits = trimmed(text);
  if (digits.size() != hex_digits)
    return fail(Code::internal, "the master key in " + source + " has " + std::to_string(digits.size()) +
                                    " characters; it must be 64 hex digits (`openssl rand -hex 32`)");
  auto bytes = hex_decode(digits);
  if (!bytes)
    return fail(Code::internal, "the master key in " + source + " has a character that is no hex digit");
  MasterKey master{Key256::copy(*bytes), std::move(source), false, {}};
  OPENSSL_cleanse(bytes->data(), bytes->size());
  return master;
}

// A note when others than the owner can read the file; "" also when the system does not tell.
std::string exposure(const std::string& path) {
  using std::filesystem::perms;
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (error || (status.permissions() & (perms::group_all | perms::others_all)) == perms::none) return {};
  return "the master key file " + path + " can be read by others than its owner: chmod 600 " + path;
}

Result<MasterKey> create(Disk& disk, Random& random, const std::string& path) {
  MasterKey master{Key256::random(random), "the file " + path, true, {}};
  const auto folder = std::filesystem::path(path).parent_path().string();
  if (!folder.empty()) {
    if (auto made = disk.make_folders(folder); !made) return std::unexpected(made.error());
  }
  auto text = hex_encode(master.key.view()) + "\n";
  auto written = replace_file(disk, path, text);
  OPENSSL_cleanse(text.data(), text.size());
  if (!written) return std::unexpected(written.error());
  master.note = "made a new master key in " + path + ": back it up, without it no personal data can be read";
  return master;
}

}  // namespace

Result<MasterKey> load_or_create_master_key(Disk& disk, Random& random, const std::string& path,
                                            const std::optional<std::string>& from_environment) {
  if (from_environment) return read_key(*from_environment, "RINGLEDGER_CRYPTO_MASTER_KEY");
  auto present = disk.exists(path);
  if (!present) return std::unexpected(present.error());
  if (!*present) return create(disk, random, path);
  auto text = read_file(disk, path);
  if (!text) return std::unexpected(text.error());
  auto master = read_key(*text, "the file " + path);
  OPENSSL_cleanse(text->data(), text->size());
  if (master) master->note = exposure(path);
  return master;
}

}  // namespace ringledger
