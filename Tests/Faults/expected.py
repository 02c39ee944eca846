"""What a client may expect: the state that its operations make of mailboxes and messages, as values."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Message:
    """A message in a mailbox. `uid` is None until somebody has said which it has."""

    flags: frozenset = frozenset()
    uid: int | None = None


class State:
    """{mailbox: {mark: Message}} of what one lane owns. Operations give a new one; a mark tells a message's content."""

    def __init__(self, mailboxes):
        self.mailboxes = mailboxes

    def copy(self):
        return State({name: dict(messages) for name, messages in self.mailboxes.items()})

    def count(self):
        return sum(map(len, self.mailboxes.values()))

    def differences(self, found):
        """In words, how what was found ({mailbox: {mark: Message}}) differs from this."""
        said = []
        for name in sorted(self.mailboxes.keys() | found.keys()):
            if name not in found or name not in self.mailboxes:
                said.append(f"mailbox {name} " + ("is missing" if name in self.mailboxes else "should not be there"))
                continue
            have, want = found[name], self.mailboxes[name]
            for mark in sorted(want.keys() | have.keys()):
                if mark not in have or mark not in want:
                    said.append(f"{mark} in {name} " + ("is missing" if mark in want else "should not be there"))
                    continue
                if want[mark].flags != have[mark].flags:
                    said.append(f"{mark} in {name} has {sorted(have[mark].flags)}, not {sorted(want[mark].flags)}")
                if want[mark].uid not in (None, have[mark].uid):
                    said.append(f"{mark} in {name} has UID {have[mark].uid}, not {want[mark].uid}")
        return said


@dataclasses.dataclass(frozen=True)
class Append:
    """One message, or several in one command (RFC 3502); also what LMTP delivers."""

    mailbox: str
    marks: tuple
    flags: frozenset = frozenset()

    def apply(self, state, uids=None):
        new = state.copy()
        for mark in self.marks:
            new.mailboxes[self.mailbox][mark] = Message(self.flags, (uids or {}).get(mark))
        return new


class Deliver(Append):
    """By LMTP: nobody says which UID it got."""


@dataclasses.dataclass(frozen=True)
class Copy:
    source: str
    target: str
    marks: tuple

    def apply(self, state, uids=None):
        new = state.copy()
        for mark in self.marks:
            message = new.mailboxes[self.source][mark]
            new.mailboxes[self.target][mark] = Message(message.flags, (uids or {}).get(mark))
        return new


@dataclasses.dataclass(frozen=True)
class Move(Copy):
    def apply(self, state, uids=None):
        new = super().apply(state, uids)
        for mark in self.marks:
            del new.mailboxes[self.source][mark]
        return new


@dataclasses.dataclass(frozen=True)
class Store:
    """`how` is +FLAGS, -FLAGS or FLAGS."""

    mailbox: str
    marks: tuple
    how: str
    flags: frozenset

    def apply(self, state, uids=None):
        new = state.copy()
        for mark in self.marks:
            message = new.mailboxes[self.mailbox][mark]
            flags = {"+FLAGS": message.flags | self.flags, "-FLAGS": message.flags - self.flags,
                     "FLAGS": self.flags}[self.how]
            new.mailboxes[self.mailbox][mark] = Message(flags, message.uid)
        return new


@dataclasses.dataclass(frozen=True)
class Expunge:
    """UID EXPUNGE: takes those that have \\Deleted."""

    mailbox: str
    marks: tuple

    def apply(self, state, uids=None):
        new = state.copy()
        for mark in self.marks:
            if "\\Deleted" in new.mailboxes[self.mailbox][mark].flags:
                del new.mailboxes[self.mailbox][mark]
        return new


@dataclasses.dataclass(frozen=True)
class Create:
    name: str

    def apply(self, state, uids=None):
        new = state.copy()
        new.mailboxes[self.name] = {}
        return new


@dataclasses.dataclass(frozen=True)
class Delete:
    name: str

    def apply(self, state, uids=None):
        new = state.copy()
        del new.mailboxes[self.name]
        return new


@dataclasses.dataclass(frozen=True)
class Rename:
    old: str
    new: str

    def apply(self, state, uids=None):
        new = state.copy()
        new.mailboxes[self.new] = new.mailboxes.pop(self.old)
        return new


@dataclasses.dataclass(frozen=True)
class Person:
    """An account's credentials: its main password, its app passwords' labels, TOTP off, pending or on."""

    password: str
    app_passwords: frozenset = frozenset()
    totp: str = "off"
    recovery_codes: int = 0


@dataclasses.dataclass(frozen=True)
class Change:
    """One run of the command line: what it sets."""

    verb: str
    to: dict = dataclasses.field(hash=False)

    def apply(self, person):
        return dataclasses.replace(person, **self.to)
