"""A data directory under fault: two accounts' mail changed by several lanes, a third account's credentials."""

import contextlib
import faulthandler
import random
import threading

from credentials import app_password
from lanes import Lane
from ledger import Ledger
from look import INITIAL, Seen, look
from martlet import DataDirectory, Server
from people import Credentials
from wire import IMAP

MAIL = ("alice@example.org", "bob@example.org")
PERSON = "carol@example.org"


class House:
    """`place` holds what no fault may touch, `data` is the server's."""

    def __init__(self, place, data, seed, *, lanes=6, kind=Lane):
        self.chance = random.Random(seed)
        self.ledger = Ledger(place / "journal.jsonl")
        self.seen = Seen()
        self.directory = DataDirectory.made(data, users=(*MAIL, PERSON))
        self.secrets = {user: app_password(self.directory, user)[1] for user in MAIL}
        self.lanes = [
            kind(f"w{number}", user, self.secrets[user], random.Random(f"{seed}.{number}"), self.ledger)
            for number in range(lanes) for user in [MAIL[number % len(MAIL)]]]
        self.people = Credentials("carol", PERSON, self.directory, random.Random(f"{seed}.carol"), self.ledger)
        self.furnish()

    def server(self, **options):
        """Each on ports of its own: what was free once may be somebody else's by now."""
        return Server(self.directory, **options)

    def furnish(self):
        """The mailboxes that are there before the first fault."""
        server = self.server()
        try:
            for user in MAIL:
                with IMAP(server.imap) as client:
                    client.login(user, self.secrets[user])
                    for name in ("Shared", *(lane.name for lane in self.lanes if lane.user == user)):
                        client.command("CREATE", name)
        finally:
            server.stop()

    def verify(self, server, *, whole=False, is_dead=False, people=True):
        """Reads everything and settles what was open. `whole`: also contents that were compared before; `is_dead`: the
        disk went away under the server before.

        Gives how many unanswered commands turned out to be done.
        """
        if whole:
            self.seen = Seen()
        done = 0
        for user in MAIL:
            lanes = [lane for lane in self.lanes if lane.user == user]
            if not lanes:
                continue
            found = look(server.imap, user, self.secrets[user], self.ledger, self.seen)
            strangers = [name for name in found
                         if name not in INITIAL and not any(lane.is_own(name) for lane in lanes)]
            strangers += [mark for messages in found.values() for mark in messages
                          if not any(mark.startswith(f"{lane.name}.") for lane in lanes)]
            missing = [name for name in INITIAL if name not in found]
            if strangers or missing:
                self.ledger.broken(f"{user}: nobody made {strangers}, missing are {missing}")
            done += sum(lane.settle(found, is_dead=is_dead) for lane in lanes)
        done += self.people.settle(server.imap) if people else 0
        self.ledger.hold()
        return done

    def purge(self):
        """What was expunged stays for days: given up, so that the files stay small."""
        for user in MAIL:
            self.directory.martlet("message", "purge", user, "--all", "--yes")

    @contextlib.contextmanager
    def work(self, server, *, people=True, refusable=False):
        """All work while the block runs; what ends the block has killed the server, or lets them end by themselves."""
        stop = threading.Event()
        workers = self.lanes + ([self.people] if people else [])
        threads = [threading.Thread(target=worker.work, args=(server, stop), kwargs={"refusable": refusable},
                                    daemon=True) for worker in workers]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join(90)
            if any(thread.is_alive() for thread in threads):
                faulthandler.dump_traceback(all_threads=True)
                self.ledger.broken("a client waits for an answer and gets none within a minute and a half")

    def acknowledged(self):
        return self.ledger.counts["acked"]

    def summary(self):
        counts = self.ledger.counts
        return f"{counts['intent']} operations sent, {counts['acked']} acknowledged, {counts['refused']} refused"
