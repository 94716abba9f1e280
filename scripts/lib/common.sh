# Shared by every script: where things are, how it speaks, the compiler cache. Sourced, never run.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }
usage_error() { printf 'error: %s (see --help)\n' "$*" >&2; exit 2; }

# Prints the comment block a script starts with: its help is written once.
help_from() { sed -n '2,/^[^#]/{/^#/!d;s/^# \{0,1\}//;p;}' "$1"; }

# Compiles at once: one per core, but no more than memory allows (a Beast file takes 0.5-1 GB).
jobs() {
  local cores memory_gb
  cores=$(nproc)
  memory_gb=$(awk '/MemAvailable/ {print int($2 / 1048576)}' /proc/meminfo)
  [ "$memory_gb" -ge 1 ] || memory_gb=1
  echo $((cores < memory_gb ? cores : memory_gb))
}

# Objects are found again in another clone of the same sources, in CI too.
use_ccache() {
  export CCACHE_DIR="${CCACHE_DIR:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/ringledger-ccache}"
  export CCACHE_BASEDIR="$root" CCACHE_NOHASHDIR=1 CCACHE_MAXSIZE="${CCACHE_MAXSIZE:-4G}"
  mkdir -p "$CCACHE_DIR"
}

# configure PRESET [cmake arguments…], then build PRESET [targets…]
configure() {
  local preset=$1; shift
  cmake -S "$root" --preset "$preset" "$@" >"$root/build/configure-$preset.log" 2>&1 ||
    { cat "$root/build/configure-$preset.log" >&2; die "configuring preset '$preset' failed"; }
}
build() {
  local preset=$1; shift
  cmake --build "$root/build/$preset" -j "$(jobs)" ${1:+--target "$@"}
}
