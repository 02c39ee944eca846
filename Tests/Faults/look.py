"""What is there after a crash: every mailbox read over IMAP and held against the ledger."""

import dataclasses
import re

from expected import Message
from wire import IMAP

INITIAL = {"INBOX", "Drafts", "Sent", "Trash", "Junk", "Archive", "Shared"}


@dataclasses.dataclass
class Seen:
    """Contents that were compared already, by what names them for ever: (user, UIDVALIDITY, UID)."""

    whole: set = dataclasses.field(default_factory=set)


def number(lines, word):
    return int(re.search(rb"\[%s (\d+)\]" % word, lines).group(1))


def examine(client, user, name, ledger, seen):
    """{mark: Message} of a mailbox."""
    reply = client.command("EXAMINE", f'"{name}"')
    lines = b"\n".join(reply.lines)
    validity, exists = number(lines, b"UIDVALIDITY"), int(re.search(rb"\* (\d+) EXISTS", lines).group(1))
    ledger.found_mailbox(user, name, validity, number(lines, b"UIDNEXT"), number(lines, b"HIGHESTMODSEQ"))
    found = {}
    if not exists:
        return found
    rows = client.command("UID FETCH 1:* (UID FLAGS MODSEQ BODY.PEEK[HEADER.FIELDS (SUBJECT)])").fetches()
    if len(rows) != exists:
        ledger.broken(f"{name} ({user}) has {exists} messages and shows {len(rows)}")
    new = {}
    for row in rows.values():
        uid = int(row["UID"])
        mark = re.search(rb"Message (\S+)", row["BODY[HEADER.FIELDS (SUBJECT)]"]).group(1).decode()
        if mark in found:
            ledger.broken(f"{mark} is twice in {name} ({user}): UIDs {found[mark].uid} and {uid}")
        found[mark] = Message(frozenset(map(str, row["FLAGS"])) - {"\\Recent"}, uid)
        ledger.told_uid(user, validity, uid, mark)
        ledger.told_modseq(user, validity, int(row["MODSEQ"][0]))
        if (user, validity, uid) not in seen.whole:
            new[uid] = mark
    if new:
        compare(client, user, validity, new, ledger, seen)
    return found


def compare(client, user, validity, new, ledger, seen):
    """Reads these messages whole."""
    uids = ",".join(map(str, sorted(new)))
    for row in client.command("UID FETCH", uids, "(UID BODY.PEEK[])").fetches().values():
        ledger.found_content(new[int(row["UID"])], row["BODY[]"])
        seen.whole.add((user, validity, int(row["UID"])))


def look(port, user, secret, ledger, seen):
    """{mailbox: {mark: Message}} of an account."""
    with IMAP(port, timeout=60) as client:
        client.login(user, secret)
        names = [row[2] for row in client.command('LIST "" "*"').untagged("LIST")]
        names = [name.decode() if isinstance(name, bytes) else str(name) for name in names]
        return {name: examine(client, user, name, ledger, seen) for name in names}
