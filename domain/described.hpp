// One line per type: which fields it has. JSON, JSON Schema, OpenAPI and docs derive from it.
#pragma once

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>

/// Inside a struct: its stored fields, in order. The struct must have no base.
#define RL_FIELDS(Type, ...)                            \
  BOOST_DESCRIBE_CLASS(Type, (), (__VA_ARGS__), (), ()) \
  friend bool operator==(const Type&, const Type&) = default
