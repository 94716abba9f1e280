"""Nodes and partitions: accounts live in partitions, partitions are spread over the nodes, any node takes any request,
and a node that is stopped in order is not missed."""

import sys
import pathlib
import secrets
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from support.client import until  # noqa: E402
from support.kafka import KafkaServer, KafkaWorld  # noqa: E402
from support.world import OPERATOR_KEY, Story  # noqa: E402

PARTITIONS = 4
KEEP_S = 50  # longer than a busy machine needs to change the seat, and less than a client waits
ACCOUNTS = 10  # all in one of 4 partitions: once in 260,000 runs


class Cluster(KafkaWorld):
    def setUp(self):
        self.sim = self.start_simulator()
        type(self).topics += 1
        self.prefix = f"cluster-{self.topics}"
        self.master = {"crypto_master_key": secrets.token_hex(32)}

    def node(self, **settings):
        """Not started."""
        settings = {"logging_level": "info"} | self.master | settings
        node = KafkaServer(self.new_folder(), self.broker, self.prefix, self.sim, **settings)
        self.made.append(node)
        return node

    def two_nodes(self, partitions, **settings):
        one = self.node(**settings)
        made = one.create_log("--partitions", str(partitions))
        self.assertEqual(made.returncode, 0, made.stderr)
        return one.start(), self.node(**settings).start()

    def written_by(self, node):
        seats = node.client().get("/readyz").json["partitions"]
        return [s["partition"] for s in seats if s["writes"]]

    def spread(self, *nodes):
        return sorted(len(self.written_by(n)) for n in nodes)

    def test_accounts_live_in_partitions_and_partitions_are_spread_over_nodes(self):
        one, two = self.two_nodes(PARTITIONS)
        until(lambda: self.spread(one, two) == [2, 2], lambda: f"each writes two: {self.spread(one, two)}", 60)
        stories = [Story(one if i % 2 else two, self.sim, name=f"Firm{i}") for i in range(ACCOUNTS)]
        lived_in = set()
        for story in stories:
            path = f"{story.ws}/campaigns"
            body = {"name": "Spring", "campaign_type": "static", "forward_to": "+14155550199"}
            made = story.owner.send("POST", path, body)
            self.assertEqual(made.status, 201, made)
            position = made.headers["Ringledger-Position"]
            lived_in.add(position.split(".")[1])
            elsewhere = (two if story.server is one else one).client(story.owner.key)
            seen = elsewhere.get(path, Ringledger_Position=position, Prefer="wait=10")
            self.assertEqual([c["name"] for c in seen.json["items"]], ["Spring"], seen)
            self.assertEqual(elsewhere.send("POST", path, body).code, "name_taken")
            sequences = [e["sequence"] for e in elsewhere.events()]
            self.assertEqual(sequences, list(range(1, len(sequences) + 1)))
        self.assertGreater(len(lived_in), 1, f"accounts live in different partitions, not all in {lived_in}")
        self.assert_cluster_view(one, stories[0].owner.key)
        self.assert_positions_of_other_partitions(stories)
        two.kill()
        self.assert_everything_is_written_by(one, stories)

    def assert_cluster_view(self, one, owner_key):
        for key in (OPERATOR_KEY, owner_key):
            client = one.client(key)

            def without_lag(client=client):
                view = client.must("GET", "/v1/cluster")
                return all(p["lag"] == 0 for p in view["partitions"]) and view

            view = until(without_lag, "no lag")
            self.assertEqual(view["engine"], "kafka")
            self.assertEqual(len(view["nodes"]), 2, view)
            self.assertTrue(all(n["reachable"] and n["ready"] for n in view["nodes"]), view)
            self.assertTrue(all(n["reads_level"] >= n["writes_level"] >= 1 for n in view["nodes"]), view)
            urls = {n["url"] for n in view["nodes"]}
            self.assertEqual({p["writer_url"] for p in view["partitions"]}, urls)
            self.assertEqual([p["partition"] for p in view["partitions"]], list(range(PARTITIONS)))
        self.assertEqual(one.client().get("/v1/cluster").status, 401)

    def assert_positions_of_other_partitions(self, stories):
        """They are opaque: a client may send the last one it saw, of whichever account."""
        position = stories[0].owner.get("/v1/me").headers["Ringledger-Position"]
        for story in stories:
            self.assertEqual(story.owner.get("/v1/me", Ringledger_Position=position).status, 200)
        epoch = position.split(".")[0]
        late = stories[0].owner.get("/v1/me", Ringledger_Position=f"{epoch}.3.999999", Prefer="wait=0")
        self.assertEqual(late.code, "position_not_reached", late)
        none = stories[0].owner.get("/v1/me", Ringledger_Position=f"{epoch}.77.1")
        self.assertEqual(none.code, "validation_failed", none)

    def assert_everything_is_written_by(self, node, stories):
        for story in stories:
            client = node.client(story.owner.key)
            until(
                lambda c=client, s=story: c.send("PATCH", s.ws, {"name": "After"}, key=f"after-{s.account}").status == 200,
                "the account is written again",
                60,
            )

    def test_a_node_that_is_stopped_in_order_is_not_missed(self):
        """Commands through the other node are kept while the seat changes: none is refused."""
        one, two = self.two_nodes(1, cluster_keep_seconds=KEEP_S)
        story = Story(one, self.sim)
        client = two.client(story.owner.key)
        stop, answers = threading.Event(), []

        def write():
            while not stop.is_set():
                answers.append(client.send("PATCH", story.ws, {"name": f"N{len(answers)}"}))

        writer = threading.Thread(target=write)
        writer.start()
        until(lambda: len(answers) > 20, "writes flow")
        began, before = time.monotonic(), len(answers)
        one.stop()
        until(lambda: len(answers) > before + 50, "writes go on")
        print(f"handed over; {len(answers) - before} writes within {time.monotonic() - began:.1f} s", flush=True)
        stop.set()
        writer.join()
        self.assertEqual({a.status for a in answers}, {200}, [a for a in answers if a.status != 200][:3])
        names = [e["data"]["name"] for e in client.events() if e["type"] == "workspace.updated.v1"]
        self.assertEqual(names, [f"N{i}" for i in range(len(answers))])


if __name__ == "__main__":
    unittest.main()
