"""Reads that fail: whoever asks is told so, and nobody is told that mail is gone.

Each read of each command fails once (EIO), then all of them, in a server that has nothing in memory. The answer is OK
with all that is there, or NO [UNAVAILABLE] (RFC 5530: "a subsystem is down"), since the same command may do again; the
log names the file; no message is called expunged; and when the disk is well the same session has its answer. This is
case 185 of the catalogue, for reads.
"""

import collections
import errno
import re

from ledger import Violation
from messages import made
from shim import READS
from wire import IMAP

MAILBOX = "Reading"
MESSAGES = 40
MOST_CALLS, QUICK_MOST_CALLS = 40, 3


def numbered(reply):
    return sorted(line for line in reply.lines if b"EXISTS" in line or b"[UID" in line)


def flagged(reply):
    """Without \\Recent, which one session alone is told of."""
    return {number: {item: [flag for flag in value if flag != "\\Recent"] if item == "FLAGS" else value
                     for item, value in row.items()} for number, row in reply.fetches().items()}


# Which command, with which answer to be the same.
COMMANDS = {
    "select": ("SELECT Reading", numbered),
    "status": ("STATUS Reading (MESSAGES UIDNEXT UNSEEN SIZE)", lambda reply: reply.lines),
    "list": ('LIST "" "*"', lambda reply: sorted(reply.lines)),
    "flags": ("UID FETCH 1:* (FLAGS MODSEQ INTERNALDATE)", flagged),
    "envelopes": ("UID FETCH 1:* (ENVELOPE BODYSTRUCTURE)", lambda reply: reply.fetches()),
    "bodies": ("UID FETCH 1:* (BODY.PEEK[])", lambda reply: reply.fetches()),
    "search": ("SEARCH BODY sixty-four", lambda reply: reply.numbers()),
    "sort": ("SORT (SUBJECT) UTF-8 ALL", lambda reply: reply.numbers("SORT")),
    "thread": ("THREAD REFERENCES UTF-8 ALL", lambda reply: reply.lines),
}
SELECTED = set(COMMANDS) - {"select", "status", "list"}


class Reading:
    """Works on what the sweep has: its house, its server, its shim."""

    def __init__(self, sweep):
        self.sweep, self.lane, self.answers = sweep, sweep.lane, collections.Counter()
        self.session = None

    def furnish(self):
        with self.login() as session:
            session.command("CREATE", MAILBOX)
            for number in range(MESSAGES):
                session.append(MAILBOX, self.message(number), "(\\Seen)" if number % 2 else "")

    def message(self, number):
        return made(f"read{number}", size=0 if number % 3 else 60_000)

    def login(self):
        session = IMAP(self.sweep.server.imap, timeout=60)
        session.login(self.lane.user, self.lane.secret)
        return session

    def fresh(self, what):
        """A server that has just been started, and a session as the command wants it."""
        if self.session:
            self.session.close()
        self.sweep.kill()
        self.sweep.start()
        self.session = self.login()
        if what in SELECTED:
            self.session.command("SELECT", MAILBOX)

    def ask(self, what):
        """(the answer's status, its code, what it says); a session that ends is no answer."""
        command, content = COMMANDS[what]
        try:
            reply = self.session.attempt(command)
        except (OSError, EOFError):
            raise Violation(f"{self.at}: the session ended\n{self.sweep.server.said()}") from None
        gone = [line for line in reply.lines if re.search(rb"EXPUNGE|VANISHED|\* 0 EXISTS", line)]
        if gone:
            raise Violation(f"{self.at}: {gone}")
        return reply.status, reply.code, content(reply) if reply.status == "OK" else None

    def point(self, what, wanted, number, is_lasting=False):
        """False when the command makes no such read."""
        self.at = f"{what}, read {number}" + (" and all after it" if is_lasting else "")
        self.fresh(what)
        shim, server = self.sweep.shim, self.sweep.server
        shim.arm(READS, errno.EIO, number, is_lasting=is_lasting)
        status, code, found = self.ask(what)
        fired, failed = shim.disarm()[1], shim.what
        self.at += f" ({failed})"
        if server.process.poll() is not None:
            raise Violation(f"{self.at}: martletd ended with {server.process.returncode}\n{server.said()}")
        if status == "OK" and found != wanted:
            raise Violation(f"{self.at}: OK, but {str(found)[:600]}, not {str(wanted)[:600]}")
        if status != "OK":
            if (status, code) != ("NO", "UNAVAILABLE"):
                raise Violation(f"{self.at}: {status} [{code}]\n{server.said()}")
            server.logged(failed.split("/", 1)[1].removesuffix("-wal"))
        if not fired:
            return False
        self.answers[status] += 1
        again = self.ask(what)
        if (again[0], again[2]) != ("OK", wanted):
            raise Violation(f"{self.at}: the disk is well, and {what} says {str(again)[:600]}")
        return True


def sweep(whole, options):
    """A line for the report."""
    reading = Reading(whole)
    reading.furnish()
    for what in COMMANDS:
        reading.at = what
        reading.fresh(what)
        status, _, wanted = reading.ask(what)
        if status != "OK":
            raise Violation(f"{what}: {status}")
        most = QUICK_MOST_CALLS if options.quick else MOST_CALLS
        number = 1
        while number <= most and reading.point(what, wanted, number):
            number += 1
        reading.point(what, wanted, 1, is_lasting=True)
    reading.session.close()
    points = sum(reading.answers.values())
    with reading.login() as session:
        session.command("DELETE", MAILBOX)
    return f"{points} failing reads, answered {dict(reading.answers)}"
