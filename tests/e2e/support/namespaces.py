"""Network namespaces for tests: the test runs in one of its own, with a bridge, and each machine that is to be cut off in
another, on that bridge. They are anonymous: they end with the last process in them, however that ends, and nothing outside
is touched."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import threading

INSIDE = "RL_TEST_NETNS"
BRIDGE, NETWORK = "br0", "10.99.0"
HUB = f"{NETWORK}.1"


def unshare_command():
    """What makes a network namespace here, or why there is none."""
    for tool in ("unshare", "nsenter", "ip", "nft"):
        if not shutil.which(tool, path=f"{os.environ['PATH']}:/usr/sbin:/sbin"):
            return None, f"there is no `{tool}` (scripts/setup --kafka installs it)"
    command = ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "-r", "-n"]
    made = subprocess.run([*command, "nft", "add", "table", "ip", "try"], capture_output=True, text=True)
    if made.returncode != 0:
        return None, f"network namespaces with nft cannot be made here: {made.stderr.strip()}"
    return command, None


def run_inside():
    """Runs this very program again in a namespace of its own; returns why it cannot, or None when it is inside."""
    if os.environ.get(INSIDE):
        return None
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    command, why_not = unshare_command()
    if command:
        os.environ[INSIDE] = "1"
        os.execvp(command[0], [*command, sys.executable, "-B", *sys.argv])
    return why_not


def command(*words):
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(words)}: {done.stderr}")


def make_hub():
    """The test's own namespace gets a loopback and the bridge."""
    command("ip", "link", "set", "lo", "up")
    command("ip", "link", "add", BRIDGE, "type", "bridge")
    command("ip", "addr", "add", f"{HUB}/24", "dev", BRIDGE)
    command("ip", "link", "set", BRIDGE, "up")


class Machine:
    """A namespace on the bridge with an address of its own."""

    def __init__(self, number):
        self.address, self.cable = f"{NETWORK}.{10 + number}", f"cable{number}"
        self.holder = subprocess.Popen(
            ["unshare", "-n", "sh", "-c", "echo; exec cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.holder.stdout.readline()  # it has its namespace
        self.launcher = ["nsenter", "-t", str(self.holder.pid), "-n"]
        command("ip", "link", "add", self.cable, "type", "veth", "peer", "name", f"eth{number}")
        command("ip", "link", "set", f"eth{number}", "netns", str(self.holder.pid))
        command("ip", "link", "set", self.cable, "master", BRIDGE, "up")
        self.inside("ip", "link", "set", "lo", "up")
        self.inside("ip", "addr", "add", f"{self.address}/24", "dev", f"eth{number}")
        self.inside("ip", "link", "set", f"eth{number}", "up")

    def inside(self, *words):
        command(*self.launcher, *words)

    def cut(self, port, how):
        """From TCP `port` of the hub. `out`: what is sent there is lost; `in`: what comes from there; `both`."""
        self.inside("nft", "add table ip cut")
        for hook, place, when in (("output", "dport", ("out", "both")), ("input", "sport", ("in", "both"))):
            if how in when:
                self.inside("nft", f"add chain ip cut {hook} {{ type filter hook {hook} priority 0; }}")
                self.inside("nft", f"add rule ip cut {hook} tcp {place} {port} drop")

    def cut_from(self, other):
        """From another machine, both ways; what it sends is lost on the way."""
        self.inside("nft", "add table ip cut")
        for hook, side in (("output", "daddr"), ("input", "saddr")):
            self.inside("nft", f"add chain ip cut {hook} {{ type filter hook {hook} priority 0; }}")
            self.inside("nft", f"add rule ip cut {hook} ip {side} {other.address} drop")

    def pull_the_cable(self):
        """Nothing comes in or goes out."""
        command("ip", "link", "set", self.cable, "down")

    def mend(self):
        self.inside("nft", "flush ruleset")
        command("ip", "link", "set", self.cable, "up")

    def close(self):
        self.holder.stdin.close()
        self.holder.wait()
        self.holder.stdout.close()


class Forward:
    """Makes a port of the loopback reachable at the hub's address."""

    def __init__(self, port):
        self.to = port
        self.listener = socket.create_server((HUB, 0))
        self.url = f"http://{HUB}:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                try:
                    server = socket.create_connection(("127.0.0.1", self.to))
                except OSError:
                    client.close()
                    continue
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=self.pump, args=pair, daemon=True).start()

    @staticmethod
    def pump(source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        for sock in (source, target):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def close(self):
        self.listener.close()
