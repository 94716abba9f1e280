// What must hold of the rows of any simulated server.
#pragma once

#include "sim_world.hpp"
#include "stopped.hpp"

namespace ringledger::sim {

inline void check_views(World& w) {
  for (const auto& view : w.node->partition().views().views()) {
    MemoryRowStore scratch;
    auto report = w.node->partition().views().verify(view, scratch, w.node->partition().reader());
    REQUIRE_MESSAGE(report, view << ": " << (report ? "" : report.error().detail));
    CHECK_MESSAGE(report->differences.empty(),
                  view << ": " << (report->differences.empty() ? "" : report->differences.front()));
  }
  CHECK(w.node->partition().views().parked_count() == 0);
}

/// What the running server laid down row by row is what a fresh fold of the log gives.
inline void check_book(World& w) {
  Stopped stopped(w);
  stopped.count_to_end();
  auto differences = stopped.verify().differences;
  CHECK_MESSAGE(differences.empty(), "book.v1: " << (differences.empty() ? "" : differences.front()));
}

}  // namespace ringledger::sim
