"""A stranger that writes into a partition as if it were one of its producers: with the id that stands in the
newest batch of the partition. The broker takes its word, and then no longer the word of whose id it is."""

import socket
import struct
import time

PRODUCE, VERSION = 0, 7
HEADER = struct.Struct(">qiibIhiqqqhii")  # of a batch: up to the count of its records
TOLD = struct.Struct(">ih")  # of the answer, per partition: which, and the error


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def newest_producer(folder):
    """(id, epoch, last sequence number) of the newest batch in a partition's folder at the broker."""
    found = None
    for path in sorted(folder.glob("*.log")):
        data, at = path.read_bytes(), 0
        while at + HEADER.size <= len(data):
            _, length, _, _, _, _, last, _, _, producer, epoch, sequence, _ = HEADER.unpack_from(data, at)
            if producer >= 0:
                found = producer, epoch, sequence + last
            at += 12 + length
    return found


def batch_of(producer, epoch, sequence, key, count):
    """`count` records of this key, of a producer's batch with this first sequence number."""
    now = int(time.time() * 1000)
    records = b"".join(record(i, key.encode(), b"0") for i in range(count))
    checked = struct.pack(">hiqqqhii", 0, count - 1, now, now, producer, epoch, sequence, count) + records
    return struct.pack(">qiibI", 0, 9 + len(checked), -1, 2, crc32c(checked)) + checked


def record(delta, key, value):
    """All its lengths are below 64: a byte each, as Kafka writes signed numbers."""
    content = b"\0\0" + bytes([2 * delta, 2 * len(key)]) + key + bytes([2 * len(value)]) + value + b"\0"
    return bytes([2 * len(content)]) + content


def produce(bootstrap, topic, batch):
    """Into partition 0 of a topic that this broker leads; the broker's error code, 0: it took them."""
    host, port = bootstrap.split(":")
    name = struct.pack(">h", len(topic)) + topic.encode()
    header = struct.pack(">hhih", PRODUCE, VERSION, 1, -1)  # correlation 1, no client id
    body = struct.pack(">hhii", -1, -1, 30_000, 1) + name + struct.pack(">iii", 1, 0, len(batch)) + batch
    with socket.create_connection((host, int(port)), timeout=60) as broker:
        broker.sendall(struct.pack(">i", len(header + body)) + header + body)
        stream = broker.makefile("rb")
        answer = stream.read(struct.unpack(">i", stream.read(4))[0])
    partition, error = TOLD.unpack_from(answer, 4 + 4 + len(name) + 4)  # correlation, count, topic, count
    if partition != 0:
        raise AssertionError(f"an answer that is none: {answer!r}")
    return error
