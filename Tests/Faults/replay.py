"""Crash states by the thousand: martletd works while all that it writes is recorded; then the disk is made up as power
cuts at any moment may have left it (crashstates.py), and each of those is opened and held against what the clients had
been told by that moment.

Every state is opened by SQLite and read with a few statements; each 25th is given to `martlet check` too, and each
100th to martletd, which is then read over IMAP as after any other crash. This is case 182 of the catalogue.
"""

import bisect
import contextlib
import pathlib
import re
import shutil
import sqlite3
import tempfile
import time

from crashstates import SYNC, Disk, records
from expected import Message, State
from house import MAIL, House
from ledger import Ledger, Violation
from look import Seen, look
from martlet import DataDirectory, Server, run as command
from shim import Shim

SYSTEM_FLAGS = ("\\answered", "\\flagged", "\\deleted", "\\seen", "\\draft")
SECONDS, QUICK_SECONDS = 4, 1.5


class History:
    """What one lane had been told by which moment of the record."""

    def __init__(self, lane):
        self.lane = lane
        self.known = [(0, lane.state)]
        self.steps = []

    def sends(self, operation, clock):
        self.steps.append((operation, clock))

    def acknowledged(self, state, clock):
        """The first that was not answered is."""
        self.known.append((clock, state))

    def candidates(self, clock):
        """The states that may be on the disk: what was acknowledged by then, and what had been sent after it."""
        done = bisect.bisect_right(self.known, clock, key=lambda entry: entry[0]) - 1
        states = [self.known[done][1]]
        for operation, sent in self.steps[done:]:
            if sent < clock:
                states.append(operation.apply(states[-1]))
        return states


def lower(state):
    """Flags as the store keeps them: keywords in lower case."""
    return State({name: {mark: Message(frozenset(flag.lower() for flag in message.flags), message.uid)
                         for mark, message in messages.items()} for name, messages in state.mailboxes.items()})


def stored(path):
    """{mailbox: {mark: Message}} of an account's file, and UIDNEXT by UIDVALIDITY, read by SQLite alone."""
    with contextlib.closing(sqlite3.connect(path)) as file:
        wrong = [row[0] for row in file.execute("PRAGMA integrity_check")]
        if wrong != ["ok"]:
            raise Violation(f"{path.name}: integrity_check: {wrong[:3]}")
        flags = {key: frozenset([name for bit, name in enumerate(SYSTEM_FLAGS) if system >> bit & 1] + words.split())
                 for key, system, words in file.execute("SELECT id, system, keywords FROM flag_set")}
        found, next_uids = {}, {}
        for key, name, validity, next_uid in file.execute(
                "SELECT id, name, uid_validity, uid_next FROM mailbox WHERE deleted_at IS NULL"):
            next_uids[validity] = next_uid
            messages = found[name] = {}
            for uid, flag_set, message_id in file.execute(
                    "SELECT uid, flag_set, message_id FROM message JOIN body ON body.id = body_id"
                    " WHERE mailbox_id = ?", [key]):
                mark = re.match(rb"<?([^@]+)@", bytes(message_id)).group(1).decode()
                if mark in messages:
                    raise Violation(f"{mark} is twice in {name}")
                messages[mark] = Message(flags[flag_set], uid)
        return found, next_uids


def judge(histories, clock, found):
    """What was found in an account must be what may be there at that moment."""
    for history in histories:
        lane = history.lane
        candidates = [lower(state) for state in history.candidates(clock)]
        differences = [state.differences(lane.own_part(found)) for state in candidates]
        if all(differences):
            raise Violation(f"{lane.name} at {clock}, {len(candidates) - 1} unanswered: "
                            + "; ".join(min(differences, key=len)[:10]))


class Replay:
    def __init__(self, options, place):
        self.options, self.place = options, place
        self.house = House(place, place / "data", options.seed, lanes=options.lanes)
        self.shim = Shim(place, place / "data", record=True)
        self.house.ledger.clock = lambda: self.shim.get("clock")
        self.disk = Disk((place / "data").resolve())
        self.histories = [History(lane) for lane in self.house.lanes]
        for history in self.histories:
            history.lane.history = history

    def work(self, seconds):
        server = self.house.server(env=self.shim.environment)
        with self.house.work(server, people=False):
            time.sleep(seconds)
        server.stop()
        self.house.ledger.hold()

    def states(self, cycles, *, skips_logs=False):
        """(clock, {path: bytes}) of crashes at random moments, in the order of time. `skips_logs`: as if no write-ahead
        log had ever been synchronised."""
        everything = records(self.shim.record)
        if skips_logs:
            everything = [record for record in everything
                          if record.operation != SYNC or not record.path.endswith("-wal")]
        moments = sorted(self.house.chance.randint(0, everything[-1].clock) for _ in range(cycles))
        at = 0
        for moment in moments:
            while at < len(everything) and everything[at].clock <= moment:
                self.disk.follow(everything[at])
                at += 1
            yield moment, self.disk.state(self.house.chance)

    def lay_out(self, state, target):
        """The state as a data directory."""
        source = str((self.place / "data").resolve())
        for folder in ("accounts", "keys", "tls", "tmp"):
            (target / folder).mkdir(mode=0o700, parents=True)
        target.chmod(0o700)
        for path, content in state.items():
            copy = target / pathlib.Path(path).relative_to(source)
            copy.write_bytes(content)
            copy.chmod(0o600)

    def look_at(self, number, clock, target):
        checks = [self.by_sqlite]
        # Each of these changes what the next one finds: it recovers.
        if number % 25 == 24:
            checks = [self.by_check, self.by_sqlite]
        if number % 100 == 99:
            checks = [self.by_server, self.by_check]
        for check in checks:
            check(clock, target)

    def by_sqlite(self, clock, target):
        for number, user in enumerate(MAIL, 1):
            found, next_uids = stored(target / "accounts" / f"{number}.db")
            judge([history for history in self.histories if history.lane.user == user], clock, found)
            for (account, validity, uid), told in self.house.ledger.told.items():
                if account == user and told <= clock and next_uids.get(validity, uid + 1) <= uid:
                    raise Violation(f"UIDNEXT of UIDVALIDITY {validity} is {next_uids[validity]}, and {uid} was told")

    def by_check(self, _clock, target):
        DataDirectory(target).check()

    def by_server(self, clock, target):
        directory, ledger = DataDirectory(target), Ledger(self.place / "second-journal.jsonl")
        ledger.digests = self.house.ledger.digests
        server = Server(directory)
        try:
            for user in MAIL:
                found = look(server.imap, user, self.house.secrets[user], ledger, Seen())
                judge([history for history in self.histories if history.lane.user == user], clock,
                      lower(State(found)).mailboxes)
            ledger.hold()
        finally:
            server.kill()


def recorded(options, place, say):
    """A replay whose work is done."""
    command(["sync", "-f", place])
    replay = Replay(options, place)
    replay.work(QUICK_SECONDS if options.quick else SECONDS)
    say(f"{replay.house.summary()}; {replay.shim.get('clock')} records")
    return replay


def replayed(replay, cycles, options, say, **how):
    """Looks at so many crash states. Gives how many of them had something that was not synchronised."""
    memory, unsynced = "/dev/shm" if pathlib.Path("/dev/shm").is_dir() else replay.place, 0
    for number, (clock, state) in enumerate(replay.states(cycles, **how)):
        unsynced += any(replay.disk.unsynced.values())
        target = pathlib.Path(tempfile.mkdtemp(prefix="martlet-state-", dir=memory))
        try:
            replay.lay_out(state, target)
            replay.look_at(number, clock, target)
        except (AssertionError, sqlite3.Error) as problem:
            if options.keep:
                shutil.copytree(target, replay.place / "state")
            raise Violation(f"crash state {number} at {clock}: {problem!r}") from None
        finally:
            shutil.rmtree(target, ignore_errors=True)
        if number % 500 == 499:
            say(f"{number + 1} states")
    return unsynced


def run(options, place, say):
    replay, began = recorded(options, place, say), time.monotonic()
    unsynced = replayed(replay, options.cycles, options, say)
    return (f"replay: {options.cycles} crash states of {replay.shim.get('clock')} records in "
            f"{time.monotonic() - began:.0f} s, {unsynced} of them with something not synchronised; "
            f"{replay.house.summary()}; nothing lost")
