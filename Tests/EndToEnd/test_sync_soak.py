"""mbsync and offlineimap3 keep a copy each of one account, and both change it, as does a third on the server: nothing
is lost, nothing comes twice, and all three are the same in the end. MARTLET_SOAK_SEED repeats one run,
MARTLET_SOAK_ROUNDS makes it longer."""

import collections
import mailbox
import os
import random
import threading

import pytest

from martlet import PASSWORD, USER, run
from messages import made
from test_clients import MBSYNC, OFFLINEIMAP
from wire import IMAP

SEEDS = [int(os.environ["MARTLET_SOAK_SEED"])] if "MARTLET_SOAK_SEED" in os.environ else [1, 2]
ROUNDS = int(os.environ.get("MARTLET_SOAK_ROUNDS", "6"))
FOLDERS = ["INBOX", "Work"]
LETTERS = {"S": "\\Seen", "F": "\\Flagged", "R": "\\Answered"}


class Replica:
    """A Maildir copy and the program that keeps it."""

    def __init__(self, place, command, home):
        self.place, self.command, self.home = place, command, home

    def sync(self):
        done = run(self.command, env={"HOME": str(self.home)}, timeout=120)
        assert b"ERROR" not in done.stdout + done.stderr, (done.stdout + done.stderr).decode(errors="replace")

    def folder(self, name):
        return mailbox.Maildir(self.place / name, create=False)

    def state(self):
        """Folder → mark → flags; a mark that stands there twice is a fault."""
        return {name: once(name, ((mark_of(message["subject"]), flags_of(message))
                                  for message in self.folder(name))) for name in FOLDERS}

    def add(self, name, mark):
        self.folder(name).add(made(mark))

    def change(self, name, mark, letters, *, remove):
        folder = self.folder(name)
        for key, message in folder.items():
            if mark_of(message["subject"]) == mark:
                if remove:
                    folder.remove(key)
                else:
                    message.set_subdir("cur")
                    message.set_flags("".join(sorted(letters)))
                    folder[key] = message
                return
        raise KeyError(mark)


class Server:
    """The account itself, changed with our own client."""

    def __init__(self, port):
        self.client = IMAP(port)
        self.client.login(USER, PASSWORD)
        self.client.command("CREATE Work")

    def rows(self, name):
        self.client.command("SELECT", name)
        fetches = self.client.command("UID FETCH 1:* (UID FLAGS ENVELOPE)").fetches()
        return [(row["UID"], mark_of(row["ENVELOPE"][1].decode()), row["FLAGS"]) for row in fetches.values()]

    def state(self):
        return {name: once(name, ((mark, "".join(sorted(letter for letter, flag in LETTERS.items() if flag in flags)))
                                  for _, mark, flags in self.rows(name))) for name in FOLDERS}

    def add(self, name, mark):
        self.client.append(name, made(mark))

    def change(self, name, mark, letters, *, remove):
        uid = next(uid for uid, found, _ in self.rows(name) if found == mark)
        flags = "\\Deleted" if remove else " ".join(LETTERS[letter] for letter in letters)
        self.client.command(f"UID STORE {uid} FLAGS ({flags})")
        if remove:
            self.client.command(f"UID EXPUNGE {uid}")


def mark_of(subject):
    return subject.removeprefix("Message ")


def flags_of(message):
    return "".join(sorted(set(message.get_flags()) & set(LETTERS)))


def once(name, pairs):
    pairs = list(pairs)
    twice = [mark for mark, count in collections.Counter(mark for mark, _ in pairs).items() if count > 1]
    assert not twice, f"{name} holds twice: {twice}"
    return dict(pairs)


@pytest.fixture
def places(server, place):
    """The account, and the two that keep copies of it."""
    home = place / "home"
    (home / "mail").mkdir(parents=True)
    values = {"home": home, "port": server.imaps, "user": USER, "password": PASSWORD,
              "certificate": server.certificate, "mail": home / "mail"}
    (home / "mbsyncrc").write_text(MBSYNC.format(**values))
    (home / "offlineimaprc").write_text(OFFLINEIMAP.format(**values))
    account = Server(server.imap)
    return [account, Replica(home / "mail", ["mbsync", "-c", home / "mbsyncrc", "-a"], home),
            Replica(home / "offline", ["offlineimap", "-o", "-u", "basic", "-c", home / "offlineimaprc"], home)]


def change(place, chance, expected, fresh):
    """Some random changes in one place; `expected` is folder → the marks that must be there in the end."""
    for _ in range(chance.randint(1, 5)):
        name = chance.choice(FOLDERS)
        kind = chance.choice(["add", "add", "flags", "flags", "remove"])
        # Flags change also on what was removed elsewhere: it stays removed.
        here = place.state()[name].keys()
        known = sorted(here & expected[name] if kind == "remove" else here)
        if kind == "add" or not known:
            mark = next(fresh)
            place.add(name, mark)
            expected[name].add(mark)
            continue
        mark = chance.choice(known)
        place.change(name, mark, [letter for letter in LETTERS if chance.random() < 0.5], remove=kind == "remove")
        if kind == "remove":
            expected[name].discard(mark)


def at_once(replicas):
    """Both programs at the same time."""
    faults = []

    def attempt(replica):
        try:
            replica.sync()
        except BaseException as fault:  # given to the test's own thread
            faults.append(fault)
    threads = [threading.Thread(target=attempt, args=(replica,)) for replica in replicas]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", SEEDS)
def test_two_programs_and_a_third_converge(places, seed):
    print(f"seed {seed}")
    chance = random.Random(seed)
    account, *replicas = places
    fresh = (f"{seed}-{number}" for number in range(1_000_000))
    expected = {name: set() for name in FOLDERS}
    for _ in range(8):
        change(account, chance, expected, fresh)
    for replica in replicas:
        replica.sync()
    for _ in range(ROUNDS):
        for place in chance.sample(places, chance.randint(1, len(places))):
            change(place, chance, expected, fresh)
        if chance.random() < 0.4:
            at_once(replicas)
        else:
            for replica in chance.sample(replicas, chance.randint(1, len(replicas))):
                replica.sync()
    for _ in range(2):
        for replica in replicas:
            replica.sync()
    states = [place.state() for place in places]
    for name in FOLDERS:
        assert set(states[0][name]) == expected[name]
        assert states[0][name] == states[1][name] == states[2][name], name
    print({name: len(marks) for name, marks in expected.items()})
