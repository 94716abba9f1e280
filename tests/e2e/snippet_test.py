"""The snippet in headless Chromium, on real pages of a site of their own origin: it swaps the site's number for
the one that was leased, survives a reload and two tabs, and leaves the site alone when nobody answers in time."""

import html
import http.server
import pathlib
import re
import shutil
import subprocess
import sys
import threading
import time
import unittest
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from support.world import Story, WorldTest  # noqa: E402

OWN = "+12125550100"
CALLER = "+12125550177"
CHROMIUM = shutil.which("chromium")
# The load event, after which the page is looked at, waits for the picture.
PAGE = """<!doctype html><title>Shop</title><body>
<p id="written">Call us: (212) 555-0100 today, or fax 555-0123.</p>
<a id="link" href="tel:+1-212-555-0100">call</a>
<script async src="{src}/js/v1/ringledger.js" data-key="{key}" data-number="+12125550100"
data-consent="true"></script>
<img src="/wait?ms={wait_ms}"></body>"""
TABS = """<!doctype html><body><iframe id="a" src="/page"></iframe><iframe id="b" src="/page"></iframe>
<p id="both"></p><img src="/wait?ms=4000"><script>addEventListener("load", function () {
both.textContent = [a, b].map(function (f) { return f.contentDocument.getElementById("written").textContent; })
.join("|");
});</script></body>"""


class Site:
    """A website: its pages, and what it passes on to Ringledger, after `delay_s`, when it is told to."""

    def __init__(self):
        site = self
        self.delay_s, self.server_url, self.pages = 0, "", {}

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def send(self, status, body, media="text/html; charset=utf-8"):
                self.send_response(status)
                self.send_header("Content-Type", media)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                at = urllib.parse.urlsplit(self.path)
                if at.path == "/wait":
                    time.sleep(int(urllib.parse.parse_qs(at.query)["ms"][0]) / 1000)
                    return self.send(204, b"")
                if at.path.startswith("/js/"):
                    script = urllib.request.urlopen(site.server_url + at.path).read()
                    return self.send(200, script, "text/javascript")
                page = site.pages.get(at.path)
                self.send(200 if page else 404, (page or "").encode())

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                time.sleep(site.delay_s)
                headers = {"Origin": site.url, "Content-Type": "text/plain"}
                asked = urllib.request.Request(site.server_url + self.path, body, headers, method="POST")
                self.send(200, urllib.request.urlopen(asked).read(), "application/json")

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def close(self):
        self.http.shutdown()
        self.http.server_close()


@unittest.skipUnless(CHROMIUM, "chromium is not installed: scripts/setup")
class Snippet(WorldTest):
    def setUp(self):
        self.sim = self.start_simulator()
        self.server = self.new_server(self.sim, logging_level="warn").start()
        self.s = Story(self.server, self.sim, numbers=3)
        self.site = Site()
        self.addCleanup(self.site.close)
        self.site.server_url = f"http://127.0.0.1:{self.server.port}"
        body = {
            "name": "Website",
            "campaign_type": "website_tracker",
            "forward_to": OWN,
            "allowed_origins": [self.site.url],
        }
        self.campaign = self.s.owner.must("POST", f"{self.s.ws}/campaigns", body, status=201)
        self.at = f"{self.s.ws}/campaigns/{self.campaign['id']}"
        body = {"campaign": self.campaign["id"], "numbers": self.s.ids, "acknowledged": []}
        self.s.owner.must("POST", f"{self.s.ws}/numbers/assign", body, wait_s=30)
        self.page(src=self.site.server_url)
        self.profile = self.new_folder()

    def page(self, src, wait_ms=3000):
        text = PAGE.format(src=src, key=self.campaign["publishable_key"], wait_ms=wait_ms)
        self.site.pages = {"/page": text, "/tabs": TABS}

    def look(self, path="/page"):
        """The page's document as it is once it is loaded."""
        got = subprocess.run(
            [
                CHROMIUM,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--disable-background-networking",
                f"--user-data-dir={self.profile}",
                "--dump-dom",
                self.site.url + path,
            ],
            capture_output=True,
            text=True,
            timeout=120,
        )
        self.assertEqual(got.returncode, 0, got.stderr[-2000:])
        return html.unescape(got.stdout)

    def written(self, page):
        return re.search(r'id="written">([^<]*)<', page)[1]

    def leases(self):
        return self.s.owner.must("GET", f"{self.at}/leases")["items"]

    def test_a_visitor_sees_a_number_of_their_own_and_the_call_is_owed_to_the_visit(self):
        """POOL-02 POOL-05 Chromium shows the leased number; the call is attributed to that very visit"""
        page = self.look("/page?utm_source=search&gclid=77")
        (lease,) = self.leases()
        e164 = lease["number"]["e164"]
        self.assertIn(f'href="tel:{e164}"', page)
        shown = self.written(page)
        self.assertNotIn("555-0100", shown)
        self.assertIn("fax 555-0123", shown)  # not the site's number: stays
        self.assertIn(e164[2:5], shown)
        self.assertEqual((lease["utm"], lease["click_ids"]), ({"source": "search"}, {"gclid": "77"}))
        self.assertTrue(lease["consent"])
        order = {"account_sid": self.s.twilio["account_sid"], "from": CALLER, "to": e164}
        self.sim.control("POST", "calls", order)
        call = self.s.owner.must("GET", f"{self.s.ws}/calls")["items"][0]
        self.assertEqual(call["attribution"]["session"], lease["session"])
        # a reload, in the same browser: the same visit, the same number
        again = self.look()
        self.assertEqual(self.written(again), shown)
        self.assertEqual([row["session"] for row in self.leases()], [lease["session"]])
        self.assertEqual(self.s.owner.must("GET", f"{self.at}/pool")["sessions"], 1)

    def test_two_tabs_are_one_visit(self):
        """POOL-05 two tabs, one session, one number"""
        both = re.search(r'id="both">([^<]*)<', self.look("/tabs"))[1].split("|")
        self.assertEqual(both[0], both[1])
        self.assertNotIn("555-0100", both[0])
        self.assertEqual(self.s.owner.must("GET", f"{self.at}/pool")["states"]["leased"], 1)

    def test_the_sites_own_number_stays_when_nobody_answers_in_time(self):
        """Slower than 800 ms, down, or from an origin that is not allowed: the page is as it was"""
        self.page(src=self.site.url)  # through the site
        quick = self.look()
        self.assertNotIn("555-0100", self.written(quick))
        self.profile = self.new_folder()
        self.site.delay_s = 1.5
        self.assertIn("(212) 555-0100 today", self.written(self.look()))
        self.site.delay_s = 0
        self.profile = self.new_folder()
        self.page(src=self.site.server_url)
        self.s.owner.must("PATCH", self.at, {"allowed_origins": ["https://elsewhere.example"]})
        slow = self.look()
        self.assertIn("(212) 555-0100 today", self.written(slow))
        self.assertIn('href="tel:+1-212-555-0100"', slow)

    def test_the_snippet_is_small_and_cached(self):
        answer = self.server.client().request("GET", "/js/v1/ringledger.js")
        self.assertEqual(answer.status, 200)
        self.assertTrue(answer.headers["Content-Type"].startswith("text/javascript"))
        self.assertLess(len(answer.body), 5000)
        again = self.server.client().get("/js/v1/ringledger.js", If_None_Match=answer.headers["ETag"])
        self.assertEqual((again.status, again.body), (304, b""))


if __name__ == "__main__":
    unittest.main()
