// Subcommands that speak to a running server over HTTP: `account create`, `key create`, `events tail`.
#pragma once

namespace CLI {
class App;
}

namespace ringledger::client {

// Each declares its subcommands below `group`; what one came to is left in `exit_code`: 0 when the server
// accepted, 1 when it refused or was not reached (stderr says why).
void declare_account(CLI::App& group, int& exit_code);
void declare_key(CLI::App& group, int& exit_code);
void declare_events(CLI::App& group, int& exit_code);

}  // namespace ringledger::client
