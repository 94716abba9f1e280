// The page behind /docs: shows /openapi.json of the same server, and fetches nothing else.
#include "api/openapi.hpp"

namespace ringledger {
namespace {

constexpr std::string_view page = R"html(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Ringledger API</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root{color-scheme:light dark}
body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem}
h1{margin-bottom:.2rem} details{border:1px solid #8885;border-radius:6px;margin:.4rem 0;padding:.3rem .7rem}
summary{cursor:pointer} code,pre,.m{font-family:ui-monospace,monospace;font-size:13px}
.m{display:inline-block;width:4.2em;font-weight:700} .get{color:#2a7} .post{color:#27c} .put,.patch{color:#b70} .delete{color:#c33}
pre{overflow:auto;background:#8881;padding:.6rem;border-radius:6px} table{border-collapse:collapse;width:100%}
td{border-top:1px solid #8883;padding:.2rem .5rem;vertical-align:top} input{width:100%;padding:.4rem;font:inherit}
.s{opacity:.75;margin-left:.6em}
</style></head><body>
<h1 id="title">Ringledger API</h1><p id="about"></p>
<p><input id="find" type="search" placeholder="Find: path, operation, command" aria-label="Find"></p>
<main id="all">Loading /openapi.json</main>
<script>
"use strict";
const make = (tag, text, cls) => {
  const e = document.createElement(tag);
  if (text !== undefined) e.textContent = text;
  if (cls) e.className = cls;
  return e;
};
const kind = s => !s ? "" : s.$ref ? s.$ref.split("/").pop() : s.enum ? s.enum.filter(v => v !== null).join(" | ")
  : s.type === "array" ? "list of " + kind(s.items) : [].concat(s.type || "").join(" or ") + (s.format ? " (" + s.format + ")" : "");
const show = (doc, path, method, op) => {
  const box = make("details"), head = make("summary");
  head.append(make("span", method.toUpperCase(), "m " + method), make("code", path), make("span", op.summary || "", "s"));
  box.append(head, make("p", op.operationId + (op["x-commands"] ? " — commands: " + op["x-commands"].join(", ") : "")));
  const table = make("table");
  for (const given of op.parameters || []) {
    const p = given.$ref ? doc.components.parameters[given.$ref.split("/").pop()] : given;
    const row = make("tr");
    row.append(make("td", p.name + (p.required ? " *" : "")), make("td", p.in), make("td", kind(p.schema)), make("td", p.description || ""));
    table.append(row);
  }
  if (table.children.length) box.append(table);
  const schema = c => c && (c["application/json"] || Object.values(c)[0] || {}).schema;
  const add = (title, s) => s && Object.keys(s).length && box.append(make("p", title), make("pre", JSON.stringify(s, null, 1)));
  add("Body", op.requestBody && schema(op.requestBody.content));
  for (const [status, r] of Object.entries(op.responses || {})) if (status[0] === "2") add("Answer " + status, schema(r.content));
  box.dataset.text = (path + " " + op.operationId + " " + (op["x-commands"] || []).join(" ") + " " + (op.summary || "")).toLowerCase();
  return box;
};
fetch("/openapi.json").then(r => r.json()).then(doc => {
  const all = document.getElementById("all");
  all.textContent = "";
  document.getElementById("title").textContent = doc.info.title + " API " + doc.info.version;
  document.getElementById("about").textContent = doc.info.description || "";
  for (const [path, methods] of Object.entries(doc.paths))
    for (const [method, op] of Object.entries(methods)) all.append(show(doc, path, method, op));
  document.getElementById("find").addEventListener("input", e => {
    const text = e.target.value.toLowerCase();
    for (const box of all.children) box.hidden = !box.dataset.text.includes(text);
  });
}).catch(e => { document.getElementById("all").textContent = "The document could not be read: " + e; });
</script></body></html>
)html";

}  // namespace

std::string_view docs_page() { return page; }

}  // namespace ringledger
