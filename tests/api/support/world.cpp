// The read models' test world, built into this test program too.
#include "tests/projections/support/world.cpp"  // NOLINT(bugprone-suspicious-include)
