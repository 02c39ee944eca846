"""What is measured: every row of the table, and how one measurement of it is made on one server."""

import dataclasses
import json
import subprocess
import threading
import time
import imaplib

import corpus
from peers import PASSWORD, USERS, Meter

READER, APPENDER, *RECEIVERS = USERS
HEADERS = "(BODY.PEEK[HEADER.FIELDS (DATE FROM TO CC SUBJECT MESSAGE-ID REFERENCES)])"


@dataclasses.dataclass
class Sizes:
    """How much of everything. Rates of less than some tenths of a second say little."""

    mailbox: int = 100_000
    distinct: int = 0  # so many of the mailbox's messages are sent, the others are copies of them; 0: all are sent
    bodies: int = 10_000
    moved: int = 10_000
    single: int = 5_000
    stores: int = 1_000
    stores_pipelined: int = 5_000
    append: int = 600
    append_pipelined: int = 3_000
    append_batches: int = 100
    lmtp: int = 400
    lmtp_many: int = 2_000
    logins: int = 1_000
    selects: int = 1_000
    searches: int = 10
    mailboxes: int = 200
    mixed: int = 10_000
    notices: int = 300
    idle: int = 2_000

    @property
    def sent(self):
        """How many messages of the corpus the large mailbox is made of."""
        return min(self.mailbox, self.distinct or self.mailbox)

    def of_mailbox(self, messages):
        """The same with a mailbox of another size, nothing in it asked for more often than it has messages."""
        bounded = {name: min(size, messages) for name, size in vars(self).items()
                   if name in ("bodies", "moved", "stores", "stores_pipelined")}
        return dataclasses.replace(self, mailbox=messages, **bounded)


QUICK = Sizes(mailbox=2_000, bodies=2_000, moved=1_000, single=500, stores=100, stores_pipelined=500, append=100,
              append_pipelined=500, append_batches=5, lmtp=100, lmtp_many=400, logins=200, selects=200, searches=3,
              mixed=1_000, notices=20, idle=100)


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
    messages: int = 1  # that one command is about, where the figure is of a message


class Bench:
    """The client program, the corpus and the sizes of this run."""

    def __init__(self, client, made, sizes, seed):
        self.client, self.corpus, self.sizes, self.seed = str(client), made, sizes, seed
        self.needles = corpus.needles(seed)
        self.kept = {}

    def arguments(self, verb, peer, *, tls=False, **options):
        where = {"ca": peer.server.certificate} if tls else {}
        port = peer.server.lmtp if verb == "lmtp" else peer.server.imaps if tls else peer.server.imap
        user = peer.login(options.pop("user", READER))
        named = {"user": user, "password": PASSWORD, "corpus": self.corpus, "port": port, **where,
                 **options}
        return [self.client, verb, *(f"{name}={value}" for name, value in named.items())]

    def run(self, verb, peer, **options):
        """What the client reports."""
        return self.said(verb, self.arguments(verb, peer, **options))

    @staticmethod
    def said(verb, arguments):
        done = subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=1800,
                              check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{verb}: {done.stderr.strip()}")
        return json.loads(done.stdout)

    def sample(self, peer, verb, figure, **options):
        with Meter(peer) as meter:
            result = self.run(verb, peer, **options)
        return Sample(figure(result), meter.cpu, meter.peak, result["cpu"] / result["seconds"])

    def fill(self, peer):
        """The mailboxes that the rows begin with: one with everything, and many with a message each."""
        few = "\n".join(f"CREATE box-{number}" for number in range(self.sizes.mailboxes))
        self.run("commands", peer, pre=f"CREATE Many\n{few}", do="NOOP")
        have = self.sizes.sent
        batched = have // 50 * 50
        self.run("append", peer, mailbox="Many", count=batched, batch=50, window=2)
        self.run("append", peer, mailbox="Many", count=have - batched, first=batched)
        while have < self.sizes.mailbox:
            more = min(have, self.sizes.mailbox - have)
            self.run("commands", peer, pre="SELECT Many", do=f"UID COPY 1:{more} Many")
            have += more
        copies = "\n".join(f"UID COPY {number + 1} box-{number}" for number in range(self.sizes.mailboxes))
        self.run("commands", peer, pre=f"SELECT Many\n{copies}", do="NOOP")
        for user in RECEIVERS:  # Cyrus makes a mailbox when it is first used; two deliveries at once fail in that
            self.run("commands", peer, user=user, do="NOOP")
        peer.settle()

    def status(self, peer):
        """UIDVALIDITY and HIGHESTMODSEQ of the large mailbox."""
        session = imaplib.IMAP4("127.0.0.1", peer.server.imap)
        session.login(peer.login(READER), PASSWORD)
        answer = session.status("Many", "(UIDVALIDITY HIGHESTMODSEQ)")[1][0].decode()
        session.logout()
        words = answer[answer.rindex("(") + 1:answer.rindex(")")].split()
        return dict(zip(words[::2], map(int, words[1::2])))


def rate(result):
    return result["count"] / result["seconds"]


def milliseconds(result):
    """Of one command."""
    return result["seconds"] / result["count"] * 1000


def volume(result):
    return result["bytes"] / result["seconds"] / 1e6


def logins(bench, peer, _, *, lanes):
    return bench.sample(peer, "logins", rate, count=bench.sizes.logins, lanes=lanes)


def append(bench, peer, turn, *, count, window=1, batch=1):
    mailbox = f"append-{window}-{batch}-{turn}"
    bench.run("commands", peer, user=APPENDER, pre=f"CREATE {mailbox}", do="NOOP")
    return bench.sample(peer, "append", rate, user=APPENDER, mailbox=mailbox, window=window, batch=batch, count=count,
                        first=turn * count)


def lmtp(bench, peer, turn, *, count, lanes, users=1):
    return bench.sample(peer, "lmtp", rate, to=",".join(map(peer.login, RECEIVERS[:users])), lanes=lanes, count=count,
                        first=turn * count)


def select(bench, peer, _):
    return bench.sample(peer, "select", rate, mailbox="Many", expect=bench.sizes.mailbox, count=bench.sizes.selects)


def select_first(bench, peer, _):
    peer.restart()
    return bench.sample(peer, "commands", milliseconds, do="SELECT Many")


def fetch(bench, peer, _, *, items, repeat=1, first=False):
    if first:
        peer.forget()
    return bench.sample(peer, "fetch", rate, mailbox="Many", items=items, repeat=repeat, expect=bench.sizes.mailbox)


def bodies(bench, peer, _, *, tls=False):
    return bench.sample(peer, "fetch", volume, tls=tls, mailbox="Many", set=f"1:{bench.sizes.bodies}",
                        items="(BODY.PEEK[])", expect=bench.sizes.bodies)


def single(bench, peer, turn):
    return bench.sample(peer, "single", rate, mailbox="Many", expect=bench.sizes.mailbox, count=bench.sizes.single,
                        seed=bench.seed + turn)


def store_all(bench, peer, _):
    """Both ways, so that every message changes each time."""
    both = "UID STORE 1:* +FLAGS.SILENT (\\Flagged)\nUID STORE 1:* -FLAGS.SILENT (\\Flagged)"
    return bench.sample(peer, "commands", lambda result: rate(result) * bench.sizes.mailbox, pre="SELECT Many",
                        do=both, count=2)


def store(bench, peer, turn, *, count, window=1):
    """Every command changes a message that the turn has not touched."""
    sign = "-" if turn % 2 else "+"
    return bench.sample(peer, "commands", rate, pre="SELECT Many", do=f"UID STORE %n {sign}FLAGS.SILENT (\\Answered)",
                        count=count, window=window)


def copy(bench, peer, turn, *, kind):
    """COPY into a new mailbox; MOVE and EXPUNGE of what was copied there."""
    first, second = f"{kind}-{turn}-a", f"{kind}-{turn}-b"
    copied = f"UID COPY 1:{bench.sizes.moved} {first}"
    before = [f"CREATE {first}", f"CREATE {second}", "SELECT Many"]
    if kind == "copy":
        action = copied
    else:
        before += [copied, f"SELECT {first}"]
        action = f"UID MOVE 1:* {second}" if kind == "move" else "EXPUNGE"
    if kind == "expunge":
        before.append("UID STORE 1:* +FLAGS.SILENT (\\Deleted)")
    return bench.sample(peer, "commands", lambda result: bench.sizes.moved / result["seconds"], pre="\n".join(before),
                        do=action, post=f"UNSELECT\nDELETE {first}\nDELETE {second}")


def resynchronize(bench, peer, turn, *, kind):
    """Ten changes since the client last looked, asked for again and again."""
    before = bench.status(peer)
    sign = "-" if turn % 2 else "+"
    bench.run("commands", peer, pre="SELECT Many", do=f"UID STORE %r {sign}FLAGS.SILENT (\\Draft)", count=10,
              messages=bench.sizes.mailbox, seed=bench.seed + turn)
    if kind == "qresync":
        return bench.sample(peer, "commands", milliseconds, pre="ENABLE QRESYNC", count=bench.sizes.searches,
                            do=f"SELECT Many (QRESYNC ({before['UIDVALIDITY']} {before['HIGHESTMODSEQ']}))")
    return bench.sample(peer, "commands", milliseconds, pre="ENABLE CONDSTORE\nSELECT Many",
                        do=f"UID FETCH 1:* (FLAGS) (CHANGEDSINCE {before['HIGHESTMODSEQ']})",
                        count=bench.sizes.searches)


def asked(bench, peer, _, *, line, count=None):
    """One command that changes nothing, on the large mailbox."""
    return bench.sample(peer, "commands", milliseconds, pre="EXAMINE Many", do=line.format(**bench.needles),
                        count=count or bench.sizes.searches)


def mixed(bench, peer, turn):
    return bench.sample(peer, "mixed", rate, mailbox="Many", messages=bench.sizes.mailbox, count=bench.sizes.mixed,
                        lanes=20, seed=bench.seed + turn)


def notice(bench, peer, turn):
    mailbox = f"notice-{turn}"
    bench.run("commands", peer, user=APPENDER, pre=f"CREATE {mailbox}", do="NOOP")
    return bench.sample(peer, "notice", lambda result: result["p99"] * 1000, user=APPENDER, mailbox=mailbox,
                        count=bench.sizes.notices)


def disk(bench, peer, _):
    """Of the mail in the large mailbox, with all that the server keeps beside it."""
    peer.settle()
    mail = sum(corpus.sizes(bench.corpus)[:bench.sizes.sent])
    return Sample(bench.kept.setdefault(peer.name, peer.disk()) / mail, 0, peer.memory(), 0)


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
    options = bench.arguments("idle", peer, tls=tls, mailbox="INBOX")
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
    watchdog = threading.Timer(600, client.kill)
    watchdog.start()
    try:
        line = client.stdout.readline()
        if not line:
            raise RuntimeError(f"idle: {client.stderr.read().strip()}")
        return action(), json.loads(line)
    finally:
        watchdog.cancel()
        client.communicate("\n")


def bound(measure, **options):
    return lambda *where: measure(*where, **options)


def writing(sizes):
    """Rows that store mail."""
    rows = [
        Row("append", "APPEND, one at a time", "messages/s", bound(append, count=sizes.append)),
        Row("append-pipelined", "APPEND, 16 in flight", "messages/s",
            bound(append, count=sizes.append_pipelined, window=16)),
        Row("append-multi", "MULTIAPPEND of 100", "messages/s",
            bound(append, count=sizes.append_batches * 100, batch=100)),
    ]
    for users in (1, 10):
        to = f" to {users} users each" if users > 1 else ""
        for lanes in (1, 8, 32):
            count = (sizes.lmtp if lanes == 1 else sizes.lmtp_many) // (4 if users > 1 else 1)
            plural = "s" if lanes > 1 else ""
            rows.append(Row(f"lmtp-{lanes}" + (f"-{users}" if users > 1 else ""),
                            f"LMTP delivery, {lanes} connection{plural}{to}", "deliveries/s",
                            bound(lmtp, count=count, lanes=lanes, users=users)))
    return rows


def reading(sizes):
    """Rows that read the large mailbox."""
    many = f"{sizes.mailbox:,} messages"
    every = {"needs_mailbox": True, "messages": sizes.mailbox}
    return [
        Row("select", f"SELECT of {many}", "per s", select, needs_mailbox=True),
        Row("select-first", f"SELECT of {many}, first after start", "ms", select_first, less=True, needs_mailbox=True),
        Row("fetch-flags", f"FETCH FLAGS of {many}", "messages/s", bound(fetch, items="(FLAGS)", repeat=5), **every),
        Row("fetch-envelope-first", f"FETCH ENVELOPE BODYSTRUCTURE of {many}, first ever", "messages/s",
            bound(fetch, items="(ENVELOPE BODYSTRUCTURE)", first=True), **every),
        Row("fetch-envelope", f"FETCH ENVELOPE BODYSTRUCTURE of {many}, again", "messages/s",
            bound(fetch, items="(ENVELOPE BODYSTRUCTURE)", repeat=2), **every),
        Row("fetch-headers-first", f"FETCH some header fields of {many}, first ever", "messages/s",
            bound(fetch, items=HEADERS, first=True), **every),
        Row("fetch-headers", f"FETCH some header fields of {many}, again", "messages/s",
            bound(fetch, items=HEADERS, repeat=2), **every),
        Row("bodies", f"FETCH BODY[] of {sizes.bodies:,} messages", "MB/s", bodies, needs_mailbox=True),
        Row("bodies-tls", f"FETCH BODY[] of {sizes.bodies:,} messages, TLS", "MB/s", bound(bodies, tls=True),
            needs_mailbox=True),
        Row("single", "FETCH BODY[] of random messages, one at a time", "messages/s", single, needs_mailbox=True),
        Row("qresync", f"SELECT (QRESYNC) of {many} after 10 changes", "ms", bound(resynchronize, kind="qresync"),
            less=True, needs_mailbox=True),
        Row("changedsince", f"FETCH (CHANGEDSINCE) of {many} after 10 changes", "ms",
            bound(resynchronize, kind="changedsince"), less=True, needs_mailbox=True),
        Row("list-status", f"LIST RETURN (STATUS) of {sizes.mailboxes} mailboxes", "ms",
            bound(asked, line='LIST "" "box-%" RETURN (STATUS (MESSAGES UNSEEN UIDNEXT))'), less=True,
            needs_mailbox=True),
        *(Row(f"search-{name}", f"SEARCH {name.upper()} in {many}", "ms",
              bound(asked, line=f'UID SEARCH {name.upper()} "{needle}"'), less=True, needs_mailbox=True)
          for name, needle in (("subject", "{subject}"), ("body", "{text}"), ("text", "{text}"))),
        Row("sort", f"SORT (REVERSE DATE) of {many}", "ms", bound(asked, line="UID SORT (REVERSE DATE) UTF-8 ALL"),
            less=True, needs_mailbox=True),
        Row("thread", f"THREAD REFERENCES of {many}", "ms", bound(asked, line="UID THREAD REFERENCES UTF-8 ALL"),
            less=True, needs_mailbox=True),
    ]


def changing(sizes):
    """Rows that change what is in the large mailbox, or copy it."""
    moved = f"{sizes.moved:,} messages"
    return [
        Row("store-all", f"STORE flags on all of {sizes.mailbox:,} messages", "messages/s", store_all,
            needs_mailbox=True, messages=sizes.mailbox),
        Row("store", "STORE flags of one message, one at a time", "per s", bound(store, count=sizes.stores),
            needs_mailbox=True),
        Row("store-pipelined", "STORE flags of one message, 16 in flight", "per s",
            bound(store, count=sizes.stores_pipelined, window=16), needs_mailbox=True),
        *(Row(kind, f"{kind.upper()} of {moved}", "messages/s", bound(copy, kind=kind), needs_mailbox=True,
              messages=sizes.moved)
          for kind in ("copy", "move", "expunge")),
        Row("mixed", "20 clients, mixed", "commands/s", mixed, needs_mailbox=True),
    ]


def rows(sizes):
    """Every row, in the table's order."""
    return [
        Row("disk", "bytes on disk for each byte of mail, index included", "", disk, less=True, most_rounds=1,
            needs_mailbox=True),
        Row("login", "connect, LOGIN, LOGOUT, one at a time", "per s", bound(logins, lanes=1)),
        Row("login-16", "connect, LOGIN, LOGOUT, 16 at a time", "per s", bound(logins, lanes=16)),
        *reading(sizes),
        *changing(sizes),
        *writing(sizes),
        Row("notice", "from an APPEND's OK to the news in IDLE, p99", "ms", notice, less=True),
        Row("idle", f"memory per idle session, of {sizes.idle:,}, plain", "KiB", idle, less=True, most_rounds=2),
        Row("idle-tls", f"memory per idle session, of {sizes.idle:,}, TLS", "KiB", bound(idle, tls=True), less=True,
            most_rounds=2),
    ]
