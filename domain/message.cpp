#include "domain/message.hpp"

#include <algorithm>
#include <array>

namespace ringledger::messages {
namespace {

using contacts::Consent;
constexpr std::array keywords{
    Keyword{"STOP", Consent::opted_out},        Keyword{"STOPALL", Consent::opted_out},
    Keyword{"UNSUBSCRIBE", Consent::opted_out}, Keyword{"END", Consent::opted_out},
    Keyword{"QUIT", Consent::opted_out},        Keyword{"CANCEL", Consent::opted_out},
    Keyword{"REVOKE", Consent::opted_out},      Keyword{"OPTOUT", Consent::opted_out},
    Keyword{"START", Consent::opted_in},        Keyword{"YES", Consent::opted_in, true},
    Keyword{"UNSTOP", Consent::opted_in}};

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
char capital(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

}  // namespace

Message message_of(const Received& e, Timestamp at) {
  return {e.message, e.workspace, e.number, e.provider_sid, e.to,           e.campaign, e.contact,
          e.media,   e.segments,  e.from,   e.body,         came_at(e, at), e.inactive};
}

void forget_sender(Message& message) { message.from = message.body = {}; }

std::optional<Keyword> keyword_of(std::string_view body) {
  while (!body.empty() && is_blank(body.front())) body.remove_prefix(1);
  while (!body.empty() && is_blank(body.back())) body.remove_suffix(1);
  auto says = [body](const Keyword& k) {
    return std::ranges::equal(body, k.word, {}, [](char c) { return capital(c); });
  };
  auto at = std::ranges::find_if(keywords, says);
  return at == keywords.end() ? std::nullopt : std::optional(*at);
}

}  // namespace ringledger::messages
