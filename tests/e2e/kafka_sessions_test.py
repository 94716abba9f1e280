"""Visits of a website on two nodes while the one that writes is killed: leases are kept, no number is lent twice, and a
call is owed to the visit that saw its number, whoever writes by then."""

import pathlib
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from support.client import Client, NoAnswer  # noqa: E402
from support.cluster import PATIENCE_S, PAUSE_S, ClusterWorld  # noqa: E402
from support.world import rounds, until  # noqa: E402

SITE = "https://shop.example"
VISITORS = 8
LEASE_S = 8
BEAT_S = 0.2


class Visitor:
    """One browser: asks one node after the other, as the snippet's retries through a load balancer do."""

    def __init__(self, test, name):
        self.name, self.base, self.shown = name, test.base, []  # numbers in the order they were told
        self.headers = {"Authorization": f"Bearer {test.key}", "Origin": SITE}
        self.clients = [Client(node, timeout_s=PATIENCE_S) for node in test.nodes]
        self.session, self.stop = None, threading.Event()

    def post(self, path, body):
        """The first answer that is no 503; nodes that do not answer are passed over."""

        def asked():
            for client in self.clients:
                try:
                    answer = client.request("POST", self.base + path, body, self.headers)
                except NoAnswer:
                    continue
                if answer.status != 503:
                    return answer
            time.sleep(PAUSE_S)
            return None

        return until(asked, f"{self.name}: POST {path} is answered")

    def start(self):
        answer = self.post("", {"session_key": self.name, "landing_url": SITE})
        if answer.status not in (200, 201):
            raise AssertionError(f"{self.name}: {answer}")
        self.session = answer.json["session"]
        self.shown.append(answer.json["number"]["e164"])
        return answer.json

    def beat(self):
        answer = self.post(f"/{self.session}/heartbeat", {})
        if answer.status != 200:
            raise AssertionError(f"{self.name}: {answer}")
        self.shown.append(answer.json["number"]["e164"])

    def browse(self):
        while not self.stop.wait(BEAT_S):
            self.beat()


class Visits(ClusterWorld):
    number_count = VISITORS + 1

    def setUp(self):
        super().setUp()
        campaign = self.s.website(SITE, lease_timeout_s=LEASE_S, hold_s=60, heartbeat_s=15)
        self.key, self.at = campaign["publishable_key"], f"{self.s.ws}/campaigns/{campaign['id']}"
        self.base = f"/v1/public/campaigns/{campaign['id']}/sessions"

    def test_leases_outlive_the_writer_and_no_number_is_lent_twice(self):
        """POOL-05 on Kafka: a take-over keeps each lease, and each gets one full time to live"""
        visitors = [Visitor(self, f"visitor-{i}") for i in range(VISITORS)]
        quiet = Visitor(self, "quiet")
        with self.browsing(visitors) as failures:
            for _ in range(rounds(2, 20)):
                quiet.start()  # and no heartbeat: only what a take-over grants
                writer, term = self.writer_and_term()
                began = time.monotonic()
                writer.kill()
                granted = self.not_taken_over_before(term, began)
                counts = [len(v.shown) for v in visitors]
                until(
                    lambda c=counts: failures or all(len(v.shown) > n + 3 for v, n in zip(visitors, c)),
                    "every visitor is answered after the take-over",
                )
                until(
                    lambda: failures or self.states()["leased"] == VISITORS,
                    lambda: f"the quiet one's number is on hold: {self.states()}, {self.told()}",
                )
                self.assertGreater(time.monotonic() - granted, LEASE_S - 1)
                writer.start()
        self.assertEqual(failures, [])
        for visitor in visitors:
            self.assertEqual(len(set(visitor.shown)), 1, visitor.name)
            self.assertEqual(visitor.start()["session"], visitor.session, "the same visit, asked for again")
        self.assertEqual(len({v.shown[0] for v in [*visitors, quiet]}), VISITORS + 1, "a number was lent twice")
        self.assert_a_call_is_owed_to(visitors[0])

    def not_taken_over_before(self, term, began):
        """Waits until another node writes; the last moment at which all that run said that none does yet."""
        moment = [began]

        def taken_over():
            asked = time.monotonic()
            seats = [node.seats() for node in self.nodes if node.child]
            if any(s["role"] == "writer" and s["term"] > term for of_one in seats for s in of_one):
                return True
            if all(seats):
                moment[0] = asked
            return False

        until(taken_over, "another node writes")
        return moment[0]

    def browsing(self, visitors):
        return Browsing(visitors)

    def states(self):
        for node in self.nodes:
            if node.child:
                return node.client(self.s.owner.key).must("GET", f"{self.at}/pool")["states"]
        raise AssertionError("no node runs")

    def assert_a_call_is_owed_to(self, visitor):
        order = {"account_sid": self.s.twilio["account_sid"], "from": "+12125550100", "to": visitor.shown[0]}
        self.sim.control("POST", "calls", order)
        calls = until(lambda: self.s.owner.must("GET", f"{self.s.ws}/calls")["items"], "the call is listed")
        self.assertEqual([call["attribution"]["session"] for call in calls], [visitor.session])


class Browsing:
    """All visitors at once; what failed in their threads."""

    def __init__(self, visitors):
        self.visitors, self.failures = visitors, []
        self.threads = [threading.Thread(target=self.browse, args=(v,)) for v in visitors]

    def browse(self, visitor):
        try:
            visitor.start()
            visitor.browse()
        except BaseException as error:  # noqa: BLE001 (handed to the test's thread)
            self.failures.append(error)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        until(lambda: self.failures or all(v.shown for v in self.visitors), "everybody has a number")
        return self.failures

    def __exit__(self, *_):
        for visitor in self.visitors:
            visitor.stop.set()
        for thread in self.threads:
            thread.join()


if __name__ == "__main__":
    unittest.main()
