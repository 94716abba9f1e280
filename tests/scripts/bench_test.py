"""The table of scripts/bench: ratios, medians, verdicts; what it takes from the load tools of Kafka and PostgreSQL,
and the posts that it has signed."""
import contextlib
import io
import pathlib
import sys
import tempfile
import unittest
import urllib.parse
from unittest import mock

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts" / "lib"))
from bench_brokers import Brokers  # noqa: E402  (scripts/lib is no package)
from bench_calls_table import Table, quantiles  # noqa: E402
from bench_posts import caller, target, voice_form  # noqa: E402
from bench_rows import Row, print_table  # noqa: E402
from bench_world import BenchFailed, Phone  # noqa: E402

SAID = """Warmup first 20000 records. Steady state results will print after the complete test summary.
In steady state.
3913 records sent, 782.1 records/sec (0.97 MB/sec), 22075.0 ms avg latency, 24539.0 ms max latency.
40000 records sent, 817.544505 records/sec (1.01 MB/sec), 18562.48 ms avg latency, 33859.00 ms max latency, 19603 ms 50th.
20000 steady state records sent, 419.542279 records/sec (0.52 MB/sec), 27720.87 ms avg latency, 33859.00 ms max latency.
"""


class Bench(unittest.TestCase):
    def row(self, *pairs, **more):
        row = Row("ours/s", "theirs/s", **more)
        for ours, theirs in pairs:
            row.add(ours, theirs)
        return row.result()

    def test_a_ratio_is_the_median_of_the_repeats_ratios_with_their_spread(self):
        result = self.row((10, 10), (30, 10), (20, 10), goal=2)
        self.assertEqual((result["ratio"], result["spread"], result["met"]), (2, [1, 3], True))

    def test_a_goal_may_be_a_limit_or_missing(self):
        self.assertFalse(self.row((11, 10), goal=1, most=True)["met"])
        self.assertTrue(self.row((9, 10), goal=1, most=True)["met"])
        self.assertIsNone(self.row((9, 10))["met"])
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            print_table([self.row((9, 10)), self.row((9, 10), goal=1)])
        self.assertEqual([line.split()[-1] for line in out.getvalue().splitlines()], ["verdict", "only", "MISSED"])

    def test_the_steady_rate_of_producer_performance_is_the_peers(self):
        brokers = Brokers.__new__(Brokers)
        with mock.patch.object(Brokers, "tool", lambda *_: SAID):
            self.assertEqual(brokers.produce_rate("t", 1000, 20000, 20000), 419.542279)
        with mock.patch.object(Brokers, "tool", lambda *_: "no figures"):
            self.assertRaises(BenchFailed, brokers.produce_rate, "t", 1000, 20000, 20000)

    def test_latencies_are_read_from_the_log_of_pgbench_without_its_first_seconds(self):
        table = Table.__new__(Table)
        with tempfile.TemporaryDirectory() as folder:
            table.folder = pathlib.Path(folder)
            (table.folder / "log.1").write_text("0 1 90000 0 1700000000 500000 10\n1 1 2500 0 1700000001 600000 10\n")
            (table.folder / "log.1.1").write_text("2 1 1500 0 1700000002 100000 10\n")
            self.assertEqual(table.latencies(1), [1.5, 2.5])
            self.assertRaises(BenchFailed, table.latencies, 1)
        self.assertEqual(quantiles([1.0] * 98 + [7.0, 9.0]), {"p50_ms": 1.0, "p99_ms": 7.0})

    def test_a_post_is_a_form_of_the_number_with_marks_where_each_request_has_its_own(self):
        phone = Phone("+14155550100", "num_1", "AC1", "secret", "/twilio/con_1", "/v1/workspaces/ws_1", "rl_key")
        method, path, who, even, odd, *look = target(phone, "voice", voice_form(phone, 3, caller("2122", 4)), look="/l")
        self.assertEqual([method, path, who, odd, *look], ["POST", "/twilio/con_1/voice", "twilio:secret", even, "/l",
                                                           "rl_key"])
        form = dict(urllib.parse.parse_qsl(even))
        self.assertEqual((form["From"], form["To"], form["AccountSid"]), ("+1212200####", "+14155550100", "AC1"))
        self.assertEqual((len(form["CallSid"]), form["CallSid"].count("#")), (34, 20))


if __name__ == "__main__":
    unittest.main()
