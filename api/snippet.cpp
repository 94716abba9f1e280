// The script that websites load (api.md "Campaigns at work", issue 5): GET /js/v1/ringledger.js.
#include "api/snippet.hpp"

#include "adapters/crypto/hash.hpp"

namespace ringledger {
namespace {

/// As it is read here; what is served is `without_blanks` of it.
constexpr std::string_view source =
    R"js(/* Ringledger: shows each visitor a number of their own. On every page of the site:
   <script async src="…/js/v1/ringledger.js" data-key="rlp_…" data-number="+14155550100"></script>
   data-number: the site's own number, or several, comma separated. data-consent: "true" or "false". */
(function (w, d) {
  "use strict";
  var tag = d.currentScript, key = tag && tag.dataset.key;
  if (!key || !w.fetch || w.ringledger) return;
  var campaign = "cmp_" + key.slice(4, 30), name = "ringledger:" + campaign;
  var url = new URL(tag.src).origin + "/v1/public/campaigns/" + campaign + "/sessions";
  var own = (tag.dataset.number || "").split(",").map(digits).filter(Boolean);
  var beat = 60, shown = null, timer, swapped = [], patience = 800;

  function digits(text) { return (text || "").replace(/\D/g, ""); }
  function random() { return w.crypto.getRandomValues(new Uint32Array(4)).join("-"); }
  function load() {
    try { return JSON.parse(w.localStorage.getItem(name)) || {}; } catch (e) { return w[name] || {}; }
  }
  function save(s) {
    w[name] = s;
    try { w.localStorage.setItem(name, JSON.stringify(s)); } catch (e) {}
  }

  /* The digits written for a number of the site: national form counts too. */
  function isOwn(text) {
    var t = digits(text);
    return t.length > 6 && own.some(function (o) { return o === t || o.slice(-t.length) === t; });
  }
  function set(node, attribute, value) {
    swapped.push([node, attribute, attribute ? node.getAttribute(attribute) : node.nodeValue]);
    if (attribute) node.setAttribute(attribute, value); else node.nodeValue = value;
  }
  function restore() {
    swapped.forEach(function (s) { if (s[1]) s[0].setAttribute(s[1], s[2]); else s[0].nodeValue = s[2]; });
    swapped = [];
  }
  function swap(root) {
    if (!shown) return;
    var tel = "a[href^='tel:']", node;
    [root].concat(Array.from(root.querySelectorAll(tel))).forEach(function (a) {
      if (a.matches(tel) && isOwn(a.getAttribute("href"))) set(a, "href", "tel:" + shown.e164);
    });
    var texts = d.createTreeWalker(root, 4);
    while ((node = texts.nextNode())) {
      if (/^(SCRIPT|STYLE|TEXTAREA)$/.test(node.parentNode.nodeName)) continue;
      var now = node.nodeValue.replace(/\+?\(?\d[\d\s().\/-]{5,}\d/g, function (t) {
        return isOwn(t) ? shown.display : t;
      });
      if (now !== node.nodeValue) set(node, "", now);
    }
  }
  function show(number) {
    if ((number && number.e164) === (shown && shown.e164)) return;
    restore();
    shown = number;
    swap(d.body);
    d.dispatchEvent(new CustomEvent("ringledger", { detail: number }));
  }

  function post(path, body, wait) {
    var stop = new AbortController(), late = wait && setTimeout(function () { stop.abort(); }, wait);
    var sent = { method: "POST", body: JSON.stringify(body), signal: stop.signal, keepalive: true };
    return fetch(url + path + "?key=" + key, sent)
      .then(function (r) {
        clearTimeout(late);
        if (r.ok) return r.json();
        throw r.status;
      });
  }
  /* Without what a text may not have: controls, blanks at its ends, half a character. */
  function clean(v, n) {
    return Array.from(v.replace(/[\s\x00-\x1f\x7f]+/g, " ")).slice(0, n).join("").trim();
  }
  /* How the visitor came, from the page's address. */
  function touch() {
    var here = w.location.href, q = new URL(here).searchParams;
    var t = { landing_url: here.slice(0, 2000), utm: {}, click_ids: {} };
    if (d.referrer) t.referrer = d.referrer.slice(0, 2000);
    q.forEach(function (v, k) {
      var ids = /^([a-z]{0,60}clid|[gw]braid|li_fat_id)$/.test(k) && t.click_ids;
      var to = /^utm_\w{1,64}$/.test(k) ? t.utm : ids;
      v = clean(v, 500);
      if (v && to && Object.keys(to).length < 20) to[k.replace("utm_", "")] = v;
    });
    return t;
  }
  function way(t) { return JSON.stringify([t.utm, t.click_ids]); }

  function answered(a) {
    var s = load();
    if (a.session) s.session = a.session;
    s.number = a.number;
    s.seen = Date.now();
    save(s);
    beat = a.heartbeat_s;
    show(a.number);
  }
  function start() {
    var t = touch(), s = load();
    if (!s.key) save({ key: random(), visitor: s.visitor || random() });
    s = load(); /* another tab's, when it was quicker */
    s.way = way(t);
    save(s);
    t.session_key = s.key;
    t.visitor = s.visitor;
    if (tag.dataset.consent) t.consent = tag.dataset.consent === "true";
    return post("", t, patience).then(answered);
  }
  function again() {
    var s = load();
    if (!s.session) return start();
    return post("/" + s.session + "/heartbeat", {}, patience).then(answered).catch(function (why) {
      if (why !== 404) throw why;
      if (load().session === s.session) save({ visitor: s.visitor }); /* over, and no other tab began one */
      return start();
    });
  }
  function live(first) {
    clearTimeout(timer);
    again().catch(function () { if (first) show(null); }).then(function () {
      timer = setTimeout(live, beat * 1000);
    });
  }

  w.ringledger = {
    end: function () {
      var s = load();
      clearTimeout(timer);
      save({ visitor: s.visitor });
      show(null);
      return s.session ? post("/" + s.session + "/end", {}) : Promise.resolve();
    }
  };
  function begin() {
    var s = load(), t = touch();
    if (s.session && Date.now() - s.seen < 1e5) show(s.number);
    if (s.session && s.way !== way(t) && way(t) !== "[{},{}]") {
      s.way = way(t);
      save(s);
      post("/" + s.session + "/touches", t).catch(function () {});
    }
    live(true);
    new MutationObserver(function (all) {
      all.forEach(function (m) { m.addedNodes.forEach(function (n) {
        if (n.nodeType === 1) swap(n); else if (n.nodeType === 3) swap(m.target);
      }); });
    }).observe(d.body, { childList: true, subtree: true });
    w.addEventListener("storage", function (e) { if (e.key === name) show(load().number || null); });
    d.addEventListener("visibilitychange", function () { if (!d.hidden) live(); });
  }
  if (d.body) begin(); else d.addEventListener("DOMContentLoaded", begin);
})(window, document);
)js";

/// Without indentation and comments, which are lines or ends of lines here: a page loads what it needs.
std::string without_blanks(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    if (auto open = text.find_first_not_of(" \n"); open != 0) {
      if (open == std::string_view::npos) break;
      text.remove_prefix(open);
    }
    auto line = text.substr(0, text.find('\n'));
    if (auto comment = line.find("/*"); comment != std::string_view::npos) {
      out.append(line.substr(0, comment));
      text.remove_prefix(text.find("*/") + 2);
      continue;
    }
    out.append(line).push_back('\n');
    text.remove_prefix(line.size());
  }
  return out;
}

}  // namespace

const std::string& snippet() {
  static const std::string text = without_blanks(source);
  return text;
}

Operation snippet_operation() {
  Operation op;
  op.operation = "GetSnippet";
  op.summary = "The script that shows each visitor of a website a number of their own";
  op.method = Method::get;
  op.path = "/js/v1/ringledger.js";
  op.is_public = true;
  op.media = {"text/javascript"};
  op.serve = [](const Call& call, HttpAnswerTo answer) {
    static const std::string tag = "\"" + sha256_hex(snippet()).substr(0, 16) + "\"";
    HttpResponse r;
    r.headers = {{"Content-Type", "text/javascript; charset=utf-8"},
                 {"Cache-Control", "public, max-age=3600"},
                 {"Cross-Origin-Resource-Policy", "cross-origin"},
                 {"Access-Control-Allow-Origin", "*"},
                 {"ETag", tag}};
    bool known = call.request.header("If-None-Match").find(tag) != std::string_view::npos;
    r.status = known ? 304 : 200;
    if (!known) r.body = snippet();
    answer(std::move(r));
  };
  return op;
}

}  // namespace ringledger
