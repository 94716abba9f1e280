// The stored commit: one JSON object a record, readable by kcat, personal and secret fields sealed.
//
// {v, term, node, seq, basis, id, account, principal, cmd, key_hash, req_hash, log_ms, at, cause, trace,
//  outcome, result:{status,d,p}, first_sequence, events:[{t, ws, e:[ids], d:{…}, p:{subject,key,sealed}}]}
// `log_ms` and `at` are milliseconds since 1970; `outcome` is "ok" or the refusal's code.
#pragma once

#include "adapters/json/event_json.hpp"
#include "commands/ports/commit_codec.hpp"
#include "commands/ports/key_vault.hpp"
#include "domain/format_level.hpp"

namespace ringledger::json {

class JsonCommitCodec : public CommitCodec {
 public:
  /// `write_level`: of what `encode` makes of a commit (domain/format_level.hpp).
  explicit JsonCommitCodec(KeyVault& vault, const Upcasts& casts = upcasts(),
                           std::int64_t write_level = newest_level)
      : x_vault(vault), x_casts(casts), x_write_level(write_level) {}

  Result<std::string> encode(const Commit& commit) override;
  std::string encode(const Claim& claim) override;
  std::string encode(const LogHeader& header) override;
  Result<Commit> decode_commit(std::string_view payload) override;
  std::optional<Stamp> stamp_of(std::string_view payload) override;
  Result<Claim> decode_claim(std::string_view payload) override;
  Result<LogHeader> decode_header(std::string_view payload) override;
  std::string chain(std::string_view basis, std::string_view payload) override;

 private:
  Result<void> write_sealed(std::string& out, std::string_view subject, const SealPlace& place,
                            std::string_view personal);
  Result<void> open_sealed(const boost::json::object& p, const SealPlace& place, boost::json::object& into);
  Result<StoredResult> read_result(const boost::json::object& o, std::string_view text_of_it,
                                   const SealPlace& place);

  KeyVault& x_vault;
  const Upcasts& x_casts;
  const std::int64_t x_write_level;
};

/// What no writer's stamp changes of a commit's payload: all from its id on; "" when it is not as `encode`
/// writes it.
std::string_view unstamped(std::string_view payload);
/// The commit in `payload` as another writer's: all that is `unstamped`, and its level, kept byte for byte.
std::string restamped(std::string_view payload, const CommitCodec::Stamp& stamp, std::string_view basis);

/// Of a payload as `encode` writes it, without parsing all of it; nullopt when it is not so.
std::optional<AccountId> account_in(std::string_view payload);
std::optional<std::int64_t> log_ms_in(std::string_view payload);

/// The payload of a log's first record; it has nothing to seal.
std::string encode_header(const LogHeader& header);
Result<LogHeader> decode_header(std::string_view payload);

/// Puts the personal members (one object keyed by dotted path) where they belong in `clear`.
std::string merged(const std::string& clear, const std::string& personal);

}  // namespace ringledger::json
