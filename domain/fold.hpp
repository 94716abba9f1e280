// How state is folded from events: what each reader must say about every event, and does not compile
// without.
#pragma once

#include <tuple>
#include <type_traits>
#include <variant>

namespace ringledger {

/// The events a fold has nothing to say about, named one noun at a time: a new event in a noun that a
/// fold handles asks that fold a question at compile time.
template <class... Variants>
struct Ignores {};

template <class E, class V>
inline constexpr bool in_variant = false;
template <class E, class... Es>
inline constexpr bool in_variant<E, std::variant<Es...>> = (std::is_same_v<E, Es> || ...);

template <class E, class I>
inline constexpr bool ignored_by = false;
template <class E, class... Vs>
inline constexpr bool ignored_by<E, Ignores<Vs...>> = ((in_variant<E, Vs> || std::is_same_v<E, Vs>) || ...);

/// One variant of all alternatives of several variants.
template <class... Vs>
struct Concat;
template <class... Es>
struct Concat<std::variant<Es...>> {
  using type = std::variant<Es...>;
};
template <class... As, class... Bs, class... Rest>
struct Concat<std::variant<As...>, std::variant<Bs...>, Rest...> {
  using type = typename Concat<std::variant<As..., Bs...>, Rest...>::type;
};

template <class... Fs>
struct Overload : Fs... {
  using Fs::operator()...;
};

}  // namespace ringledger
