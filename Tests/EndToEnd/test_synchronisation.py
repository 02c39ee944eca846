"""An OK means that the change is on disk: in a trace of martletd's system calls, fdatasync of the write-ahead log
returns before the OK is written, for APPEND, STORE, COPY, EXPUNGE and deliveries, also of commands in flight together."""

import pytest

from martlet import DataDirectory, PASSWORD, USER, running, scratch
from messages import made
from wire import IMAP, LMTP
import witness

WAL = "accounts/1.db-wal"
RIGHT = f"""\
7 read(31<socket:[1]>, "c0 UID STORE 1 +FLAGS (x)\\r\\n", 2048) = 41
8 pwrite64(29</data/{WAL}>, "\\0\\0", 24, 94792) = 24
8 fdatasync(29</data/{WAL}> <unfinished ...>
7 write(9<anon_inode:[eventfd]>, "\\1\\0", 8) = 8
8 <... fdatasync resumed>) = 0
7 write(31<socket:[1]>, "* 1 FETCH (UID 1 FLAGS (x))\\r\\nc0 OK STORE completed.\\r\\n", 24) = 24
""".splitlines()
ANSWER_FIRST = [*RIGHT[:4], RIGHT[5], RIGHT[4]]
NEVER_SYNCED = [*RIGHT[:2], RIGHT[3], RIGHT[5]]
SYNCED_BEFORE_WRITTEN = [RIGHT[0], RIGHT[2], RIGHT[4], RIGHT[1], RIGHT[5]]
SYNC_FAILED = [line.replace("= 0", "= -1 EIO (Input/output error)") for line in RIGHT]
OTHER_FILE = [line.replace("fdatasync(29</data/accounts/1", "fdatasync(29</data/accounts/2") for line in RIGHT]


@pytest.mark.parametrize("lines, is_early", [
    (RIGHT, False), (ANSWER_FIRST, True), (NEVER_SYNCED, True), (SYNCED_BEFORE_WRITTEN, True), (SYNC_FAILED, True),
    (OTHER_FILE, True),
], ids=["right", "answer first", "never synced", "synced before written", "sync failed", "other file"])
def test_the_judge(lines, is_early):
    found = witness.calls(lines)
    pairs = witness.commands(found, "c", 1)
    assert len(pairs) == 1
    assert bool(witness.early(found, pairs, suffix="-wal")) is is_early


def send_together(client, tag, lines, first=0):
    """Commands in one piece, tagged from TAGfirst on, then all their replies."""
    client.send(b"".join(f"{tag}{first + at} {line}\r\n".encode() for at, line in enumerate(lines)))
    for at in range(len(lines)):
        while not (line := client.line()).startswith(f"{tag}{first + at} ".encode()):
            pass
        assert line.startswith(f"{tag}{first + at} OK".encode()), line


def change(server):
    """Changes of every kind; how many commands of each tag there were."""
    with IMAP(server.imap) as client, LMTP(server.lmtp) as deliverer:
        client.login(USER, PASSWORD)
        client.command("CREATE Other")
        for number in range(20):
            message = made(f"a{number}", size=500).decode("latin-1")
            send_together(client, "a", [f"APPEND Other {{{len(message)}+}}\r\n{message}"], first=number)
        client.command("SELECT Other")
        for number in range(20):
            send_together(client, "s", [f"UID STORE {number + 1} +FLAGS (\\Flagged)"], first=number)
        send_together(client, "p", [f"UID STORE {number + 1} +FLAGS (\\Answered)" for number in range(20)])
        send_together(client, "c", [f"UID COPY {number + 1} INBOX" for number in range(5)])
        send_together(client, "d", ["UID STORE 1:9 +FLAGS.SILENT (\\Deleted)"])
        send_together(client, "e", ["EXPUNGE"])
        for number in range(10):
            assert deliverer.deliver(made(f"l{number}", size=500), USER)[0][0] == 250
    return {"a": 20, "s": 20, "p": 20, "c": 5, "d": 1, "e": 1}


def test_every_acknowledged_change_was_synchronised():
    with scratch() as place:
        directory = DataDirectory.made(place / "data")
        with running(directory) as server:
            try:
                with witness.watched(lambda: [server.pid], place / "trace"):
                    counts = change(server)
            except witness.Unobservable as reason:
                pytest.skip(str(reason))
        lines = (place / "trace").read_text(errors="replace").splitlines()
    found = witness.calls(lines)
    for tag, count in counts.items():
        pairs = witness.commands(found, tag, count)
        assert len(pairs) == count, f"of {count} commands {tag} the trace shows {len(pairs)}"
        assert not witness.early(found, pairs, suffix=WAL), f"{tag}: {[lines[at] for _, at in pairs][:3]}"
    pairs = witness.deliveries(found)
    assert len(pairs) == 10
    assert not witness.early(found, pairs, suffix=WAL)
    # The same trace, as a server that does not synchronise would have left it.
    lazy = [call for call in found if call.name not in witness.SYNCS]
    assert len(witness.early(lazy, pairs, suffix=WAL)) == 10
