// For the one .cpp that instantiates a OneOf.
#pragma once

#include "domain/one_of.hpp"

namespace ringledger {

template <class V>
OneOf<V>::OneOf() = default;
template <class V>
OneOf<V>::OneOf(const OneOf&) = default;
template <class V>
OneOf<V>::OneOf(OneOf&&) noexcept = default;
template <class V>
OneOf<V>& OneOf<V>::operator=(const OneOf&) = default;
template <class V>
OneOf<V>& OneOf<V>::operator=(OneOf&&) noexcept = default;
template <class V>
OneOf<V>::~OneOf() = default;

}  // namespace ringledger
