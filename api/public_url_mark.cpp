#include "api/public_url_mark.hpp"

#include <algorithm>

namespace ringledger {
namespace {

const std::string mark_key = "hooks";

}  // namespace

Result<bool> PublicUrlMark::holds(const std::string& url) {
  auto families = x_store.families();
  if (std::ranges::find(families, family) == families.end()) {
    if (auto made = x_store.create_family(std::string(family)); !made) return std::unexpected(made.error());
    return false;
  }
  auto marked = x_store.get(family, mark_key);
  if (auto healthy = x_store.health(); !healthy) return std::unexpected(healthy.error());
  if (marked == url) return true;
  if (!marked) return false;
  if (auto taken = write(std::nullopt); !taken) return std::unexpected(taken.error());
  return false;
}

Result<void> PublicUrlMark::set(const std::string& url) { return write(url); }

Result<void> PublicUrlMark::write(std::optional<std::string> url) {
  auto written = x_store.write({{std::string(family), mark_key, std::move(url)}});
  return written ? x_store.flush() : written;
}

}  // namespace ringledger
