"""The oracle's book: what was intended and acknowledged, and what no crash may take back. It lies off the faulty disk.

Every line of the journal is written before the command is sent, or after its answer came. What it is judged by is in
memory: the process that keeps it is never killed.
"""

import collections
import hashlib
import json
import threading
import time


class Violation(AssertionError):
    """The server broke a promise."""


class Ledger:
    """Safe to use from several threads."""

    def __init__(self, path):
        self.lock = threading.Lock()
        self.file = open(path, "a", encoding="utf-8")
        self.counts = collections.Counter()
        self.problems = []
        self.digests = {}
        self.uids = {}
        self.told = {}
        self.next_uids = collections.Counter()
        self.modseqs = collections.Counter()
        self.began = time.monotonic()
        self.clock = lambda: 0
        self.is_powerless = False

    def write(self, who, what, **facts):
        """`clock` tells how far the fault's own record has come, where there is one."""
        with self.lock:
            self.counts[what] += 1
            line = {"at": round(time.monotonic() - self.began, 4), "clock": self.clock(), "who": who, "what": what}
            self.file.write(json.dumps(line | facts, default=sorted) + "\n")
            self.file.flush()
            return line["clock"]

    def heeds_answers(self):
        """Ends a client's work once the power is off: there is nobody then to hear an answer, so it was not given.

        A file system that is stopped while a synchronisation runs may say that it was done, which no disk that has
        lost its power can.
        """
        if self.is_powerless:
            raise EOFError("the power is off")

    def broken(self, what):
        """Notes a promise that was broken; the rig looks at the list when a cycle is over."""
        with self.lock:
            self.problems.append(what)

    def hold(self):
        """Raises what was noted."""
        with self.lock:
            problems, self.problems = self.problems, []
        if problems:
            raise Violation("\n".join(problems))

    # What was told to clients: it may never be told otherwise.

    def sends(self, mark, content):
        with self.lock:
            self.digests[mark] = (len(content), hashlib.sha256(content).digest())

    def told_uid(self, user, validity, uid, mark):
        """A UID names one content for ever, and the next one is higher."""
        with self.lock:
            known = self.uids.setdefault((user, validity, uid), mark)
            self.told.setdefault((user, validity, uid), self.clock())
            if known != mark:
                self.problems.append(f"UID {uid} of {user}, UIDVALIDITY {validity}, was {known} and is {mark}")
            key = user, validity
            self.next_uids[key] = max(self.next_uids[key], uid + 1)

    def told_modseq(self, user, validity, modseq):
        with self.lock:
            self.modseqs[user, validity] = max(self.modseqs[user, validity], modseq)

    def found_mailbox(self, user, name, validity, next_uid, modseq):
        """UIDNEXT and HIGHESTMODSEQ after a crash."""
        key = user, validity
        with self.lock:
            if next_uid < self.next_uids[key]:
                self.problems.append(f"UIDNEXT of {name} ({user}) is {next_uid}; it was {self.next_uids[key]}")
            if modseq < self.modseqs[key]:
                self.problems.append(f"HIGHESTMODSEQ of {name} ({user}) is {modseq}; it was {self.modseqs[key]}")
            self.next_uids[key] = max(self.next_uids[key], next_uid)
            self.modseqs[key] = max(self.modseqs[key], modseq)

    def found_content(self, mark, data):
        """What is stored must end with what was sent: LMTP writes its trace before it."""
        with self.lock:
            size, digest = self.digests.get(mark, (None, None))
            if size is None:
                self.problems.append(f"nobody sent {mark}")
            elif hashlib.sha256(data[-size:]).digest() != digest:
                self.problems.append(f"{mark} is not what was sent ({len(data)} bytes, {size} were)")
