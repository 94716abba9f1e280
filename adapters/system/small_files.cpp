// Whole small files over any Disk (declared in commands/ports/disk.hpp).
#include "commands/ports/disk.hpp"

namespace ringledger {
namespace {

/// Past this a file is not small: reading it whole is a mistake.
constexpr std::uint64_t max_small_file_bytes = std::uint64_t{1} << 30;

Result<void> write_synced(Disk& disk, const std::string& path, std::string_view content) {
  auto file = disk.open(path, Disk::Open::create);
  if (!file) return std::unexpected(file.error());
  if (auto r = (*file)->truncate(0); !r) return r;  // a crash may have left an older one
  if (auto r = (*file)->write_at(0, content); !r) return r;
  return (*file)->sync();
}

std::string folder_of(const std::string& path) {
  auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

Result<void> replace_file(Disk& disk, const std::string& path, std::string_view content) {
  auto draft = path + ".tmp";
  auto written = write_synced(disk, draft, content);
  if (written) written = disk.rename(draft, path);
  if (!written) {
    (void)disk.remove(draft);  // best effort: on a full disk it gives the space back
    return written;
  }
  return disk.sync_folder(folder_of(path));
}

Result<std::string> read_file(Disk& disk, const std::string& path) {
  auto file = disk.open(path, Disk::Open::existing);
  if (!file) return std::unexpected(file.error());
  auto size = (*file)->size();
  if (!size) return std::unexpected(size.error());
  if (*size > max_small_file_bytes) return fail(Code::too_large, path + " is larger than 1 GiB");
  auto content = (*file)->read_at(0, *size);
  if (content && content->size() != *size) return fail(Code::internal, path + " became shorter while read");
  return content;
}

}  // namespace ringledger
