"""Many writers on one number: exactly one wins each round, and the others are told the truth."""

import collections
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from support.world import Story, WorldTest, in_threads, rounds  # noqa: E402

WRITERS = 64


class Races(WorldTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sim = cls.start_simulator()
        cls.server = cls.new_server(cls.sim).start()
        cls.s = Story(cls.server, cls.sim, numbers=3)
        cls.clients = [cls.s.owner.twin() for _ in range(WRITERS)]

    def all_at_once(self, ask):
        """ask(i, client) by every writer; the answers by writer."""
        answers = [None] * WRITERS

        def one(i):
            answers[i] = ask(i, self.clients[i])

        in_threads([lambda i=i: one(i) for i in range(WRITERS)])
        return answers

    def mine(self, number, kind):
        return [e for e in self.s.owner.events() if e["subject"] == f"numbers/{number}" and e["type"] == kind]

    def test_of_64_writers_with_the_same_version_one_wins(self):
        path = f"{self.s.ws}/numbers/{self.s.ids[0]}"
        for _ in range(rounds(5, 150)):
            version, before = (
                self.s.owner.must("GET", path)["version"],
                len(self.mine(self.s.ids[0], "number.renamed.v1")),
            )
            answers = self.all_at_once(
                lambda i, c: c.send(
                    "PATCH", path, {"label": f"v{version} by {i}"}, headers={"If-Match": f'"{version}.0"'}
                )
            )
            self.assertEqual(collections.Counter(a.status for a in answers), {200: 1, 412: WRITERS - 1})
            winner = next(i for i, a in enumerate(answers) if a.status == 200)
            for answer in answers:
                if answer.status == 412:
                    self.assert_problem(answer, 412, "version_mismatch")
            now = self.s.owner.must("GET", path)
            self.assertEqual((now["label"], now["version"]), (f"v{version} by {winner}", version + 1))
            self.assertEqual(len(self.mine(self.s.ids[0], "number.renamed.v1")), before + 1)

    def test_64_writers_take_one_number_for_64_campaigns_and_one_gets_it(self):
        """ASG-12 of 64 writers who take one number for 64 campaigns one gets it, the others read whose it is."""
        number = self.s.ids[1]
        campaigns = [self.s.campaign(f"Racer {i}") for i in range(WRITERS)]
        path = f"{self.s.ws}/numbers/{number}"
        answers = self.all_at_once(
            lambda i, c: c.send("PUT", f"{path}/assignment", {"campaign": campaigns[i], "acknowledged": []})
        )
        self.assertEqual(collections.Counter(a.status for a in answers), {200: 1, 409: WRITERS - 1})
        winner = campaigns[next(i for i, a in enumerate(answers) if a.status == 200)]
        for answer in answers:
            if answer.status == 409:
                self.assert_problem(answer, 409, "warnings_not_acknowledged")
                self.assertEqual({w["campaign"] for w in answer.json["warnings"]}, {winner})  # the truth
        self.assertEqual(self.s.owner.must("GET", path)["campaign"]["id"], winner)
        self.assertEqual(len(self.mine(number, "number.assigned.v1")), 1)
        counts = {c["id"]: c["numbers"] for c in self.s.owner.items(f"{self.s.ws}/campaigns")}
        self.assertEqual((counts[winner], sum(counts.values())), (1, 1))

    def test_64_imports_of_one_number_make_one(self):
        """IMP-05 of 64 imports of one number one imports it, the others are told that it is."""
        e164 = "+14155558888"
        self.s.number(e164)
        body = {"connection": self.s.connection_id, "numbers": [{"e164": e164}]}
        answers = self.all_at_once(lambda i, c: c.send("POST", f"{self.s.ws}/numbers/import", body))
        results = [a.json["results"][0] for a in answers]
        self.assertEqual(
            collections.Counter(r["outcome"] for r in results),
            {"imported": 1, "already_imported": WRITERS - 1},
        )
        self.assertEqual(len({r["number"]["id"] for r in results}), 1)

    def test_writers_without_a_version_all_win_in_one_order(self):
        number = self.s.ids[2]
        path = f"{self.s.ws}/numbers/{number}"
        answers = self.all_at_once(lambda i, c: c.send("PATCH", path, {"label": f"writer {i}"}))
        self.assertEqual({a.status for a in answers}, {200})
        told = {a.json["version"]: a.json["label"] for a in answers}
        self.assertEqual(len(told), WRITERS)  # no version was given twice
        events = self.mine(number, "number.renamed.v1")
        self.assertEqual([e["data"]["label"] for e in events], [told[v] for v in sorted(told)])
        self.assertEqual(self.s.owner.must("GET", path)["label"], told[max(told)])


if __name__ == "__main__":
    unittest.main()
