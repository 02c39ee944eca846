"""One system call after the other fails: for each operation, each of its writes, synchronisations, opens, truncations.

An operation is done with the first of its calls failing, then with the second, and so on until it has no more. The
answer must be a true OK or a clean NO: what the store holds is read at once, and once more after kill -9 and a new
start. When the fault is over the server must work as before within five seconds. These are cases 180, 185 and 187 of
the catalogue, and case 188: a synchronisation that takes five seconds. What only reads is swept by `reading.py`.
"""

import collections
import contextlib
import errno
import subprocess
import threading
import time

import reading
from expected import Append, Copy, Create, Delete, Deliver, Expunge, Move, Rename, Store
from house import House
from lanes import GONE, Refused
from ledger import Violation
from shim import DIES, OPENS, READS, SYNCS, TRUNCATES, WRITES, Shim
from wire import IMAP, No

KINDS = {"write": WRITES, "fsync": SYNCS, "open": OPENS, "truncate": TRUNCATES, "read": READS}
ERRORS = {"EIO": errno.EIO, "ENOSPC": errno.ENOSPC, "EDQUOT": errno.EDQUOT, "EFBIG": errno.EFBIG,
          "EMFILE": errno.EMFILE, "ENOMEM": errno.ENOMEM, "KILL": DIES}
# What fails with few of the errors only; the other calls fail with all.
SENSIBLE = {"read": {"EIO"}, "EFBIG": {"write", "truncate"}, "EDQUOT": {"write", "fsync", "open"}}
QUICK = {"EIO", "KILL", "append", "deliver", "move", "app-password"}
HEALTHY, SLOW = 5, 5
MOST_CALLS = 24
# Each so many points the server is killed and started again, beside those where it must be.
RESTART = 5


class Sweep:
    def __init__(self, place, options):
        self.house = House(place, place / "data", options.seed, lanes=1)
        self.shim = Shim(place, place / "data")
        self.lane, = self.house.lanes
        self.people = self.house.people
        self.people.environment = self.shim.environment
        self.server, self.by_people = None, True
        self.points, self.answers, self.slowest = 0, collections.Counter(), 0
        self.start()

    # The server

    def start(self):
        self.server = self.house.server(env=self.shim.environment)
        self.lane.open(self.server)

    def kill(self):
        self.shim.disarm()
        self.lane.close()
        self.server.kill()

    def verify(self):
        try:
            self.house.verify(self.server, people=self.by_people)
        except Violation as problem:
            raise Violation(f"{self.at}: {problem}\nmartletd said:\n{self.server.said()}") from None

    # The operations: each gives what to do, from a state with what it needs

    def furnish(self):
        """Some messages whose UIDs are known, in the lane's mailbox; no more than there need be."""
        lane = self.lane
        if len(lane.state.mailboxes["Shared"]) > 12 or len(lane.state.mailboxes["INBOX"]) > 12:
            for name in ("Shared", "INBOX"):
                marks = tuple(lane.known(name))
                if marks:
                    lane.perform([Store(name, marks, "+FLAGS", frozenset(["\\Deleted"])), Expunge(name, marks)])
        if len(lane.known(lane.name)) < 6:
            lane.perform([Append(lane.name, tuple(lane.message(large=False) for _ in range(6)))])
        lane.select(lane.name)

    def some(self, count=2):
        return tuple(self.lane.known(self.lane.name)[:count])

    def below(self):
        if not self.lane.below():
            self.lane.perform([Create(f"{self.lane.name}/a")])
        return self.lane.below()[0]

    def deleted(self):
        self.lane.perform([Store(self.lane.name, self.some(), "+FLAGS", frozenset(["\\Deleted"]))])
        return self.some()

    def free_name(self):
        """A name that is free, once there are few."""
        while len(self.lane.below()) > 2:
            self.lane.perform([Delete(self.lane.below()[0])])
        return self.lane.new_name()

    def operations(self):
        lane = self.lane
        return {
            "append": lambda: Append(lane.name, (lane.message(large=False),), frozenset(["$New"])),
            "multiappend": lambda: Append(lane.name, tuple(lane.message() for _ in range(3))),
            "deliver": lambda: Deliver("INBOX", (lane.message(large=False),)),
            "copy": lambda: Copy(lane.name, "Shared", self.fresh()),
            "move": lambda: Move(lane.name, "Shared", self.fresh()),
            "store": self.store,
            "expunge": lambda: Expunge(lane.name, self.deleted()),
            "create": lambda: Create(self.free_name()),
            "rename": self.rename,
            "delete": lambda: Delete(self.below()),
            "passwd": self.people.password,
            "app-password": self.app_password,
        }

    def rename(self):
        self.free_name()
        old = self.below()
        return Rename(old, self.lane.new_name())

    def store(self):
        """Always a change."""
        marks = self.some()
        is_flagged = "\\Flagged" in self.lane.state.mailboxes[self.lane.name][marks[0]].flags
        return Store(self.lane.name, marks, "-FLAGS" if is_flagged else "+FLAGS", frozenset(["\\Flagged"]))

    def app_password(self):
        """A new one, or the end of one: there may not be any number of them."""
        return self.people.create() if len(self.people.ids) < 6 else self.people.revoke()

    def fresh(self):
        """Messages that the target does not have."""
        return tuple(mark for mark in self.lane.known(self.lane.name)
                     if mark not in self.lane.state.mailboxes["Shared"])[:2] or self.more()

    def more(self):
        """One more."""
        mark = self.lane.message(large=False)
        self.lane.perform([Append(self.lane.name, (mark,))])
        return (mark,)

    # One point

    def attempt(self, what, make, calls, error, number, *, is_lasting=False):
        """Does the operation with the fault. Gives the answer, and how many calls there were and how many failed.

        Where reads fail the server has been started anew, or it would have everything in memory.
        """
        self.people.killed = False
        self.furnish()
        operation = make()
        self.by_people = isinstance(operation, tuple)
        if self.by_people:
            self.people.made += 1
            self.people.stored = self.people.stored_password()
        if calls & READS:
            self.kill()
            self.start()
        if isinstance(operation, (Store, Expunge, Copy)):
            self.lane.select(self.lane.name)
        self.at = f"{what}, call {number}"
        self.shim.arm(calls, error, number, is_lasting=is_lasting)
        try:
            if self.by_people:
                answer = self.by_command(*operation)
            else:
                self.lane.perform([operation])
                answer = "OK"
        except Refused:
            answer = "NO"
        except No as refused:
            raise Violation(f"{self.at}: {refused}") from None
        except GONE:
            answer = "gone"
        count, fired = self.shim.disarm()
        return answer, count, fired

    def by_command(self, change, arguments, entered):
        status, said, wrong = self.people.run(change, arguments, entered)
        if status == 0:
            self.people.learn(change, said)
            self.people.person, self.people.pending = change.apply(self.people.person), []
            return "OK"
        if status < 0:
            return "gone"
        self.people.pending = []
        return "NO"

    def point(self, what, make, kind, error, number):
        """One operation with one call failing. False when it has no such call any more."""
        answer, count, fired = self.attempt(f"{what}, {kind}: {error}", make, KINDS[kind], ERRORS[error], number)
        failed = self.shim.what
        self.at += f" ({failed}), answered {answer}"
        if not fired:
            if answer != "OK":
                raise Violation(f"{self.at}: nothing failed")
            return False
        self.points += 1
        self.answers[answer] += 1
        self.judge(answer, kind, error, failed, is_only=count == number == 1)
        if error == "KILL":
            with contextlib.suppress(subprocess.TimeoutExpired):
                # Unless it was the command line's own process.
                self.server.process.wait(0.1 if self.by_people and answer == "gone" else 10)
        is_dead = self.server.process.poll() is not None
        if error != "KILL" and (is_dead or answer == "gone"):
            raise Violation(f"{self.at}: the server is gone ({self.server.process.poll()})\n{self.server.said()}")
        # `martlet` died and the server lives: only the next recovery says whether that commit is there.
        is_open = self.by_people and answer == "gone"
        # Killed before anybody asks for a change again, it must know by then that the commit failed.
        if not is_dead and kind != "fsync":
            self.healthy()
        if not is_dead and not is_open:
            self.verify()
        if is_dead or is_open or kind == "fsync" or self.points % RESTART == 0:
            self.kill()
            self.start()
            self.verify()
            self.healthy()
        return True

    def judge(self, answer, kind, error, failed, *, is_only):
        """An OK whose only synchronisation failed is a lie that kill -9 does not show."""
        if answer == "OK" and kind == "fsync" and error != "KILL" and is_only and failed.endswith("1.db-wal"):
            raise Violation(f"{self.at}: what was acknowledged was not synchronised")
        if answer == "NO" and kind == "read" and not self.by_people:
            self.server.logged(failed.split("/", 1)[1].removesuffix("-wal"))

    def healthy(self):
        """New work is done, soon."""
        began = time.monotonic()
        while True:
            try:
                if not self.lane.imap:
                    self.lane.open(self.server)
                self.lane.perform([Append(self.lane.name, (self.lane.message(large=False),))])
                break
            except (Refused, No, *GONE) as problem:
                self.lane.close()
                if time.monotonic() - began > HEALTHY:
                    raise Violation(f"{self.at}: not healthy {HEALTHY} s after the fault: {problem!r}\n"
                                    f"{self.server.said()}") from None
                time.sleep(0.02)
        self.slowest = max(self.slowest, time.monotonic() - began)

    def slow(self):
        """While a synchronisation takes its time others can read, and nobody is told OK before it is over."""
        self.at, done = "slow synchronisation", []
        self.furnish()
        self.shim.set(delay=SLOW * 1000)
        began = time.monotonic()
        append = threading.Thread(target=lambda: done.append(self.attempted_append()))
        append.start()
        time.sleep(0.3)
        for _ in range(5):
            with IMAP(self.server.imap, timeout=SLOW) as client:
                client.login(self.lane.user, self.lane.secret)
                client.command("EXAMINE", self.lane.name)
                client.command("UID FETCH 1:* (FLAGS BODY.PEEK[])")
        read = time.monotonic() - began
        append.join(60)
        took = time.monotonic() - began
        self.shim.set(delay=0)
        if not done or took < SLOW:
            raise Violation(f"{self.at}: {done or 'no answer'} after {took:.2f} s of {SLOW} s")
        if read >= SLOW:
            raise Violation(f"{self.at}: others waited {read:.2f} s to read")
        self.verify()

    def attempted_append(self):
        self.lane.perform([Append(self.lane.name, (self.lane.message(large=False),))])
        return "OK"

    def lasting(self, what, make, error, calls=None):
        """The fault stays for the whole operation, and for the next ones; then it is over."""
        calls = calls or (WRITES | SYNCS | TRUNCATES if error != "EMFILE" else OPENS)
        answer, _, fired = self.attempt(f"{what}, lasting {error}", make, calls, ERRORS[error], 1, is_lasting=True)
        if not fired:
            return
        self.points += 1
        self.answers[answer] += 1
        if answer == "OK" and calls & SYNCS:
            raise Violation(f"{self.at}: OK while nothing could be written")
        self.healthy()
        self.verify()


def run(options, place, say):
    sweep = Sweep(place, options)
    began = time.monotonic()
    try:
        if not options.only or "slow" in options.only:
            sweep.slow()
            say("slow synchronisation: others could read")
        for what, make in sweep.operations().items():
            for error in ERRORS:
                if options.only and not {what, error} & set(options.only):
                    continue
                if options.quick and not {what, error} <= QUICK:
                    continue
                for kind in KINDS:
                    if error not in SENSIBLE.get(kind, ERRORS) or kind not in SENSIBLE.get(error, KINDS):
                        continue
                    number = 1
                    while number <= MOST_CALLS and sweep.point(what, make, kind, error, number):
                        number += 1
                if error not in ("KILL", "ENOMEM"):
                    sweep.lasting(what, make, error)
                if error == "EIO":
                    sweep.lasting(what, make, error, READS)
            say(f"{what}: {sweep.points} points, {dict(sweep.answers)}")
        read = reading.sweep(sweep, options) if not options.only or "reading" in options.only else "not read"
    finally:
        sweep.shim.disarm()
        sweep.server.kill()
    sweep.house.directory.check()
    return (f"sweep: {sweep.points} points in {time.monotonic() - began:.0f} s, answered {dict(sweep.answers)}; "
            f"healthy again within {sweep.slowest:.2f} s; {read}; nothing lost, no false OK")
