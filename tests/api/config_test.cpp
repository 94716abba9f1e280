// Configuration: file, environment and flags in their order, and mistakes that name their place.
#include "api/config.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

using namespace ringledger;

namespace {
/// A config file in a folder of its own, removed with it.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string_view content) {
    std::string folder = (std::filesystem::temp_directory_path() / "rl-config-XXXXXX").string();
    REQUIRE(mkdtemp(folder.data()) != nullptr);
    folder_ = folder;
    std::ofstream(path()) << content;
  }
  ~TemporaryFile() { std::filesystem::remove_all(folder_); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  [[nodiscard]] std::string path() const { return folder_ + "/ringledger.toml"; }

 private:
  std::string folder_;
};

/// The mistakes, with the file's folder left out.
std::string mistakes(std::string_view toml, const ConfigEnvironment& env = {},
                     const ConfigFlags& flags = {}) {
  TemporaryFile file(toml);
  auto loaded = load_config(file.path(), env, flags);
  if (loaded) return "";
  CHECK(loaded.error().code == Code::validation_failed);
  auto text = loaded.error().detail;
  auto folder = file.path().substr(0, file.path().rfind('/') + 1);
  for (auto at = text.find(folder); at != std::string::npos; at = text.find(folder)) {
    text.erase(at, folder.size());
  }
  return text;
}
}  // namespace

TEST_CASE("without anything the defaults hold") {
  auto c = load_config("", {}, {});
  REQUIRE(c.has_value());
  CHECK(*c == Config{});
  CHECK(c->server.port == 8080);
  CHECK(c->limits.commands_in_flight == 4096);
  CHECK(c->threads() >= 1);
  CHECK(c->public_url(8080) == "http://127.0.0.1:8080");
}

TEST_CASE("flags win over the environment, the environment over the file, the file over the defaults") {
  TemporaryFile file(
      "[server]\nport = 1\nthreads = 2\npublic_url = \"https://x.example/\"\n"
      "[limits]\nper_account_in_flight = 7\n[data]\ndir = \"d\"\n");
  auto c = load_config(file.path(), {{"RINGLEDGER_SERVER_PORT", "10"}, {"RINGLEDGER_SERVER_THREADS", "20"}},
                       {{"server.port", "100"}});
  REQUIRE(c.has_value());
  CHECK(c->server.port == 100);
  CHECK(c->server.threads == 20);
  CHECK(c->limits.per_account_in_flight == 7);
  CHECK(c->data.dir == "d");
  CHECK(c->public_url(1) == "https://x.example");
}

TEST_CASE("an unknown key or section names its line and the nearest known one") {
  CHECK(mistakes("[server]\naddress = \"::1\"\nprot = 1\n") ==
        "ringledger.toml:3: unknown key server.prot; did you mean server.port?");
  CHECK(mistakes("\n[sever]\nport = 1\n") ==
        "ringledger.toml:2: unknown section [sever]; did you mean [server]?");
  CHECK(mistakes("prot = 1\n").starts_with("ringledger.toml:1: unknown key prot; did you mean "));
  CHECK(mistakes("server = 1\n") == "ringledger.toml:1: server is a section: write [server]");
  CHECK(mistakes("", {{"RINGLEDGER_SERVER_PROT", "1"}}) ==
        "RINGLEDGER_SERVER_PROT: unknown variable; did you mean RINGLEDGER_SERVER_PORT?");
  CHECK(mistakes("", {}, {{"server.prot", "1"}}) ==
        "--server.prot: unknown key; did you mean --server.port?");
  CHECK(mistakes("", {{"RINGLEDGER_OPERATOR_KEY", "x"}}).empty());
}

TEST_CASE("a wrong type, range or word names its line and what is right; all mistakes are told at once") {
  CHECK(mistakes("[server]\nport = \"80\"\n") ==
        "ringledger.toml:2: server.port: expected a whole number (0 to 65535)");
  CHECK(mistakes("[server]\nport = 65536\n") ==
        "ringledger.toml:2: server.port: 65536 is out of range (0 to 65535)");
  CHECK(mistakes("[server]\nport = 80.5\n[data]\ndir = 3\n[logging]\nlevel = \"loud\"\n") ==
        "ringledger.toml:2: server.port: expected a whole number (0 to 65535)\n"
        "ringledger.toml:4: data.dir: expected a text in quotes\n"
        "ringledger.toml:6: logging.level: \"loud\" is none of debug|info|warn|error");
  CHECK(mistakes("", {{"RINGLEDGER_SERVER_PORT", "80x"}}) ==
        "RINGLEDGER_SERVER_PORT: server.port: \"80x\" is no whole number (0 to 65535)");
  CHECK(mistakes("", {}, {{"server.port", "-1"}}) ==
        "--server.port: server.port: -1 is out of range (0 to 65535)");
  CHECK(mistakes("[twilio]\nsimulator_url = \"localhost\"\n").contains("is no http(s) URL"));
  CHECK(mistakes("[data]\ndir = \"\"\n").contains("must not be empty"));
}

TEST_CASE("broken TOML and a missing file say where") {
  CHECK(mistakes("[server]\nport = \n").starts_with("ringledger.toml:2: "));
  auto missing = load_config("/nowhere/ringledger.toml", {}, {});
  REQUIRE_FALSE(missing.has_value());
  CHECK(missing.error().code == Code::not_found);
  CHECK(missing.error().detail.contains("/nowhere/ringledger.toml"));
}

TEST_CASE("the master key is checked, kept out of messages and never shown") {
  std::string key(64, 'A');
  auto c = load_config("", {{"RINGLEDGER_CRYPTO_MASTER_KEY", key}}, {});
  REQUIRE(c.has_value());
  CHECK(c->crypto.master_key.reveal() == std::string(64, 'a'));
  CHECK(show_config(*c).contains("master_key = \"(set)\""));
  CHECK_FALSE(show_config(*c).contains("aaaa"));
  auto wrong = mistakes("[crypto]\nmaster_key = \"canary\"\n");
  CHECK(wrong == "ringledger.toml:2: crypto.master_key: it must be 64 hex digits");
}

TEST_CASE("what is shown can be loaded again") {
  Config c;
  c.server.port = 1234;
  c.data.dir = "a \"quoted\" dir";
  c.limits.requests_per_second = 5;
  SUBCASE("with some partitions") { c.cluster.hosts = {1, 4}; }
  SUBCASE("with all") {}
  TemporaryFile file(show_config(c));
  auto again = load_config(file.path(), {}, {});
  REQUIRE(again.has_value());
  CHECK(*again == c);
}

TEST_CASE("the documentation has a row for every key") {
  auto table = describe_config();
  auto keys = config_keys();
  CHECK(keys.size() == static_cast<std::size_t>(std::count(table.begin(), table.end(), '\n')) - 2);
  for (const auto& key : keys) CHECK(table.contains("| `" + key + "` | `RINGLEDGER_"));
  CHECK(table.contains("| `server.port` | `RINGLEDGER_SERVER_PORT` | whole number, 0 to 65535 | `8080` |"));
}

TEST_CASE("only our variables are taken from the process") {
  REQUIRE(setenv("RINGLEDGER_SERVER_PORT", "4711", 1) == 0);
  auto env = ringledger_environment();
  unsetenv("RINGLEDGER_SERVER_PORT");
  CHECK(env.at("RINGLEDGER_SERVER_PORT") == "4711");
  CHECK_FALSE(env.contains("PATH"));
}

TEST_CASE("librdkafka's own settings pass through, in quotes or with dots, and are never shown") {
  TemporaryFile file(
      "[log]\nengine = \"kafka\"\n[kafka]\nbootstrap = \"b:9092\"\n[kafka.properties]\n"
      "\"security.protocol\" = \"SASL_SSL\"\nsasl.username = \"u\"\nsasl.password = \"hush\"\n"
      "socket.timeout.ms = 5000\nenable.ssl.certificate.verification = true\n");
  auto c = load_config(file.path(), {}, {});
  REQUIRE_MESSAGE(c.has_value(), (c ? "" : c.error().detail));
  CHECK(c->kafka.properties == ConfigMap{{"security.protocol", "SASL_SSL"},
                                         {"sasl.username", "u"},
                                         {"sasl.password", "hush"},
                                         {"socket.timeout.ms", "5000"},
                                         {"enable.ssl.certificate.verification", "true"}});
  CHECK_FALSE(show_config(*c).contains("hush"));
  CHECK(show_config(*c).contains("\"sasl.password\" = \"(set)\""));
  CHECK(c->kafka.log_topic() == "ringledger.log");
  auto env = load_config(file.path(), {{"RINGLEDGER_KAFKA_PROPERTIES", "a.b=c=d\nx=y\n"}}, {});
  REQUIRE(env.has_value());
  CHECK(env->kafka.properties == ConfigMap{{"a.b", "c=d"}, {"x", "y"}});
  CHECK(mistakes("[kafka.properties]\na = [1]\n").contains("expected a text, a whole number, true or false"));
  CHECK(mistakes("", {{"RINGLEDGER_KAFKA_PROPERTIES", "nonsense"}}).contains("expected name=value"));
}

TEST_CASE("what this release cannot write, log.write_level cannot ask for") {
  auto range = "(" + std::to_string(first_level) + " to " + std::to_string(newest_level) + ")";
  auto too_new = std::to_string(newest_level + 1);
  CHECK(mistakes("[log]\nwrite_level = " + too_new + "\n") ==
        "ringledger.toml:2: log.write_level: " + too_new + " is out of range " + range);
  CHECK(mistakes("[log]\nwrite_level = 0\n").ends_with("0 is out of range " + range));
  CHECK(load_config("", {}, {})->log.write_level == newest_level);
}

TEST_CASE(
    "cluster.hosts is a set of partitions, the same from a file and as text; an empty one is a mistake") {
  TemporaryFile file("[cluster]\nhosts = [3, 0, 3]\n");
  auto c = load_config(file.path(), {}, {});
  REQUIRE(c.has_value());
  CHECK(c->cluster.hosts == ConfigNumbers{0, 3});
  CHECK(c->cluster.hosts_partition(3));
  CHECK_FALSE(c->cluster.hosts_partition(1));
  CHECK(c->cluster.hosted(8) == 2);
  CHECK(show_config(*c).contains("hosts = [0, 3]"));
  CHECK(load_config("", {{"RINGLEDGER_CLUSTER_HOSTS", "3,0"}}, {})->cluster == c->cluster);
  CHECK(load_config("", {}, {{"cluster.hosts", "0,3"}})->cluster == c->cluster);
  CHECK(ClusterConfig{}.hosts_partition(7));
  CHECK(ClusterConfig{}.hosted(8) == 8);
  CHECK(mistakes("[cluster]\nhosts = []\n") ==
        "ringledger.toml:2: cluster.hosts: it must name at least one, or be left out");
  CHECK(mistakes("[cluster]\nhosts = [70000]\n").ends_with("70000 is out of range (0 to 65535)"));
  CHECK(mistakes("[cluster]\nhosts = 1\n").ends_with("expected a list of whole numbers (0 to 65535)"));
  CHECK(mistakes("", {}, {{"cluster.hosts", "1,x"}}).ends_with("\"x\" is no whole number (0 to 65535)"));
  CHECK(mistakes("", {}, {{"cluster.hosts", ""}}).ends_with("it must name at least one, or be left out"));
}
