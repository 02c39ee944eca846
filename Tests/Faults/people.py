"""Whoever changes credentials by the command line, killed with the server: the main password, app passwords, TOTP."""

import contextlib
import json
import os
import sqlite3
import subprocess

from credentials import code
from expected import Change, Person
from martlet import MARTLET, PASSWORD
from wire import IMAP, No

MOST = 6


class Credentials:
    """One account's, changed by one command at a time."""

    def __init__(self, name, user, directory, chance, ledger):
        self.name, self.user, self.directory, self.chance, self.ledger = name, user, directory, chance, ledger
        self.person, self.pending, self.made = Person(PASSWORD), [], 0
        self.process, self.uri, self.ids, self.secrets = None, None, {}, {}
        self.killed, self.proven, self.stored = False, None, None
        self.has_changed = False
        self.environment = {}

    def work(self, _server, stop, *, refusable=False):
        self.killed = False
        while not stop.is_set():
            change, arguments, entered = self.choose()
            status, said, wrong = self.run(change, arguments, entered)
            if self.killed or self.ledger.is_powerless:
                return
            if status != 0:
                self.ledger.write(self.name, "refused", answer=wrong.decode(errors="replace"))
                if refusable:
                    return
                self.pending = []
                self.ledger.broken(f"{self.name}: {change.verb}: status {status}: {wrong.decode(errors='replace')}")
                continue
            self.learn(change, said)
            self.person, self.pending = change.apply(self.person), []
            self.ledger.write(self.name, "acked", kind=change.verb)

    def kill(self):
        """As the server: at any moment."""
        self.killed = True
        process = self.process
        if process and process.poll() is None:
            process.kill()

    def run(self, change, arguments, entered):
        self.pending = [change]
        self.has_changed |= change.verb == "passwd"
        self.ledger.write(self.name, "intent", kind=change.verb, operation=change.to)
        self.process = subprocess.Popen(
            [str(MARTLET), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, "LC_ALL": "C.UTF-8", **self.environment, "MARTLET_DATA": str(self.directory.path)})
        if self.killed:
            self.process.kill()
        said, wrong = self.process.communicate(entered)
        return self.process.returncode, said, wrong

    def choose(self):
        """(the change, the command's words, what is entered)."""
        self.made += 1
        choices = [self.create] * 3 if len(self.person.app_passwords) < MOST else []
        choices += [self.revoke] * (3 if len(self.person.app_passwords) >= MOST else 1) if self.ids else []
        if self.person.totp != "on":
            choices += [self.enroll]
        if self.person.totp != "on" and not self.has_changed:
            # Once between two looks: then a new hash says that it was done, whoever may log in with it.
            choices += [self.password]
        if self.person.totp == "pending" and self.uri:
            choices += [self.confirm] * 4
        if self.person.totp == "on":
            choices += [self.reset] * 2 + [self.renew]
        return self.chance.choice(choices)()

    def password(self):
        new = f"{PASSWORD}-{self.made}"
        return Change("passwd", {"password": new}), ["user", "passwd", self.user, "--password-stdin"], \
            new.encode() + b"\n"

    def create(self):
        label = f"label-{self.made}"
        return Change("create", {"app_passwords": self.person.app_passwords | {label}}), \
            ["app-password", "create", self.user, "--label", label, "--json"], None

    def revoke(self):
        label = self.chance.choice(sorted(self.ids))
        return Change("revoke", {"app_passwords": self.person.app_passwords - {label}}), \
            ["app-password", "revoke", self.user, self.ids[label]], None

    def enroll(self):
        return Change("enroll", {"totp": "pending"}), ["totp", "enroll", self.user, "--json"], None

    def confirm(self):
        return Change("confirm", {"totp": "on"}), ["totp", "confirm", self.user, code(self.uri)], None

    def reset(self):
        return Change("reset", {"totp": "off", "recovery_codes": 0}), ["totp", "reset", self.user], None

    def renew(self):
        return Change("renew", {"recovery_codes": 10}), ["recovery-codes", "renew", self.user, "--json"], None

    def learn(self, change, said):
        """What the command showed once."""
        if change.verb == "create":
            row = json.loads(said)
            label, = change.to["app_passwords"] - self.person.app_passwords
            self.ids[label], self.secrets[label] = row["id"], row["secret"]
        elif change.verb == "revoke":
            label, = self.person.app_passwords - change.to["app_passwords"]
            del self.ids[label]
            self.secrets.pop(label, None)
        elif change.verb == "enroll":
            self.uri = json.loads(said)["uri"]
        elif change.verb in ("confirm", "reset"):
            self.uri = None
        elif change.verb == "passwd":
            self.proven = None

    def settle(self, port):
        """Looks what is there, and takes it if it may be. Gives how many unanswered changes turn out to be done."""
        rows = self.directory.json("app-password", "list", self.user)
        status = self.directory.json("totp", "status", self.user)
        labels = frozenset(row["label"] for row in rows)
        candidates = [self.person] + [change.apply(self.person) for change in self.pending]
        fitting = [number for number, person in enumerate(candidates)
                   if (person.app_passwords, person.totp, person.recovery_codes)
                   == (labels, status["state"], status["recoveryCodes"])]
        if self.pending and self.pending[0].verb == "enroll":
            self.uri = None
        if len(rows) != len(labels) or not fitting:
            self.ledger.broken(f"{self.name}: {sorted(labels)}, TOTP {status}; expected {self.person} "
                               f"or that with {self.pending}")
        number = self.settle_password(port, candidates, fitting, status["state"]) if fitting else 0
        self.person, self.pending = candidates[number], []
        self.ids = {row["label"]: row["id"] for row in rows}
        self.secrets = {label: secret for label, secret in self.secrets.items() if label in self.ids}
        if self.secrets:
            label = self.chance.choice(sorted(self.secrets))
            self.log_in(port, self.secrets[label], f"the app password {label}")
        return number

    def settle_password(self, port, candidates, fitting, totp):
        """Of those that fit otherwise, the one whose main password it is: a new hash is there or it is not.

        It opens the mail, which is tried with TOTP off. A login that fails would count as a guess.
        """
        stored = self.stored_password()
        is_done = self.pending and self.pending[0].verb == "passwd" and stored != self.stored
        number = fitting[-1] if is_done or len({candidates[number].password for number in fitting}) == 1 else 0
        if totp != "on" and (stored != self.stored or self.proven != candidates[number].password):
            self.log_in(port, candidates[number].password, "the main password")
            self.proven = candidates[number].password
        self.stored, self.has_changed = stored, False
        return number

    def stored_password(self):
        with contextlib.closing(sqlite3.connect(f"file:{self.directory.path}/directory.db?mode=ro", uri=True)) as file:
            return file.execute(
                "SELECT secret FROM credential JOIN address_target USING (account_id) JOIN address"
                " ON address.id = address_id WHERE credential.kind = 'password' AND key = ?", [self.user]).fetchone()

    def log_in(self, port, secret, what):
        try:
            with IMAP(port) as client:
                client.login(self.user, secret)
        except No as refused:
            self.ledger.broken(f"{self.name}: {what} does not work: {refused}")
