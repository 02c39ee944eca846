"""What is measured: every row of the table, and how one measurement of it is made on one server."""

import dataclasses
import json
import subprocess
import threading
import time
import imaplib

from peers import PASSWORD, USERS, Meter

READER, APPENDER, RECEIVER = USERS


@dataclasses.dataclass
class Sizes:
    """How much of everything. Rates of less than some tenths of a second say little."""

    mailbox: int = 10_000
    bodies: int = 3_000
    single: int = 2_000
    append: int = 600
    append_pipelined: int = 3_000
    lmtp: int = 400
    lmtp_many: int = 2_000
    selects: int = 1_000
    idle: int = 500


QUICK = Sizes(mailbox=2_000, bodies=2_000, single=500, append=100, append_pipelined=500, lmtp=100, lmtp_many=400,
              selects=200, idle=100)


@dataclasses.dataclass
class Sample:
    """One measurement: the figure, the server's processor seconds and peak KiB, the client's share of its wall time."""

    value: float
    cpu: float
    peak: int
    client: float


@dataclasses.dataclass
class Row:
    name: str
    title: str
    unit: str
    measure: object  # (Bench, Peer, round) -> Sample
    less: bool = False  # whether less is better
    most_rounds: int = 99
    needs_mailbox: bool = False


class Bench:
    """The client program, the corpus and the sizes of this run."""

    def __init__(self, client, corpus, sizes, seed):
        self.client, self.corpus, self.sizes, self.seed = str(client), corpus, sizes, seed

    def arguments(self, verb, port, **options):
        named = {"user": READER, "password": PASSWORD, "corpus": self.corpus, "port": port, **options}
        return [self.client, verb, *(f"{name}={value}" for name, value in named.items())]

    def run(self, verb, port, **options):
        """What the client reports."""
        done = subprocess.run(self.arguments(verb, port, **options), stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=600, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{verb}: {done.stderr.strip()}")
        return json.loads(done.stdout)

    def sample(self, peer, verb, port, figure, **options):
        with Meter(peer) as meter:
            result = self.run(verb, port, **options)
        return Sample(figure(result), meter.cpu, meter.peak, result["cpu"] / result["seconds"])

    def fill(self, peer):
        """The mailbox that the reading rows read."""
        command(peer, READER, "CREATE", "Many")
        self.run("append", peer.server.imap, mailbox="Many", count=self.sizes.mailbox, window=16)


def command(peer, user, *words):
    session = imaplib.IMAP4("127.0.0.1", peer.server.imap)
    session.login(user, PASSWORD)
    kind, answer = getattr(session, words[0].lower())(*words[1:])
    session.logout()
    if kind != "OK":
        raise RuntimeError(f"{' '.join(words)}: {answer}")


def rate(result):
    return result["count"] / result["seconds"]


def volume(result):
    return result["bytes"] / result["seconds"] / 1e6


def append(bench, peer, turn, *, count, window):
    mailbox = f"append-{window}-{turn}"
    command(peer, APPENDER, "CREATE", mailbox)
    return bench.sample(peer, "append", peer.server.imap, rate, user=APPENDER, mailbox=mailbox, window=window,
                        count=count, first=turn * count)


def lmtp(bench, peer, turn, *, count, lanes):
    return bench.sample(peer, "lmtp", peer.server.lmtp, rate, to=RECEIVER, lanes=lanes, count=count, first=turn * count)


def select(bench, peer, _):
    return bench.sample(peer, "select", peer.server.imap, rate, mailbox="Many", expect=bench.sizes.mailbox,
                        count=bench.sizes.selects)


def fetch(bench, peer, _, *, items, repeat=1, first=False):
    if first:
        peer.forget()
    return bench.sample(peer, "fetch", peer.server.imap, rate, mailbox="Many", items=items, repeat=repeat,
                        expect=bench.sizes.mailbox)


def bodies(bench, peer, _, *, tls=False):
    where = {"ca": peer.server.certificate} if tls else {}
    port = peer.server.imaps if tls else peer.server.imap
    return bench.sample(peer, "fetch", port, volume, mailbox="Many", set=f"1:{bench.sizes.bodies}",
                        items="(BODY.PEEK[])", expect=bench.sizes.bodies, **where)


def single(bench, peer, turn):
    return bench.sample(peer, "single", peer.server.imap, rate, mailbox="Many", expect=bench.sizes.mailbox,
                        count=bench.sizes.single, seed=bench.seed + turn)


def settled(peer):
    """The memory once it changes no more."""
    last = peer.memory()
    for _ in range(20):
        time.sleep(0.5)
        now = peer.memory()
        if abs(now - last) <= max(64, last // 500):
            return now
        last = now
    return last


def idle(bench, peer, _, *, tls=False):
    """A fresh server, a few logins so that what is made once is there, its memory; then the sessions, and again."""
    peer.restart()
    where = {"ca": peer.server.certificate} if tls else {}
    options = bench.arguments("idle", peer.server.imaps if tls else peer.server.imap, mailbox="INBOX", **where)
    hold(options, 4, lambda: None)
    before = settled(peer)
    began = peer.cpu_seconds()
    after, result = hold(options, bench.sizes.idle, lambda: settled(peer))
    return Sample((after - before) / bench.sizes.idle, peer.cpu_seconds() - began, after,
                  result["cpu"] / result["seconds"])


def hold(arguments, count, action):
    """Runs `action` while `count` sessions idle; its result and the client's report."""
    client = subprocess.Popen([*arguments, f"count={count}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True)
    watchdog = threading.Timer(300, client.kill)
    watchdog.start()
    try:
        line = client.stdout.readline()
        if not line:
            raise RuntimeError(f"idle: {client.stderr.read().strip()}")
        return action(), json.loads(line)
    finally:
        watchdog.cancel()
        client.communicate("\n")


def rows(sizes):
    """Every row, in the table's order."""
    many = f"{sizes.mailbox:,} messages"
    return [
        Row("append", "APPEND, one at a time", "messages/s",
            lambda *where: append(*where, count=sizes.append, window=1)),
        Row("append-pipelined", "APPEND, 16 in flight", "messages/s",
            lambda *where: append(*where, count=sizes.append_pipelined, window=16)),
        Row("lmtp-1", "LMTP delivery, 1 connection", "messages/s",
            lambda *where: lmtp(*where, count=sizes.lmtp, lanes=1)),
        Row("lmtp-8", "LMTP delivery, 8 connections", "messages/s",
            lambda *where: lmtp(*where, count=sizes.lmtp_many, lanes=8)),
        Row("select", f"SELECT of {many}", "per s", select, needs_mailbox=True),
        Row("fetch-flags", f"FETCH FLAGS of {many}", "messages/s",
            lambda *where: fetch(*where, items="(FLAGS)", repeat=20), needs_mailbox=True),
        Row("fetch-envelope-first", f"FETCH ENVELOPE BODYSTRUCTURE of {many}, first ever", "messages/s",
            lambda *where: fetch(*where, items="(ENVELOPE BODYSTRUCTURE)", first=True), needs_mailbox=True),
        Row("fetch-envelope", f"FETCH ENVELOPE of {many}, again", "messages/s",
            lambda *where: fetch(*where, items="(ENVELOPE)", repeat=5), needs_mailbox=True),
        Row("fetch-structure", f"FETCH BODYSTRUCTURE of {many}, again", "messages/s",
            lambda *where: fetch(*where, items="(BODYSTRUCTURE)", repeat=5), needs_mailbox=True),
        Row("bodies", f"FETCH BODY[] of {sizes.bodies:,} messages", "MB/s", bodies, needs_mailbox=True),
        Row("bodies-tls", f"FETCH BODY[] of {sizes.bodies:,} messages, TLS", "MB/s",
            lambda *where: bodies(*where, tls=True), needs_mailbox=True),
        Row("single", "FETCH BODY[] of random messages, one at a time", "messages/s", single, needs_mailbox=True),
        Row("idle", f"memory per idle session, of {sizes.idle}, plain", "KiB", idle, less=True, most_rounds=2),
        Row("idle-tls", f"memory per idle session, of {sizes.idle}, TLS", "KiB",
            lambda *where: idle(*where, tls=True), less=True, most_rounds=2),
    ]
