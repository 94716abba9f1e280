// Splitting URLs and coding forms.
#include "adapters/http/url.hpp"

#include <doctest/doctest.h>

using namespace ringledger;

TEST_CASE("HTTP-01 a URL is split into its parts") {
  const auto url = parse_url("HTTPS://user:p%40ss@Example.COM:8443/a/b%20c?x=1&y=?#frag");
  REQUIRE(url);
  CHECK(url->scheme == "https");
  CHECK(url->user_info == "user:p%40ss");
  CHECK(url->host == "example.com");
  CHECK(url->port == 8443);
  CHECK(url->path == "/a/b%20c");
  CHECK(url->query == "x=1&y=?");
  CHECK(url->fragment == "frag");
  CHECK(url->target() == "/a/b%20c?x=1&y=?");
  CHECK(url->origin() == "https://example.com:8443");
}

TEST_CASE("HTTP-01 what a URL leaves out has its usual value") {
  CHECK(parse_url("http://h")->origin() == "http://h:80");
  CHECK(parse_url("https://h")->origin() == "https://h:443");
  CHECK(parse_url("http://h")->path == "/");
  CHECK(parse_url("http://h?q")->target() == "/?q");
  CHECK(parse_url("http://h?")->has_query);
  CHECK_FALSE(parse_url("http://h")->has_query);
  CHECK(parse_url("http://[::1]:80/x")->host == "[::1]");
  CHECK(parse_url("http://[::1]/x")->port == 0);
}

TEST_CASE("HTTP-01 what is no URL is refused") {
  for (const auto* text : {"",
                           "h",
                           "//h/",
                           "ftp://h/",
                           "http://",
                           "http:///x",
                           "http://:80/",
                           "http://h:0/",
                           "http://h:65536/",
                           "http://h:/",
                           "http://h:8x/",
                           "http://h/a b",
                           "http://h/\n",
                           "http://h/%zz",
                           "http://h/%2",
                           "http://h/ä",
                           "http://h/<",
                           "http://a\"b/",
                           "http://[::1/",
                           "http://[]/",
                           "http://a!b/"})
    CHECK_MESSAGE(!parse_url(text), text);
  CHECK_FALSE(parse_url("http://h/" + std::string(max_url_bytes, 'a')));
}

TEST_CASE("HTTP-02 percent coding goes both ways for every byte") {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  CHECK(percent_decode(percent_encode(all)) == all);
  CHECK(percent_encode("a b+~/ä") == "a%20b%2B~%2F%C3%A4");
  CHECK(percent_decode("a+b") == "a+b");
  CHECK_FALSE(percent_decode("%"));
  CHECK_FALSE(percent_decode("%4"));
  CHECK_FALSE(percent_decode("%g0"));
}

TEST_CASE("HTTP-02 forms are coded as WHATWG says, and read whatever comes") {
  const FormFields fields{{"a b", "c&d=e"}, {"x", ""}, {"x", "~*-._ä"}};
  CHECK(form_encode(fields) == "a+b=c%26d%3De&x=&x=%7E*-._%C3%A4");
  CHECK(form_decode(form_encode(fields)) == fields);
  CHECK(form_decode("a&&=b&c=%&d=%4&e=1=2&") ==
        FormFields{{"a", ""}, {"", "b"}, {"c", "%"}, {"d", "%4"}, {"e", "1=2"}});
  CHECK(form_decode("").empty());
  CHECK(form_value(fields, "x").empty());
  CHECK(form_has(fields, "x"));
  CHECK_FALSE(form_has(fields, "y"));
}
