#include "adapters/json/event_docs.hpp"

#include "adapters/json/event_json.hpp"

namespace ringledger::json {
namespace {

template <class F>
inline constexpr bool is_list_of_structs = false;
template <class T>
inline constexpr bool is_list_of_structs<std::vector<T>> = Described<T> && !is_id<T>;

/// Collects one event's fields as rows of a table, nested ones by dotted path.
class Table {
 public:
  template <class T>
  void fields(const std::string& path, bool optional) {
    using Fields = boost::describe::describe_members<T, boost::describe::mod_public>;
    boost::mp11::mp_for_each<Fields>([&](auto d) {
      using F = std::remove_cvref_t<decltype(std::declval<T>().*d.pointer)>;
      field<F>(path + d.name, optional, "");
    });
  }
  [[nodiscard]] const std::string& rows() const { return x_rows; }

 private:
  template <class F>
  void field(const std::string& path, bool optional, const std::string& sealed) {
    if constexpr (is_optional<F>) {
      field<typename F::value_type>(path, true, sealed);
    } else if constexpr (requires(const F& f) {
                           f.clear();
                           f.clear().has_value();
                         }) {
      using Value = std::remove_cvref_t<decltype(*std::declval<const F&>().clear())>;
      if constexpr (is_vector<Value>)
        field<Value>(path, true, "personal");
      else
        row(path, "text", true, "personal");
    } else if constexpr (requires(const F& f) { f.reveal(); }) {
      row(path, "text", true, "secret");
    } else if constexpr (is_list_of_structs<F>) {
      row(path, "list", optional, sealed);
      fields<typename F::value_type>(path + "[].", false);
    } else if constexpr (is_vector<F>) {
      row(path, "list of " + type_name<typename F::value_type>(), optional, sealed);
    } else if constexpr (Described<F> && !is_id<F> && !std::is_same_v<F, Share>) {
      fields<F>(path + ".", optional);
    } else {
      row(path, type_name<F>(), optional, sealed);
    }
  }
  template <class F>
  static std::string type_name() {
    if constexpr (std::is_same_v<F, bool>)
      return "boolean";
    else if constexpr (std::is_integral_v<F>)
      return "whole number";
    else if constexpr (std::is_same_v<F, std::string>)
      return "text";
    else if constexpr (std::is_enum_v<F>)
      return "one of " + enum_choices<F>();
    else if constexpr (std::is_same_v<F, Timestamp>)
      return "time";
    else if constexpr (std::is_same_v<F, E164>)
      return "phone number (E.164)";
    else if constexpr (std::is_same_v<F, Money>)
      return "money";
    else if constexpr (std::is_same_v<F, Share>)
      return "part of 1, four decimals";
    else {
      static_assert(is_id<F>, "say how this type is called in docs/events.md");
      return "id `" + std::string(F::prefix) + "…`";
    }
  }
  void row(const std::string& path, const std::string& type, bool optional, const std::string& sealed) {
    x_rows += "| `" + path + "` | " + type + " | " + (optional ? "yes" : "") + " | " + sealed + " |\n";
  }
  std::string x_rows;
};

template <class... Es>
std::map<std::string, std::string> tables_of(std::variant<Es...>*) {
  std::map<std::string, std::string> all;
  auto add = [&]<class E>(std::type_identity<E>) {
    Table table;
    table.fields<E>("", false);
    all.emplace(E::type, table.rows());
  };
  (add(std::type_identity<Es>{}), ...);
  return all;
}

}  // namespace

std::string events_markdown() {
  std::string out =
      "# Events\n\n"
      "Written from the declarations in `domain/` (RL_UPDATE_GOLDEN=1 test_adapters_json); do not edit.\n\n"
      "Stored as `{t: type, ws: workspace, e: [ids named], d: {fields}, p: {sealed fields}}` in a commit. An "
      "optional field that\n"
      "is empty is left out. Sealed fields (personal data, secrets) lie in `p`, encrypted under the key of "
      "their subject, and\n"
      "are empty once that subject is erased. Times are RFC 3339 UTC; money is `{amount, currency}`. A type "
      "is never\n"
      "edited: a change is a new version beside the old one.\n";
  for (const auto& [type, rows] : tables_of(static_cast<Event*>(nullptr))) {
    out += "\n## " + type + "\n\n| field | type | optional | sealed |\n|---|---|---|---|\n" + rows;
  }
  return out;
}

}  // namespace ringledger::json
