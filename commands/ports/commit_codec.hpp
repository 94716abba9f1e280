// Commits as log payloads and back: JSON with the personal and secret fields sealed.
#pragma once

#include <string>
#include <string_view>

#include "domain/commit.hpp"
#include "domain/result.hpp"

namespace ringledger {

class CommitCodec {
 public:
  virtual ~CommitCodec() = default;
  /// What it gives can be decoded again; an error when a text in it is not UTF-8.
  virtual Result<std::string> encode(const Commit& commit) = 0;
  virtual std::string encode(const Claim& claim) = 0;
  virtual std::string encode(const LogHeader& header) = 0;
  /// Tolerant: unknown fields are skipped, absent optional fields are empty, old versions are upcast.
  /// An erased subject's fields come back empty. The error names the field; Code::position_not_reached: what
  /// opens it is on its way from another node, try again.
  virtual Result<Commit> decode_commit(std::string_view payload) = 0;
  /// Whose commit it is, without decoding the rest; nullopt when the payload is not as `encode` writes.
  struct Stamp {
    std::uint64_t term = 0;
    std::string_view node;
    std::uint64_t seq = 0;
  };
  virtual std::optional<Stamp> stamp_of(std::string_view payload) = 0;
  virtual Result<Claim> decode_claim(std::string_view payload) = 0;
  virtual Result<LogHeader> decode_header(std::string_view payload) = 0;
  /// First 16 hex of SHA-256(basis ‖ payload): the chained hash after a counted commit.
  virtual std::string chain(std::string_view basis, std::string_view payload) = 0;
};

}  // namespace ringledger
