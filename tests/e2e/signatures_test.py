"""Signatures of webhooks (twilio.md B.9), judged by the validator of Twilio's official SDK: it accepts what
our simulator signs, we accept what it signs, and what it refuses we refuse."""

import contextlib
import http.server
import pathlib
import random
import sys
import threading
import unittest
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from support.sdk import Validator  # noqa: E402
from support.webhook import FORM, Poster, call_sid, message_form, sign, voice_form  # noqa: E402
from support.world import Story, WorldTest, rounds  # noqa: E402

CALLER = "+12125550100"
NUMBER = "+14155550123"
OTHER_TOKEN = "0" * 32


class Listener:
    """Somebody else's server behind a number: keeps what it is sent: (url, params of the body, signature)."""

    def __init__(self):
        self.heard = heard = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                params = urllib.parse.parse_qsl(body, keep_blank_values=True)
                url = f"http://{self.headers['Host']}{self.path}"
                form = self.headers.get("Content-Type")
                heard.append((self.command, form, (url, params, self.headers.get("X-Twilio-Signature"))))
                text = b"<Response><Say>Hello</Say></Response>"
                self.send_response(200)
                self.send_header("Content-Type", "text/xml")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        self.thread = threading.Thread(target=self.http.serve_forever)
        self.thread.start()

    def close(self):
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()


class Simulated(WorldTest):
    """What the simulator posts to a number that is routed elsewhere."""

    def setUp(self):
        self.sim = self.start_simulator()
        self.twilio = self.sim.account()
        self.validator = Validator(self.sim, self.twilio["auth_token"])
        self.there = self.enterContext(contextlib.closing(Listener()))

    def hooked(self, **hooks):
        self.sim.number(self.twilio, NUMBER, **hooks)

    def told(self, what, **order):
        parties = {"account_sid": self.twilio["account_sid"], "from": CALLER, "to": NUMBER}
        return self.sim.control("POST", what, parties | order)

    def assert_signed(self, count):
        """Each post is accepted by the SDK, and none with another token, value, name or address."""
        posts = [post for _, _, post in self.there.heard]
        self.assertEqual(len(posts), count, posts)
        self.assertEqual(self.validator.validate(posts), [True] * count, posts)
        self.assertEqual(Validator(self.sim, OTHER_TOKEN).validate(posts), [False] * count)
        changed = [other for post in posts for other in self.changes(*post)]
        self.assertGreaterEqual(len(changed), 2 * count)
        verdicts = self.validator.validate(changed)
        self.assertEqual([c for c, ok in zip(changed, verdicts, strict=True) if ok], [])

    @staticmethod
    def changes(url, params, signature):
        """The post with one thing in it changed, in each way: an address, each value, each name left out."""
        yield f"{url}{'&' if '?' in url else '?'}more=1", params, signature
        yield url, [*params, ("More", "1")], signature
        for i, (name, value) in enumerate(params):
            yield url, [*params[:i], (name, value + "1"), *params[i + 1 :]], signature
            yield url, [*params[:i], *params[i + 1 :]], signature

    def test_the_sdk_accepts_what_the_simulator_posts_of_a_call(self):
        """A call's VoiceUrl and StatusCallback, with a query and a fragment, are signed as Twilio signs"""
        self.hooked(
            voice_url=f"{self.there.url}/voice?shop=7&name=a%20b#rc=3&rp=ct,rt,5xx",
            status_callback=f"{self.there.url}/status",
            voice_caller_id_lookup="true",
        )
        rung = self.told("calls", caller_name="GRÜN & SÖHNE = 100% +1", duration_s=7)
        self.assertEqual([s for s in rung["transcript"] if "error" in s], [])
        self.assertEqual({(method, form) for method, form, _ in self.there.heard}, {("POST", FORM)})
        urls = [url for _, _, (url, _, _) in self.there.heard]
        self.assertEqual(urls, [f"{self.there.url}/voice?shop=7&name=a%20b", f"{self.there.url}/status"])
        self.assert_signed(2)
        voice, status = (dict(params) for _, _, (_, params, _) in self.there.heard)
        self.assertEqual((voice["From"], voice["CallSid"]), (CALLER, rung["call"]["sid"]))
        self.assertEqual((voice["CallerName"], voice["CallStatus"]), ("GRÜN & SÖHNE = 100% +1", "ringing"))
        self.assertEqual((status["CallStatus"], status["CallSid"]), ("completed", rung["call"]["sid"]))

    def test_the_sdk_accepts_what_the_simulator_posts_of_a_message_and_asks_with_GET(self):
        """A message with line breaks and signs; hooks of method GET are signed by their whole address"""
        self.hooked(
            sms_url=f"{self.there.url}/sms",
            voice_url=f"{self.there.url}/voice?shop=7",
            voice_method="GET",
            status_callback=f"{self.there.url}/status",
            status_callback_method="GET",
        )
        self.told("messages", body="Füße?\r\n1+1=2 & 100% 👋", num_media=2)
        self.told("calls")
        self.assertEqual([method for method, _, _ in self.there.heard], ["POST", "GET", "GET"])
        self.assert_signed(3)
        self.assertEqual(dict(self.there.heard[0][2][1])["Body"], "Füße?\r\n1+1=2 & 100% 👋")


class Accepted(WorldTest):
    """What the server accepts at its hooks."""

    def setUp(self):
        self.sim = self.start_simulator()
        settings = {"logging_level": "error", "limits_address_requests_per_second": 0}
        self.server = self.new_server(self.sim, **settings).start()
        self.s = Story(self.server, self.sim, numbers=1)
        self.poster = Poster(self.server, self.s.connection_id, self.s.twilio["auth_token"])
        self.addCleanup(self.poster.close)
        self.validator = Validator(self.sim, self.poster.token)

    def form(self, n=1, status="ringing", **more):
        return voice_form(self.s.twilio["account_sid"], call_sid(n), self.s.e164s[0], status, **more)

    def test_what_the_sdk_signs_is_accepted_and_with_one_byte_changed_it_is_not(self):
        """A form signed by the SDK is one call, its status, a message; a changed byte is 403, no event"""
        voice = self.form(CallerName="GRÜN & SÖHNE = 100% +1", FromCity="")
        ended = self.form(status="completed", CallDuration="7", SequenceNumber="0")
        account = self.s.twilio["account_sid"]
        message = message_form(account, f"SM{1:032x}", self.s.e164s[0], "Füße?\r\n1+1=2 & 100% 👋")
        events = len(self.s.owner.events())
        for what, form in (("voice", voice), ("status", ended), ("sms", message)):
            signature = self.validator.sign(self.poster.url(what), form)
            for changed, signed in self.one_byte_changed(form, signature):
                self.assertEqual(self.poster.post(what, changed, signed).status, 403, (changed, signed))
            stranger = Validator(self.sim, OTHER_TOKEN).sign(self.poster.url(what), form)
            self.assertEqual(self.poster.post(what, form, stranger).status, 403)
            self.assertEqual(len(self.s.owner.events()), events, "a refused post leaves no event")
            answer = self.poster.post(what, form, signature)
            self.assertEqual(answer.status, 200, answer)
            if what != "status":
                self.assertIn(b"<Response", answer.body)
            self.assertGreater(len(self.s.owner.events()), events)
            events = len(self.s.owner.events())
        (call,) = self.s.owner.must("GET", f"{self.s.ws}/calls")["items"]
        shown = (call["provider_sid"], call["status"], call["from"])
        self.assertEqual(shown, (call_sid(1), "completed", CALLER))
        (told,) = self.s.owner.must("GET", f"{self.s.ws}/messages")["items"]
        self.assertEqual(told["body"], "Füße?\r\n1+1=2 & 100% 👋")

    @staticmethod
    def one_byte_changed(form, signature):
        """The last byte of each value, and the first of the signature."""
        for i, (name, value) in enumerate(form):
            if value:
                other = value[:-1] + ("1" if value[-1] != "1" else "2")
                yield [*form[:i], (name, other), *form[i + 1 :]], signature
        yield form, ("A" if signature[0] != "A" else "B") + signature[1:]

    def test_mutated_posts_are_refused_as_twilios_own_sdk_refuses_them(self):
        """Of mutated signatures none is accepted; the oracle is the official SDK's validator."""
        seed = random.SystemRandom().randrange(2**32)
        print(f"seed {seed}", flush=True)
        chance = random.Random(seed)
        posts = [self.mutated(chance) for _ in range(rounds(2000, 10000))]
        verdicts = self.validator.validate(posts)
        before = len(self.s.owner.events())
        accepted = 0
        for (url, params, signature), valid in zip(posts, verdicts, strict=True):
            status = self.poster.post("voice", params, signature, url).status
            if not valid:
                self.assertIn(status, (403, 404), (url, params, signature))
            accepted += status == 200
        self.assertEqual(sum(verdicts), 0, "a mutation that is none")
        self.assertEqual(accepted, 0)
        self.assertEqual(len(self.s.owner.events()), before)
        good, url = self.form(), self.poster.url("voice")
        self.assertEqual(self.validator.validate([(url, good, sign(self.poster.token, url, good))]), [True])
        self.assertEqual(self.poster.post("voice", good).status, 200)

    def test_a_new_token_counts_from_its_answer_on(self):
        """WHK Whatever the read models show at that moment."""
        for i in range(20):
            self.poster.token = f"{i:032x}"
            path = f"{self.s.ws}/connections/{self.s.connection_id}"
            self.s.owner.must("PATCH", path, {"auth_token": self.poster.token})
            self.assertEqual(self.poster.post("voice", self.form(i)).status, 200, i)

    def mutated(self, chance):
        params, url = self.form(chance.randrange(9)), self.poster.url("voice")
        signature = sign(self.poster.token, url, params)
        what = chance.randrange(5)
        at = chance.randrange(len(params))
        if what == 0:
            i = chance.randrange(len(signature) - 1)
            other = chance.choice([c for c in "ABCxyz019+/" if c != signature[i]])
            signature = signature[:i] + other + signature[i + 1 :]
        elif what == 1:
            params[at] = (params[at][0], params[at][1] + chance.choice("019 x"))
        elif what == 2:
            del params[at]
        elif what == 3:
            params.append((f"Extra{chance.randrange(9)}", "1"))
        else:
            url += chance.choice(["?a=1", "/", "?x=%20"])
        return url, params, signature


if __name__ == "__main__":
    unittest.main()
