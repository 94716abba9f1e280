"""A TCP proxy between one node and the broker that understands as much of Kafka's framing as it needs: a request is
`int32 length, int16 api key, int16 version, int32 correlation id, …`, its answer `int32 length, int32 correlation id, …`,
and api key 0 is Produce. It holds produce requests, also beyond the death of who sent them, or drops their answers."""

import contextlib
import socket
import struct
import threading

import kafka  # scripts/lib, found by support.program
from support.kafka import Broker

PRODUCE = 0
DIAL_S = 10


def read_exactly(sock, count):
    """None: the other side has closed."""
    data = b""
    while len(data) < count:
        more = sock.recv(count - len(data))
        if not more:
            return None
        data += more
    return data


def read_frame(sock):
    """One request or answer with its length; None: no more."""
    with contextlib.suppress(OSError):
        length = read_exactly(sock, 4)
        body = length and read_exactly(sock, struct.unpack(">i", length)[0])
        return body and length + body
    return None


def is_produce(request):
    return struct.unpack(">h", request[4:6])[0] == PRODUCE


def correlation_of_request(frame):
    return struct.unpack(">i", frame[8:12])[0]


def correlation_of_answer(frame):
    return struct.unpack(">i", frame[4:8])[0]


class Connection:
    """One client's connection, and the one to the broker that it stands for."""

    def __init__(self, proxy, client):
        self.proxy, self.client = proxy, client
        self.broker = socket.create_connection(("127.0.0.1", proxy.broker_port), timeout=DIAL_S)
        self.broker.settimeout(None)
        for sock in (client, self.broker):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.produces = set()  # correlation ids that were sent on
        self.holding = threading.Event()  # set: a produce request of this connection is held
        for pump in (self.requests, self.answers):
            threading.Thread(target=pump, daemon=True).start()

    def requests(self):
        """What comes after a held request waits behind it, as the order of a connection is kept. All that was read
        before the client was gone still arrives."""
        while request := read_frame(self.client):
            if is_produce(request):
                if self.proxy.holds(self):
                    self.holding.set()
                    self.proxy.count("held")
                    self.proxy.released.wait()
                    self.holding.clear()
                self.produces.add(correlation_of_request(request))
            with contextlib.suppress(OSError):
                self.broker.sendall(request)
        self.half_close(self.broker)

    def answers(self):
        while answer := read_frame(self.broker):
            produced = correlation_of_answer(answer) in self.produces
            self.produces.discard(correlation_of_answer(answer))
            if produced and self.proxy.dropping:
                self.proxy.count("dropped")
                if self.proxy.dropping == "cut":
                    break
                continue
            with contextlib.suppress(OSError):  # nobody there to hear it: the rest is read all the same
                self.client.sendall(answer)
        self.close()

    def half_close(self, sock):
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_WR)

    def close(self):
        for sock in (self.client, self.broker):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()


class Proxy:
    """Listens on a port of its own for what is meant for `broker_port`."""

    def __init__(self, broker_port):
        self.broker_port = broker_port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.connections, self.counts, self.lock = [], {}, threading.Lock()
        self.released = threading.Event()
        self.released.set()
        self.dropping = None  # or `silent`: answers vanish; `cut`: the connection breaks instead
        self.old = set()  # connections whose produce requests are held; those made later pass
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                try:
                    connection = Connection(self, client)
                except OSError:  # no broker there
                    client.close()
                    continue
                self.connections.append(connection)

    def holds(self, connection):
        return not self.released.is_set() and connection in self.old

    def count(self, what):
        with self.lock:
            self.counts[what] = self.counts.get(what, 0) + 1

    def hold(self):
        """From now on, the produce requests of the connections that there are."""
        self.old = set(self.connections)
        self.released.clear()

    def held(self):
        return any(c.holding.is_set() for c in self.connections)

    def release(self):
        """They go on to the broker, whoever sent them."""
        self.released.set()

    def drop_answers(self, how):
        self.dropping = how

    def close(self):
        self.release()
        self.listener.close()
        for connection in self.connections:
            connection.close()


class ProxiedBroker(Broker):
    """A broker with a second listener per proxy: who asks there is told to come to the proxy again."""

    def __init__(self, folder, doors):
        super().__init__(folder)
        ports = kafka.free_ports(doors)
        self.proxies = [Proxy(port) for port in ports]

    def start(self):
        if not self.folder.joinpath("cluster.json").exists():
            cluster = kafka.Cluster(self.folder)
            cluster.prepare(kafka.jars(), 1)
            self.add_listeners(cluster.node_folder(1) / "server.properties")
        return super().start()

    def add_listeners(self, path):
        lines = dict(line.split("=", 1) for line in path.read_text().splitlines())
        for i, proxy in enumerate(self.proxies):
            lines["listeners"] += f",DOOR{i}://127.0.0.1:{proxy.broker_port}"
            lines["advertised.listeners"] += f",DOOR{i}://127.0.0.1:{proxy.port}"
            lines["listener.security.protocol.map"] += f",DOOR{i}:PLAINTEXT"
        path.write_text("".join(f"{name}={value}\n" for name, value in lines.items()))

    def close(self):
        super().close()
        for proxy in self.proxies:
            proxy.close()
