// After our public URL changed: wishes anew, once, for every number whose hooks at the provider still name
// the old one. The reconciler then writes them, like any other wish.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "commands/outdated_hooks.hpp"
#include "commands/ports/system.hpp"
#include "projections/provider_sync.hpp"
#include "projections/sight.hpp"

namespace ringledger {

/// All functions are thread-safe; the ports outlive the tasks on the pool.
struct HookRenewalPorts {
  std::function<Sight()> sight;
  /// Issues the command as "system"; `done` is called once, on any thread: true when it is committed.
  std::function<void(AccountId, RenewOutdatedHooks, std::string natural_key,
                     std::move_only_function<void(bool committed)> done)>
      record;
  Executor& pool;  ///< for tasks that block
};

/// One walk over all numbers, a page at a time, each of one account: the next page waits for the commit of
/// the one before, so that clients' commands find room. Nothing is kept: a walk that a crash ended is begun
/// again and passes over what has been wished already.
class HookRenewal : public std::enable_shared_from_this<HookRenewal> {
 public:
  /// `run`: names this walk in natural keys.
  HookRenewal(HookRenewalPorts ports, std::string public_base_url, std::string run)
      : x_ports(std::move(ports)), x_base(std::move(public_base_url)), x_run(std::move(run)) {}
  /// `done(n)` once all numbers were looked at and `n` of them wished anew; never after `stop`.
  void start(std::move_only_function<void(std::uint64_t renewed)> done);
  void stop() { x_stopping = true; }

 private:
  void step();
  void wish(const SyncKey& first, RenewOutdatedHooks command, const SyncKey& last);
  void go_on_after(const SyncKey& last);
  void again_later();

  const HookRenewalPorts x_ports;
  const std::string x_base, x_run;
  std::atomic<bool> x_stopping{false};
  // Of one task at a time.
  std::optional<SyncKey> x_after;
  std::uint64_t x_renewed = 0;
  std::move_only_function<void(std::uint64_t)> x_done;
};

}  // namespace ringledger
