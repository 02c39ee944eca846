"""Mail moves in and out of a server with its dates, its flags and its folders, and never twice."""

import mailbox
import time

import pytest

from martlet import PASSWORD, USER
from messages import made
from wire import IMAP


def rows(server, name):
    with IMAP(server.imap) as client:
        client.login(USER, PASSWORD)
        client.command("EXAMINE", f'"{name}"')
        found = client.command("FETCH 1:* (FLAGS INTERNALDATE BODY.PEEK[])").fetches()
        return [row for _, row in sorted(found.items())]


def write_mbox(path, count):
    box = mailbox.mbox(path)
    for number in range(count):
        message = mailbox.mboxMessage(made(f"x{number}", body="From here on\n>From there\nend"))
        message.set_from("sender@example.net", time.gmtime(1_000_000_000 + number * 86400))
        message.set_flags("RO" if number % 2 else "O")
        box.add(message)
    box.flush()
    box.close()


def write_maildir(path, count):
    box = mailbox.Maildir(path)
    for number in range(count):
        message = mailbox.MaildirMessage(made(f"d{number}"))
        message.set_subdir("cur")
        message.set_flags("FS" if number % 2 else "")
        message.set_date(1_100_000_000 + number * 86400)
        box.add(message)
    folder = box.add_folder("Work.Old")
    folder.add(made("deep"))


def test_mbox_comes_in_once(directory, server, place):
    write_mbox(place / "in.mbox", 20)
    directory.martlet("message", "import", USER, place / "in.mbox")
    first = rows(server, "INBOX")
    assert len(first) == 20
    assert first[1]["INTERNALDATE"].startswith(b"10-Sep-2001") and first[0]["INTERNALDATE"].startswith(b" 9-Sep-2001")
    assert r"\Seen" in [str(flag) for flag in first[1]["FLAGS"]]
    assert r"\Seen" not in [str(flag) for flag in first[0]["FLAGS"]]
    assert b"\r\nFrom here on\r\n" in first[0]["BODY[]"]
    directory.martlet("message", "import", USER, place / "in.mbox")
    assert rows(server, "INBOX") == first


def test_maildir_comes_in_with_flags_and_folders(directory, server, place):
    write_maildir(place / "Maildir", 10)
    directory.martlet("message", "import", USER, place / "Maildir")
    inbox = rows(server, "INBOX")
    flags = {row["BODY[]"].split(b"Subject: ")[1].split(b"\r\n")[0]: {str(flag) for flag in row["FLAGS"]} for row in inbox}
    assert flags[b"Message d1"] >= {r"\Seen", r"\Flagged"} and r"\Seen" not in flags[b"Message d0"]
    assert any(row["INTERNALDATE"].startswith(b" 9-Nov-2004") or b"-Nov-2004" in row["INTERNALDATE"] for row in inbox)
    assert len(rows(server, "Work/Old")) == 1
    directory.martlet("message", "import", USER, place / "Maildir")
    assert len(rows(server, "INBOX")) == 10 and len(rows(server, "Work/Old")) == 1


@pytest.mark.parametrize("form", ["mbox", "maildir"])
def test_what_goes_out_comes_back(directory, server, place, form):
    write_maildir(place / "Maildir", 10)
    directory.martlet("message", "import", USER, place / "Maildir")
    directory.martlet("message", "export", USER, place / "out", "--format", form)
    directory.add_user("bob@example.org")
    source = place / "out"
    directory.martlet("message", "import", "bob@example.org", source)
    with IMAP(server.imap) as bob:
        bob.login("bob@example.org", PASSWORD)
        bob.command("EXAMINE INBOX")
        found = bob.command("FETCH 1:* (FLAGS INTERNALDATE BODY.PEEK[])").fetches()
        theirs = sorted((row["BODY[]"], row["INTERNALDATE"]) for row in found.values())
    assert theirs == sorted((row["BODY[]"], row["INTERNALDATE"]) for row in rows(server, "INBOX"))
