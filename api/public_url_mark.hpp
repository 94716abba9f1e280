// Which public URL every number's hooks are known to name, or are wished to: a mark beside the read models.
// Lost with them it costs one look at every number.
#pragma once

#include <optional>
#include <string>

#include "projections/row_store.hpp"

namespace ringledger {

class PublicUrlMark {
 public:
  static constexpr std::string_view family = "public_url.v1";
  explicit PublicUrlMark(RowStore& store) : x_store(store) {}
  /// True when all hooks name `url`. Otherwise what was marked is taken back, durably: from now on hooks of
  /// either URL may be set.
  Result<bool> holds(const std::string& url);
  /// All hooks name it now, or are wished to; durable when this returns.
  Result<void> set(const std::string& url);

 private:
  Result<void> write(std::optional<std::string> url);
  RowStore& x_store;
};

}  // namespace ringledger
