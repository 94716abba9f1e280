#include "projections/erasures.hpp"

namespace ringledger {

std::vector<std::string> subjects_erased_by(const Event& event) {
  if (const auto* erased = std::get_if<contacts::Erased>(&event)) return erased->subjects();
  if (const auto* forgotten = std::get_if<sessions::Forgotten>(&event)) return forgotten->subjects();
  return {};
}

std::vector<Entry> ErasuresView::entries(const Fact& fact) {
  std::vector<Entry> out;
  for (const auto& subject : subjects_erased_by(fact.event))
    out.push_back({KeyBuilder().id(fact.commit.account).text(subject).done(), ""});
  return out;
}

void each_erased(const ViewReader& erasures, const std::function<bool(std::string)>& visit) {
  erasures.scan(index_space, "", "", false, [&](std::string_view key, std::string_view) {
    KeyReader reader(key);
    reader.id();
    return visit(reader.text());
  });
}

}  // namespace ringledger
