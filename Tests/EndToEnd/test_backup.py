"""Backups of a server at work, killed ones, and what comes back from them over IMAP."""

import json
import os
import signal
import subprocess
import threading

from martlet import MARTLET, PASSWORD, USER, DataDirectory, running, wait_for
from messages import made
from wire import IMAP


class Writer(threading.Thread):
    """A client that appends without end; `acknowledged` maps UID to bytes of what was answered OK."""

    def __init__(self, server, lane, mailbox):
        super().__init__(daemon=True)
        self.server, self.lane, self.mailbox = server, lane, mailbox
        self.acknowledged, self.problem, self.ending = {}, None, threading.Event()

    def run(self):
        try:
            with IMAP(self.server.imap) as client:
                client.login(USER, PASSWORD)
                number = 0
                while not self.ending.is_set():
                    message = made(f"{self.lane}.{number}", size=64 * (1 + number * 37 % 400))
                    code = client.append(self.mailbox, message, flags="(\\Seen Kept)").code
                    self.acknowledged[int(code.split()[2])] = message
                    number += 1
        except Exception as problem:
            self.problem = problem

    def end(self):
        self.ending.set()
        self.join(60)
        assert self.problem is None, self.problem


def backup(directory, place, *arguments):
    done = directory.martlet("backup", place, "--json", *arguments)
    return json.loads(done.stdout)


def contents(port, mailbox):
    """UIDVALIDITY, and of each message UID → (bytes, flags)."""
    with IMAP(port) as client:
        client.login(USER, PASSWORD)
        validity = client.command(f"STATUS {mailbox} (UIDVALIDITY)").untagged("STATUS")[0][1][1]
        client.command(f"SELECT {mailbox}")
        rows = client.command("UID FETCH 1:* (UID FLAGS BODY.PEEK[])").fetches().values()
        return validity, {int(row["UID"]): (row["BODY[]"], set(row["FLAGS"]) - {"\\Recent"}) for row in rows}


def test_a_backup_of_a_busy_server_has_all_that_was_acknowledged(directory, server, alice, place):
    """Case 165."""
    alice.command("CREATE busy")
    writers = [Writer(server, "inbox", "INBOX"), Writer(server, "busy", "busy")]
    for writer in writers:
        writer.start()
    backups = []
    for _ in range(3):
        wait_for(lambda: all(len(writer.acknowledged) >= 20 * (1 + len(backups)) for writer in writers),
                 what="messages")
        before = [dict(writer.acknowledged) for writer in writers]
        backups.append((backup(directory, place / "backups")["backup"], before))
    for writer in writers:
        writer.end()
    validities = {writer.mailbox: contents(server.imap, writer.mailbox)[0] for writer in writers}
    for number, (path, before) in enumerate(backups):
        restored = DataDirectory(place / f"restored-{number}")
        restored.martlet("restore", path)
        with running(restored) as other:
            for writer, acknowledged in zip(writers, before):
                validity, found = contents(other.imap, writer.mailbox)
                assert validity == validities[writer.mailbox]
                missing = acknowledged.keys() - found.keys()
                assert not missing, f"acknowledged before the backup and not in it: {sorted(missing)}"
                for uid, (message, flags) in found.items():
                    assert message == writer.acknowledged[uid] and flags == {"\\Seen", "Kept"}
                # What the lost server gave out since is given to no other message.
                with IMAP(other.imap) as client:
                    client.login(USER, PASSWORD)
                    new = int(client.append(writer.mailbox, made("new")).code.split()[2])
                assert new > max(writer.acknowledged)


def test_a_backup_that_is_killed_spoils_none(directory, server, alice, place):
    """The first is whole all the time, and the next is made as if nothing had been."""
    for number in range(40):
        alice.append("INBOX", made(f"large.{number}", attachment=os.urandom(1 << 20)))
    first = backup(directory, place / "backups")["backup"]
    alice.append("INBOX", made("last"))
    unfinished = place / "backups" / ".unfinished"
    killed = 0
    for file in ("directory.db", "accounts/1.db", "manifest.json"):
        process = subprocess.Popen(
            [MARTLET, "backup", place / "backups"], env={**os.environ, "MARTLET_DATA": str(directory.path)},
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: (unfinished / file).exists() or process.poll() is not None, every=0.0002)
        process.send_signal(signal.SIGKILL)
        process.wait()
        killed += process.returncode == -signal.SIGKILL
        assert directory.martlet("backup", "verify", first).returncode == 0
    assert killed, "no backup was killed before it ended"
    made_now = backup(directory, place / "backups")
    assert made_now["messages"] == 41 and not unfinished.exists()
    for report in json.loads(directory.martlet("backup", "verify", "--all", place / "backups", "--json").stdout):
        assert report["isWhole"], report


def test_only_what_has_changed_is_copied_again(directory, place):
    """A day on which one of two people gets mail."""
    directory.add_user("bob@example.org")
    with running(directory) as server, IMAP(server.imap) as client:
        client.login(USER, PASSWORD)
        client.append("INBOX", made("one"))
        backup(directory, place / "backups")
        wait_for(lambda: backup(directory, place / "backups", "--keep", "2")["copiedFiles"] == [], every=0.5,
                 what="a backup without a change")
        client.append("INBOX", made("two"))
        changed = backup(directory, place / "backups")
        assert changed["copiedFiles"] == ["accounts/1.db"], changed
        assert changed["messages"] == 2 and changed["backups"] == 3


def logged_in(port, mailbox):
    client = IMAP(port)
    client.login(USER, PASSWORD)
    client.command("SELECT", mailbox)
    return client


def test_a_mailbox_and_a_message_come_back_while_clients_look_on(directory, server, alice, place):
    """Case 88: under its UIDVALIDITY a mailbox has its messages under their UIDs, or it is a new one."""
    alice.command("CREATE Lists")
    sent = {mark: made(mark) for mark in ("one", "two", "three")}
    for message in sent.values():
        alice.append("Lists", message, flags="(\\Flagged Kept)")
        alice.append("INBOX", message)
    before = contents(server.imap, "Lists")
    backup(directory, place / "backups")
    alice.command("SELECT INBOX")
    alice.command("STORE 2 +FLAGS (\\Deleted)")
    alice.command("EXPUNGE")
    alice.command("DELETE Lists")
    directory.martlet("message", "purge", USER, "--all", "--yes")
    restored = directory.json("restore", "mailbox", place / "backups", USER, "Lists")
    assert restored["keepsUIDs"] and restored["messages"] == 3
    assert contents(server.imap, "Lists") == before
    # Who has it open gets no second one over it.
    with logged_in(server.imap, "Lists") as looking:
        beside = directory.json("restore", "mailbox", place / "backups", USER, "Lists")
        assert beside["mailbox"] == "Lists (restored)" and not beside["keepsUIDs"]
        assert looking.command("UID SEARCH ALL").numbers() == sorted(before[1])
    # It is in Lists as well.
    arguments = ["restore", "message", place / "backups", USER, "--message-id", "two@example.net"]
    assert directory.json(*arguments)["copies"] == 2
    back = directory.json("restore", "message", place / "backups", USER, "--mailbox", "INBOX", "--uid", "2",
                          "--with-copies")
    assert [(row["mailbox"], row["messages"]) for row in back["mailboxes"]] == [("INBOX", 1)]
    wait_for(lambda: [3] in alice.command("NOOP").untagged("EXISTS"), every=0.05, what="3 EXISTS")
    rows = alice.command("UID FETCH 4 (UID BODY.PEEK[])").fetches()
    assert [row["BODY[]"] for row in rows.values()] == [sent["two"]]


def test_an_account_is_restored_while_the_server_is_stopped(directory, place):
    with running(directory) as server, logged_in(server.imap, "INBOX") as alice:
        kept = {int(alice.append("INBOX", made(mark)).code.split()[2]): made(mark) for mark in ("one", "two")}
        validity = contents(server.imap, "INBOX")[0]
        backup(directory, place / "backups")
        alice.command("STORE 1:* +FLAGS (\\Deleted)")
        alice.command("EXPUNGE")
        late = int(alice.append("INBOX", made("late")).code.split()[2])
        refused = directory.martlet("restore", "account", place / "backups", USER, "--replace", check=False)
        assert refused.returncode == 1 and b"running" in refused.stderr, refused
    directory.martlet("restore", "account", place / "backups", USER, "--replace")
    with running(directory) as server, logged_in(server.imap, "INBOX") as alice:
        again, found = contents(server.imap, "INBOX")
        assert again == validity and {uid: message for uid, (message, _) in found.items()} == kept
        assert int(alice.append("INBOX", made("new")).code.split()[2]) > late
    directory.martlet("user", "remove", USER, "--yes")
    directory.martlet("restore", "account", place / "backups", USER)
    with running(directory) as server:
        assert set(contents(server.imap, "INBOX")[1]) == set(kept)
