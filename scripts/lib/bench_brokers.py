"""Real Kafka brokers for the benches, and Kafka's own load tools as peers on the same brokers."""
import re
import subprocess

import kafka
from bench_world import BenchFailed

SETTINGS = {1: ["flush.messages=1"], 3: ["min.insync.replicas=2"]}  # durable before it is acknowledged


class Brokers:
    """One that syncs each record, or three that replicate, in `folder`; ends with close()."""

    def __init__(self, folder, count):
        self.folder, self.count = folder, count
        self.cluster = kafka.Cluster(folder)
        self.libs = kafka.jars()
        self.cluster.prepare(self.libs, count)
        self.cluster.start(self.libs)
        self.bootstrap = self.cluster.bootstrap().removeprefix("bootstrap=")

    def close(self):
        self.cluster.stop()

    def tool(self, main, *arguments):
        command = kafka.java(self.libs, ["-Xmx512m"], main, "--bootstrap-server", self.bootstrap, *arguments)
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise BenchFailed(f"{main}: {done.stdout}{done.stderr}")
        return done.stdout

    def make_topic(self, topic):
        """With one partition, as durable as a log."""
        settings = [part for setting in SETTINGS[self.count] for part in ("--config", setting)]
        self.tool("org.apache.kafka.tools.TopicCommand", "--create", "--topic", topic, "--partitions", 1,
                  "--replication-factor", self.count, *settings)

    def produce_rate(self, topic, record_bytes, records, warmup):
        """Records a second of ProducerPerformance, acks=all, as fast as it can and without its warm-up. Its
        batches may grow as large as ours (its own 16 KB would make it a measure of the broker's syncs), its
        buffer is small, so that little of the warm-up is sent later."""
        said = self.tool("org.apache.kafka.tools.ProducerPerformance", "--topic", topic,
                         "--num-records", records + warmup, "--warmup-records", warmup, "--throughput", -1,
                         "--record-size", record_bytes, "--command-property", "acks=all",
                         "batch.size=1000000", "buffer.memory=8000000")
        rates = re.findall(r"steady state records sent, ([0-9.]+) records/sec", said)
        if not rates:
            raise BenchFailed(f"ProducerPerformance: {said}")
        return float(rates[-1])

    def kcat(self, topic, *arguments):
        command = ["kcat", "-q", "-b", self.bootstrap, "-t", topic, "-C", *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise BenchFailed(f"kcat: {done.stderr}")
        return done.stdout

    def end(self, topic):
        """One past the newest record of partition 0."""
        asked = ["kcat", "-q", "-b", self.bootstrap, "-Q", "-t", f"{topic}:0:-1"]
        done = subprocess.run(asked, capture_output=True, text=True)
        if done.returncode != 0:
            raise BenchFailed(f"kcat -Q: {done.stderr}")
        return int(done.stdout.split()[-1])

    def record_bytes(self, topic, newest):
        """Mean size of a topic's newest records: key, headers and value."""
        sizes = [len(line.encode()) for line in
                 self.kcat(topic, "-o", -newest, "-c", newest, "-f", r"%k%h%s\n").splitlines()]
        return round(sum(sizes) / len(sizes))
