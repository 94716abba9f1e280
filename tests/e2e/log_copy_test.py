"""`ringledger log copy`: an embedded installation moves to Kafka and back, whole, however often it is interrupted."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from support.copies import TAKES_S, CopyWorld  # noqa: E402
from support.kafka import KafkaServer, give_master_key  # noqa: E402
from support.program import OPERATOR_KEY, PROGRAM, Server  # noqa: E402
from support.world import offline, until  # noqa: E402

DIE_AT_RENAME = pathlib.Path(__file__).parent / "support" / "die_at_rename.c"


class LogCopy(CopyWorld):
    def test_everything_is_there_and_goes_on(self):
        data = self.copied("whole")
        done = self.log_copy(data, self.to("moved"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("commits copied; both sides have hash", done.stdout)
        self.assertTrue((data / "log.embedded").is_dir())
        again = self.log_copy(data, self.to("moved"))
        self.assertEqual(again.returncode, 1)
        self.assertIn("holds a copy of partition 0 of Kafka topic moved.log", again.stderr)
        self.assert_moved(data, "moved")

    def test_killed_at_any_moment_it_goes_on_where_it_was(self):
        data = self.copied("killed")
        self.killed_again_and_again(self.seed(), "log", "copy", "--data", data, "--to", self.to("killed"))
        self.assert_moved(data, "killed")

    def test_there_and_back_over_one_partition_with_what_was_written_on_kafka(self):
        data, back = self.copied("there"), self.new_data("back")
        self.assertEqual(self.log_copy(data, self.to("there")).returncode, 0)
        self.assert_moved(data, "there")
        for headers in ([], ["-H", "kind=commit", "-H", "v=1"], ["-H", "kind=claim", "-H", "v=1"]):
            self.broker.kcat("there.log", "-P", "-p", "0", *headers, text="a stranger's\n")
        done = self.copy_back(back, "there")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("commits copied; both sides have hash", done.stdout)
        server = Server(self.new_folder(), self.sim, data=back)
        self.made.append(server)
        server.start()
        labels = [e["data"].get("label") for e in server.client(self.s.owner.key).events()]
        self.assertIn("on Kafka", labels)
        server.stop()
        self.assert_verified(server)
        again = self.copy_back(back, "there")
        self.assertEqual(again.returncode, 1)
        self.assertIn("is not empty: it has log", again.stderr)

    def test_there_and_back_over_three_partitions(self):
        data, back = self.copied("three"), self.new_data("one-again")
        done = self.log_copy(data, self.to("three"), "--partitions", "3")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("commits copied to 3 partitions", done.stdout)
        self.assertTrue((data / "log" / "2").is_dir())
        accounts = {}
        for partition in ("0", "1", "2"):
            keys = self.broker.kcat("three.log", "-C", "-e", "-o", "beginning", "-p", partition, "-f", r"%k\n")
            for account in filter(None, keys.split()):
                accounts.setdefault(account, set()).add(partition)
        self.assertEqual({len(partitions) for partitions in accounts.values()}, {1})
        self.assertEqual(set(accounts), {story.account for story in self.stories})
        server = KafkaServer(self.new_folder(), self.broker, "three", self.sim, data=data)
        self.made.append(server)
        server.port = self.port
        server.start()
        self.assert_all_seen(server, self.seen)
        for story in self.stories:
            owner = server.client(story.owner.key)
            owner.must("PATCH", f"{story.ws}/numbers/{story.ids[0]}", {"label": "on three partitions"})
            self.settled(story, owner)
        seen = self.all_of(server)
        server.stop()
        done = self.copy_back(back, "three")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertFalse((back / "log.from-kafka").exists())
        self.assert_same_installation(back, seen)

    def test_both_ways_killed_at_any_moment_it_goes_on_where_it_was(self):
        seed = self.seed()
        data, back = self.copied("killed-three"), self.new_data("killed-back")
        to = ("log", "copy", "--data", data, "--to", self.to("killed-three"), "--partitions", "3")
        self.killed_again_and_again(seed, *to)
        self.killed_again_and_again(seed + 1, "log", "copy", "--data", back, "--from", self.to("killed-three"))
        self.assert_same_installation(back)

    def hooked_at(self, folder, at):
        """An environment in which a program is killed right before its rename number `at` in the folder."""
        library = self.new_folder() / "die_at_rename.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, DIE_AT_RENAME, "-ldl"], check=True)
        return {"LD_PRELOAD": str(library), "RL_DIE_IN": str(folder), "RL_DIE_AT": str(at),
                "ASAN_OPTIONS": "verify_asan_link_order=0"}

    def test_killed_in_the_last_step_it_goes_on_there(self):
        whole = self.copied("last-step")
        to = ("log", "copy", "--data", whole, "--to", self.to("last-step"), "--partitions", "3")
        for at in range(1, 10):
            if self.ran(*to, **self.hooked_at(whole, at)).returncode == 0:
                break
            self.assertTrue((whole / "log.kafka").exists(), f"killed before rename {at}")
            done = self.ran(*to)
            self.assertEqual(done.returncode, 0, f"killed before rename {at}: {done.stderr}")
            self.assertIn("commits copied to 3 partitions", done.stdout)
            self.assertTrue((whole / "views.embedded").exists())
            whole = self.copied(f"last-step-{at}")  # another folder of the same installation: it finds all there
            to = to[:3] + (whole,) + to[4:]
        self.assertGreater(at, 3, "too few renames: the hook does not work")
        self.assert_moved(whole, "last-step")

    def test_what_was_compared_is_kept_for_the_audit(self):
        data, back = self.copied("audit"), self.new_data("audit-back")
        done = self.log_copy(data, self.to("audit"), "--partitions", "3")
        report = json.loads((data / "copy-report.json").read_text())
        self.assertEqual((report["from"], report["to"]), (str(data), self.to("audit")))
        for part in report["partitions"]:
            line = "partition {partition}: {commits} commits; both sides have hash {hash}".format(**part)
            self.assertIn(line, done.stdout)
        self.assertEqual([part["partition"] for part in report["partitions"]], [0, 1, 2])
        done = self.copy_back(back, "audit")
        self.assertEqual(done.returncode, 0, done.stderr)
        there = json.loads((back / "copy-report.json").read_text())["partitions"]
        self.assertEqual(there[0]["commits"], sum(part["commits"] for part in report["partitions"]))
        self.assertIn(there[0]["hash"], done.stdout)

    def test_what_an_earlier_copy_laid_aside_is_in_the_way_and_that_is_said_first(self):
        data = self.copied("aside")
        (data / "views.embedded").mkdir()
        refused = self.log_copy(data, self.to("aside"))
        self.assertEqual(refused.returncode, 1)
        self.assertIn("views.embedded is there from an earlier copy: move it away first", refused.stderr)

    def test_the_offline_commands_read_all_partitions(self):
        data = self.copied("offline")
        self.assertEqual(self.log_copy(data, self.to("offline"), "--partitions", "3").returncode, 0)
        server = self.serve(data, "offline")
        seen = [server.client(story.owner.key).events() for story in self.stories]
        server.stop()
        sections = self.offline_sections(data, "log", "verify")
        self.assertEqual(set(sections), {"", "partition 0", "partition 1", "partition 2"})
        commits = int(sections[""][0].removesuffix(" commits"))
        records = self.offline_sections(data, "log", "inspect")
        self.assertEqual(sum(line.split()[1] == "commit" for lines in records.values() for line in lines), commits)
        exported = [json.loads(line) for line in self.offline_told(data, "events", "export").splitlines()]
        for events in seen:
            mine = [e for e in exported if e["id"] in {event["id"] for event in events}]
            self.assertEqual(mine, events)
        self.assertEqual(len(exported), sum(map(len, seen)))
        for _ in range(2):  # as the server left them, and all anew
            for partition, lines in self.offline_sections(data, "views", "verify").items():
                self.assertTrue(all(line.split()[1] == "equal" for line in lines), (partition, lines))
                self.assertIn("book.v1", [line.split()[0] for line in lines])
            for lines in self.offline_sections(data, "views", "list").values():
                self.assertEqual({line.split()[-1] for line in lines}, {lines[-1].split()[-1]})  # all at the end
            self.assertEqual(self.offline_told(data, "parked", "list"), "0 parked\n")
            self.assertEqual(self.offline_told(data, "parked", "retry"), "")
            self.assertIn("inventory.v1", self.offline_told(data, "views", "rebuild", "inventory.v1"))
            shutil.rmtree(data / "views")
        shutil.rmtree(data / "log" / "1")
        for command in (("log", "verify"), ("log", "inspect"), ("events", "export"), ("views", "verify")):
            refused = offline(data, *command)
            self.assertEqual(refused.returncode, 1, command)
            self.assertIn("log/1 is missing, one of 3 partitions", refused.stderr)

    def test_a_folder_that_is_not_empty_or_of_another_installation_is_refused_and_stays_as_it_was(self):
        data = self.copied("source")
        self.assertEqual(self.log_copy(data, self.to("source")).returncode, 0)
        full = self.copied("full")
        before = sorted(str(p) for p in full.rglob("*"))
        refused = self.copy_back(full, "source")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("is not empty: it has log", refused.stderr)
        self.assertEqual(sorted(str(p) for p in full.rglob("*")), before)
        strange = self.new_folder() / "strange"
        (strange / "keys").mkdir(parents=True)
        (strange / "keys" / "master.key").write_text("ab" * 32)
        refused = self.copy_back(strange, "source")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("give this node the master key of the others", refused.stderr)
        refused = self.copy_back(self.new_data("nothing"), "no-such")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("there is no topic no-such.log", refused.stderr)

    def test_a_source_whose_writer_still_runs_is_refused_and_the_writer_goes_on(self):
        data, back = self.copied("busy"), self.new_data("busy-back")
        self.assertEqual(self.log_copy(data, self.to("busy")).returncode, 0)
        server = self.serve(data, "busy")
        refused = self.copy_back(back, "busy")
        self.assertEqual(refused.returncode, 1)
        self.assertIn(f"a node still runs at http://127.0.0.1:{server.port}: stop all nodes first", refused.stderr)
        number = f"{self.s.ws}/numbers/{self.s.ids[0]}"
        server.client(self.s.owner.key).must("PATCH", number, {"label": "still the writer"})

    def test_a_source_with_a_node_that_follows_is_refused_and_the_node_is_named(self):
        """Its writer was killed, and the one that will take over has not yet."""
        data = self.copied("followed")
        self.assertEqual(self.log_copy(data, self.to("followed")).returncode, 0)
        writer = self.serve(data, "followed")
        follower = KafkaServer(self.new_folder(), self.broker, "followed", self.sim)
        give_master_key(writer, follower)
        self.made.append(follower)
        follower.start()
        asked = writer.client(OPERATOR_KEY)
        until(lambda: len(asked.must("GET", "/v1/cluster")["nodes"]) == 2, "both are members")
        writer.kill()
        refused = self.copy_back(self.new_data("followed-back"), "followed")
        self.assertEqual(refused.returncode, 1)
        self.assertIn(f"http://127.0.0.1:{follower.port}", refused.stderr)
        self.assertIn("stop all nodes first", refused.stderr)
        follower.stop()
        back = lambda: self.copy_back(self.new_data("followed-back"), "followed")  # noqa: E731
        until(lambda: back().returncode == 0, "no member", TAKES_S)

    def test_a_source_that_is_written_behind_the_copys_claim_is_refused_and_copied_when_it_is_run_again(self):
        data, back = self.copied("late"), self.new_data("late-back")
        self.assertEqual(self.log_copy(data, self.to("late"), "--partitions", "3").returncode, 0)
        copy = [PROGRAM, "log", "copy", "--data", back, "--from", self.to("late")]
        environment = os.environ | self.hooked_at(back, 1) | {"RL_PAUSE": "1"}
        with subprocess.Popen(copy, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                              env=environment) as child:
            _, status = os.waitpid(child.pid, os.WUNTRACED)  # all is copied, and the report about to be kept
            self.assertTrue(os.WIFSTOPPED(status), status)
            self.broker.kcat("late.log", "-P", "-p", "0", text="late\n")
            child.send_signal(signal.SIGCONT)
            _, said = child.communicate(timeout=TAKES_S)
        self.assertEqual(child.returncode, 1, said)
        self.assertIn("was written while it was copied: stop all nodes", said)
        self.assertFalse((back / "log").exists())
        again = self.copy_back(back, "late")
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assert_same_installation(back)

    def test_a_topic_of_another_installation_is_refused_and_nothing_is_changed(self):
        other = self.new_server(self.sim, prefix="taken")  # `log create` made it
        data = self.copied("refused")
        done = self.log_copy(data, self.to("taken"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("is the log of another installation", done.stderr)
        self.assertTrue((data / "log").is_dir())
        self.assertFalse((data / "log.embedded").exists())
        self.assertEqual(other.create_log().returncode, 0)

    def test_a_topic_with_other_commits_than_the_source_has_is_refused(self):
        data = self.copied("first")
        self.assertEqual(self.log_copy(data, self.to("ahead")).returncode, 0)
        server = self.serve(data, "ahead")
        number = f"{self.s.ws}/numbers/{self.s.ids[0]}"
        server.client(self.s.owner.key).must("PATCH", number, {"label": "further"})
        server.stop()
        done = self.log_copy(self.copied("again"), self.to("ahead"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("it is no copy of this log", done.stderr)

    def test_a_target_that_is_none_is_refused_by_name(self):
        for to in ("kafka://", "kafka://h:1", "kafka://h:1/", "http://h:1/p", "h:1"):
            done = self.log_copy(self.data, to)
            self.assertEqual(done.returncode, 1, to)
            self.assertIn("--to must be kafka://HOST:PORT", done.stderr)

if __name__ == "__main__":
    unittest.main(verbosity=2)
