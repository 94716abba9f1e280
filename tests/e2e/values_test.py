"""Values of the right form that name nothing, and null where nothing can be cleared: 400 naming the place, nothing
changed."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from support.world import Story, WorldTest  # noqa: E402


class Values(WorldTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        sim = cls.start_simulator()
        cls.server = cls.new_server(sim, logging_level="warn").start()
        cls.s = Story(cls.server, sim)
        cls.campaign = cls.s.campaign("Campaign")
        cls.before = cls.s.owner.events()

    def tearDown(self):
        self.assertEqual(self.s.owner.events(), self.before)

    def test_countries_and_time_zones_are_those_there_are(self):
        good = {"name": "N", "default_country": "US", "time_zone": "UTC", "plan": "indie"}
        for name, value in (
            ("default_country", "ZZ"),
            ("default_country", "XX"),
            ("time_zone", "Mars/Olympus_Mons"),
            ("time_zone", "europe/london"),
            ("time_zone", "localtime"),
        ):
            for method, path in (("POST", "/v1/workspaces"), ("PATCH", self.s.ws)):
                answer = self.s.owner.send(method, path, good | {name: value})
                with self.subTest(method, value=value):
                    self.assert_problem(answer, 400, "validation_failed", f"/{name}")
        both = self.s.owner.send("POST", "/v1/workspaces", good | {"default_country": "ZZ", "time_zone": "No/Where"})
        self.assertEqual([e["pointer"] for e in both.json["errors"]], ["/default_country", "/time_zone"])

    def test_filter_values_that_name_nothing_are_named(self):
        for path, name in (
            (f"{self.s.ws}/numbers?country=ZZ", "country"),
            (f"{self.s.ws}/numbers?assignment=", "assignment"),
            (f"{self.s.ws}/warnings?code=", "code"),
            ("/v1/events?type=zzz", "type"),
            ("/v1/event-types?limit=0", "limit"),
            (f"{self.s.ws}/numbers?limit=x", "limit"),
            (f"{self.s.ws}/numbers?colour=red", "colour"),
        ):
            with self.subTest(path):
                answer = self.s.owner.get(path)
                self.assert_problem(answer, 400, "validation_failed")
                self.assertEqual(answer.json["errors"][0]["pointer"].removesuffix("/0"), f"/{name}")

    def test_a_command_may_name_an_empty_list_in_its_query(self):
        answer = self.s.owner.send("DELETE", f"{self.s.ws}/numbers/14155550100?acknowledged=&release=false")
        self.assert_problem(answer, 404, "not_found")

    def test_null_in_a_patch_is_refused_where_nothing_can_be_cleared(self):
        for path, names in (
            (self.s.ws, ("name", "plan", "time_zone", "default_country", "detect_caller_name", "member_grants")),
            (f"{self.s.ws}/campaigns/{self.campaign}", ("name", "channels")),
            (f"{self.s.ws}/connections/{self.s.connection_id}", ("name", "auth_token")),
        ):
            for name in names:
                with self.subTest(path, name=name):
                    answer = self.s.owner.send("PATCH", path, {name: None})
                    self.assert_problem(answer, 400, "validation_failed", f"/{name}")


if __name__ == "__main__":
    unittest.main()
