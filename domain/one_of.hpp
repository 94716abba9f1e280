// A variant of many alternatives as a class whose copies, moves and end are compiled once, not in each file
// that holds one: with ninety events that was half of a test's compilation.
#pragma once

#include <type_traits>
#include <utility>
#include <variant>

#include "domain/fold.hpp"

namespace ringledger {

/// One of the alternatives of `V`. Use it as the std::variant that it is (P2162: std::visit takes it). The
/// members declared here are defined in domain/one_of_impl.hpp; one .cpp instantiates the class.
template <class V>
class OneOf : public V {
 public:
  using Variant = V;
  OneOf();
  OneOf(const OneOf&);
  OneOf(OneOf&&) noexcept;
  OneOf& operator=(const OneOf&);
  OneOf& operator=(OneOf&&) noexcept;
  ~OneOf();

  template <class T>
    requires in_variant<std::remove_cvref_t<T>, V>
  OneOf(T&& value)  // NOLINT: as a variant is made of its alternatives
      : V(std::in_place_type<std::remove_cvref_t<T>>, std::forward<T>(value)) {}
};

}  // namespace ringledger
