"""What was expunged comes back, and what is purged is gone, while the server runs and clients look on."""

import re
import threading

from martlet import PASSWORD, USER, wait_for
from messages import made
from wire import IMAP


def logged_in(server, mailbox=None, *, enable=None):
    client = IMAP(server.imap)
    client.login(USER, PASSWORD)
    if enable:
        client.command("ENABLE", enable)
    if mailbox:
        client.command("SELECT", mailbox)
    return client


def fill(client, mailbox, marks):
    """Appends a message for each mark; gives their bytes."""
    sent = {mark: made(mark, size=300 * number) for number, mark in enumerate(marks)}
    for mark, message in sent.items():
        client.append(mailbox, message, flags="(\\Seen \\Flagged Kept)", date='"07-Feb-1994 21:52:25 -0800"')
    return sent


def expunge(client, numbers):
    client.command("STORE", numbers, "+FLAGS.SILENT (\\Deleted)")
    client.command("EXPUNGE")


def wait_to_be_told(client, count):
    """Until the server has seen what another process did (a few times a second it looks), and has told it."""
    wait_for(lambda: [count] in client.command("NOOP").untagged("EXISTS"), every=0.05, what=f"{count} EXISTS")


def contents(client):
    """What the selected mailbox holds: mark → the row of its FETCH."""
    rows = client.command("UID FETCH 1:* (UID FLAGS INTERNALDATE BODY.PEEK[])").fetches()
    return {re.search(rb"Subject: Message (\S+)", row["BODY[]"]).group(1).decode(): row for row in rows.values()}


def test_expunged_messages_come_back_before_the_clients_eyes(directory, server, alice):
    sent = fill(alice, "INBOX", ["one", "two", "three", "four"])
    alice.command("SELECT INBOX")
    with logged_in(server, "INBOX") as idler, logged_in(server, "INBOX", enable="QRESYNC") as syncing:
        expunge(alice, "2:3")
        syncing.command("NOOP")
        idler.command("NOOP")
        idler.idle()
        before = directory.json("message", "undelete", USER, "--dry-run")
        assert {row["messageID"] for row in before} == {"<two@example.net>", "<three@example.net>"}
        back = directory.json("message", "undelete", USER, "--mailbox", "INBOX", "--since", "1h")
        assert (back["messages"], back["copies"]) == (2, 0)
        # Nobody asked: the one who idles is told, the others hear of it with what they do next.
        while not (line := idler.line()).startswith(b"* 4 EXISTS"):
            assert line.startswith(b"* "), line
        idler.done()
        wait_to_be_told(syncing, 4)
        wait_to_be_told(alice, 4)
        found = contents(alice)
        assert set(found) == set(sent)
        for mark, row in found.items():
            assert row["BODY[]"] == sent[mark]
            assert {"\\Seen", "\\Flagged", "Kept"} <= set(row["FLAGS"]) and "\\Deleted" not in row["FLAGS"], row
            assert row["INTERNALDATE"] == b" 7-Feb-1994 21:52:25 -0800"
        # They are new messages: no UID is used twice (RFC 3501 §2.3.1.1).
        assert sorted(int(found[mark]["UID"]) for mark in ("two", "three")) == [5, 6]
        assert sorted(int(found[mark]["UID"]) for mark in ("one", "four")) == [1, 4]
    assert directory.json("message", "undelete", USER)["messages"] == 0
    expunge(alice, "1")
    one = directory.json("message", "undelete", USER, "--message-id", "one@example.net", "--into", "Archive")
    assert [(row["mailbox"], row["messages"]) for row in one["mailboxes"]] == [("Archive", 1)]
    alice.command("SELECT Archive")
    assert set(contents(alice)) == {"one"}


def test_a_message_of_which_there_is_a_copy_is_not_doubled(directory, alice):
    fill(alice, "INBOX", ["moved", "copied", "lost"])
    alice.command("SELECT INBOX")
    alice.command("MOVE 1 Trash")
    alice.command("COPY 1 Archive")
    expunge(alice, "1:2")
    back = directory.json("message", "undelete", USER)
    assert (back["messages"], back["copies"]) == (1, 1)
    wait_to_be_told(alice, 1)
    assert set(contents(alice)) == {"lost"}


def test_a_deleted_mailbox_comes_back_with_its_uids(directory, server, alice):
    alice.command("CREATE Lists/Swift")
    sent = fill(alice, "Lists/Swift", ["first", "second", "third"])
    alice.command("SELECT Lists/Swift")
    expunge(alice, "1")
    kept = {mark: row["UID"] for mark, row in contents(alice).items()}
    validity = alice.command("STATUS Lists/Swift (UIDVALIDITY)").untagged("STATUS")[0][1][1]
    alice.command("CLOSE")
    alice.command("DELETE Lists/Swift")
    assert alice.attempt("SELECT Lists/Swift").status == "NO"
    gone = directory.json("mailbox", "list", USER, "--deleted")
    assert [(row["mailbox"], row["messages"]) for row in gone] == [("Lists/Swift", 2)]
    assert directory.json("mailbox", "undelete", USER, "Lists/Swift")["messages"] == 2
    assert alice.command('LIST "" Lists/*').untagged("LIST"), "the mailbox is not in LIST"
    assert alice.command('LSUB "" Lists/*').untagged("LSUB"), "the mailbox is not subscribed"
    alice.command("SELECT Lists/Swift")
    found = contents(alice)
    assert {mark: row["UID"] for mark, row in found.items()} == kept
    assert all(row["BODY[]"] == sent[mark] for mark, row in found.items())
    again = alice.command("STATUS Lists/Swift (UIDVALIDITY)").untagged("STATUS")[0][1][1]
    assert again == validity
    # What was expunged before the mailbox went comes back by itself.
    assert directory.json("message", "undelete", USER, "--mailbox", "Lists/Swift")["messages"] == 1
    wait_to_be_told(alice, 3)
    assert set(contents(alice)) == set(sent)
    refused = directory.martlet("mailbox", "undelete", USER, "Lists/Swift", check=False)
    assert refused.returncode == 2 and b"Lists/Swift" in refused.stderr, refused


def test_a_purge_takes_what_is_expunged_and_nothing_else(directory, server, alice):
    """Others append, read and expunge while everything expunged is purged, again and again."""
    sent = fill(alice, "INBOX", [f"kept.{number}" for number in range(20)])
    alice.command("CREATE busy")
    stop, problems, lost = threading.Event(), [], []

    def work(lane):
        """Appends messages, reads them back, and expunges every other one."""
        try:
            with logged_in(server, "busy") as client:
                number = 0
                while not stop.is_set():
                    mark = f"busy.{lane}.{number}"
                    uid = client.append("busy", message := made(mark, size=5_000)).code.split()[2]
                    rows = client.command(f"UID FETCH {uid} BODY.PEEK[]").fetches().values()
                    assert [row["BODY[]"] for row in rows if "BODY[]" in row] == [message], mark
                    if number % 2:
                        client.command(f"UID STORE {uid} +FLAGS.SILENT (\\Deleted)")
                        client.command(f"UID EXPUNGE {uid}")
                        lost.append(mark)
                    number += 1
        except Exception as problem:
            problems.append(problem)

    workers = [threading.Thread(target=work, args=(lane,)) for lane in range(3)]
    for worker in workers:
        worker.start()
    purged = 0
    try:
        for _ in range(8):
            wanted = len(lost) + 10
            wait_for(lambda: len(lost) >= wanted or problems, timeout=60, what="messages to purge")
            purged += directory.json("message", "purge", USER, "--all", "--yes")["messages"]
    finally:
        stop.set()
        for worker in workers:
            worker.join(60)
    assert not problems, problems[0]
    purged += directory.json("message", "purge", USER, "--all", "--yes")["messages"]
    assert purged == len(lost), f"{purged} purged, {len(lost)} expunged"
    assert directory.json("message", "undelete", USER)["messages"] == 0
    alice.command("SELECT INBOX")
    found = contents(alice)
    assert {mark: row["BODY[]"] for mark, row in found.items()} == sent


def test_a_purge_asks_first(directory, alice):
    fill(alice, "INBOX", ["one"])
    alice.command("SELECT INBOX")
    expunge(alice, "1")
    refused = directory.martlet("message", "purge", USER, "--all", check=False)
    assert refused.returncode != 0 and b"--yes" in refused.stderr
    # Without an option only what is older than the time for which it is kept.
    assert directory.json("message", "purge", USER)["messages"] == 0
    assert directory.json("message", "undelete", USER)["messages"] == 1
