"""Clients that change mail at random and know what they may expect of it: one connection each, one state each.

A lane owns the mailboxes under its name, and its own messages in INBOX and Shared, where others work too. It has one
command under way at a time, or a few that were sent together and are answered in their order: so after a crash its
mail is in one of few states, the acknowledged one or one that unanswered commands made of it, each whole.
"""

import contextlib
import functools
import re

from expected import Append, Copy, Create, Delete, Deliver, Expunge, Message, Move, Rename, State, Store
from ledger import Violation
from martlet import DOMAIN
from messages import made
from wire import IMAP, LMTP, No

SHARED = ("INBOX", "Shared")
FLAGS = ("\\Seen", "\\Flagged", "\\Answered", "\\Draft", "$Forwarded", "Blue")
MOST_MESSAGES = 24
MOST_AT_ONCE = 3
GONE = (OSError, EOFError)


class Refused(Exception):
    """NO, or 4xx: nothing was done."""


def numbers(text):
    """3:5,9 as a list."""
    found = []
    for part in text.split(","):
        first, _, last = part.partition(":")
        step = 1 if int(last or first) >= int(first) else -1
        found += range(int(first), int(last or first) + step, step)
    return found


class Lane:
    # Seconds that it waits for an answer before it takes the server for gone.
    patience = 60

    def __init__(self, name, user, secret, chance, ledger):
        self.name, self.user, self.secret, self.chance, self.ledger = name, user, secret, chance, ledger
        self.state = State({name: {}} | {shared: {} for shared in SHARED})
        self.pending = []
        self.doubtful = []
        self.made = 0
        self.imap = self.lmtp = None
        self.selected = None
        self.validities = {}
        self.contents = {}
        self.history = None
        self.told = {}

    # The life of a lane

    def open(self, server):
        self.close()
        self.imap = IMAP(server.imap, timeout=self.patience)
        self.imap.login(self.user, self.secret)
        self.imap.command("ENABLE CONDSTORE")
        self.lmtp = LMTP(server.lmtp, timeout=self.patience)
        self.selected = None

    def close(self):
        for connection in (self.imap, self.lmtp):
            if connection:
                connection.socket.close()
        self.imap = self.lmtp = None

    def work(self, server, stop, *, refusable=False):
        """Works until `stop` or until the server is gone. `refusable`: that it says NO is no fault of it."""
        try:
            self.open(server)
            while not stop.is_set():
                try:
                    self.step()
                except Refused as refused:
                    if not refusable:
                        self.ledger.broken(f"{self.name}: refused though nothing was wrong: {refused}")
        except GONE as ended:
            self.ledger.write(self.name, "gone", how=repr(ended))
        except No as refused:
            if not refusable:
                self.ledger.broken(f"{self.name}: {refused}")
        except (AssertionError, ValueError) as problem:
            self.ledger.broken(f"{self.name}: {problem!r}")
        finally:
            self.close()

    def step(self):
        """One operation, or a few at once, chosen by chance."""
        operations = self.choose()
        if operations:
            self.perform(operations)
        elif self.state.count() > MOST_MESSAGES:
            self.learn()

    def learn(self):
        """The UIDs of what was delivered: LMTP does not say them, and without them nothing can be done with it."""
        for name, messages in self.state.mailboxes.items():
            if all(message.uid for message in messages.values()):
                continue
            self.select(name)
            reply = self.imap.command("UID FETCH 1:* (UID BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
            self.ledger.heeds_answers()
            # Each line by itself: others expunge meanwhile, and its number is soon another message's.
            for _, values in reply.untagged("FETCH"):
                row = {str(item).upper(): value for item, value in zip(values[::2], values[1::2])}
                found = re.search(rb"Message (\S+)", row.get("BODY[HEADER.FIELDS (SUBJECT)]", b""))
                mark = found.group(1).decode() if found else None
                if mark in messages:
                    messages[mark] = Message(messages[mark].flags, int(row["UID"]))
                    self.ledger.told_uid(self.user, self.validities[name], int(row["UID"]), mark)

    # What to do

    def own(self):
        return [name for name in self.state.mailboxes if name not in SHARED]

    def known(self, mailbox):
        return [mark for mark, message in self.state.mailboxes[mailbox].items() if message.uid is not None]

    def some(self, marks, most=4):
        return tuple(self.chance.sample(marks, self.chance.randint(1, min(most, len(marks))))) if marks else ()

    def choose(self):
        """A list of operations that may be sent together; empty when what chance said cannot be done."""
        weights = {self.append: 4, self.appends: 1, self.deliver: 3, self.copy: 2, self.move: 3, self.store: 4,
                   self.stores: 1, self.expunge: 4, self.create: 1, self.rename: 1, self.delete: 1}
        if self.state.count() > MOST_MESSAGES:
            weights = {self.move: 1, self.store: 1, self.expunge: 6, self.delete: 1}
        return self.chance.choices(list(weights), list(weights.values()))[0]()

    def any_mailbox(self):
        return self.chance.choice(list(self.state.mailboxes))

    def some_flags(self):
        return frozenset(self.chance.sample(FLAGS, self.chance.randint(0, 2)))

    def message(self, large=True):
        """The mark of a new one."""
        self.made += 1
        mark = f"{self.name}.{self.made}"
        size = self.chance.choice((0, 0, 0, 2_000, 30_000, 300_000) if large else (0, 2_000))
        self.contents[mark] = made(mark, size=size)
        self.ledger.sends(mark, self.contents[mark])
        return mark

    def append(self):
        return [Append(self.any_mailbox(), (self.message(),), self.some_flags())]

    def appends(self):
        if self.chance.random() < 0.5:
            return [Append(self.any_mailbox(), tuple(self.message() for _ in range(self.chance.randint(2, 4))))]
        mailbox = self.any_mailbox()
        return [Append(mailbox, (self.message(large=False),), self.some_flags()) for _ in range(3)]

    def deliver(self):
        return [Deliver(self.chance.choice(("INBOX", self.name)), (self.message(),))]

    def copy(self, kind=Copy):
        source, target = self.any_mailbox(), self.any_mailbox()
        marks = [mark for mark in self.known(source) if mark not in self.state.mailboxes[target]]
        marks = self.some(marks, most=8)
        return [kind(source, target, marks)] if marks and source != target else []

    def move(self):
        return self.copy(Move)

    def store(self):
        mailbox = self.any_mailbox()
        marks = self.some(self.known(mailbox), most=8)
        how = self.chance.choice(("+FLAGS", "-FLAGS", "FLAGS"))
        return [Store(mailbox, marks, how, self.some_flags() | {self.chance.choice(FLAGS)})] if marks else []

    def stores(self):
        mailbox = self.any_mailbox()
        return [Store(mailbox, marks, how, frozenset([self.chance.choice(FLAGS)]))
                for how in ("+FLAGS", "-FLAGS", "+FLAGS") for marks in [self.some(self.known(mailbox))] if marks]

    def expunge(self):
        """First \\Deleted, another time the expunge."""
        mailbox = self.any_mailbox()
        deleted = [mark for mark in self.known(mailbox)
                   if "\\Deleted" in self.state.mailboxes[mailbox][mark].flags]
        if deleted:
            return [Expunge(mailbox, tuple(deleted))]
        marks = self.some(self.known(mailbox), most=6)
        store = Store(mailbox, marks, "+FLAGS", frozenset(["\\Deleted"]))
        return [store, Expunge(mailbox, marks)] if marks else []

    def below(self):
        return [name for name in self.own() if name != self.name]

    def new_name(self):
        return self.chance.choice([f"{self.name}/{letter}" for letter in "abcd"
                                   if f"{self.name}/{letter}" not in self.state.mailboxes] or [None])

    def create(self):
        name = self.new_name()
        return [Create(name)] if name else []

    def rename(self):
        name, old = self.new_name(), self.below()
        return [Rename(self.chance.choice(old), name)] if name and old else []

    def delete(self):
        return [Delete(self.chance.choice(self.below()))] if self.below() else []

    # How it is done

    def perform(self, operations):
        """Sends all, takes the answers in order. What is not answered stays pending."""
        mailbox = getattr(operations[0], "source", None) or \
            (operations[0].mailbox if isinstance(operations[0], (Store, Expunge)) else None)
        if mailbox and self.selected != mailbox:
            self.select(mailbox)
        self.pending = list(operations)
        for operation in operations:
            sent = self.ledger.write(self.name, "intent", kind=type(operation).__name__, operation=vars(operation))
            if self.history:
                self.history.sends(operation, sent)
        if isinstance(operations[0], Deliver):
            return self.answered(operations[0], lambda: self.by_lmtp(operations[0]))
        tags = [self.imap.begin(*self.words(operation)) for operation in operations]
        refused = []
        for operation, tag in zip(operations, tags):
            try:
                self.answered(operation, lambda: self.by_imap(operation, tag))
            except Refused as problem:
                refused.append(problem)
        if refused:
            raise refused[0]

    def answered(self, operation, answer):
        """What is refused was not done, and what came after it was done without it."""
        try:
            uids = answer()
        except Refused as refused:
            self.pending.remove(operation)
            self.doubtful.append(operation)
            self.ledger.write(self.name, "refused", operation=vars(operation), answer=str(refused))
            raise
        self.state = operation.apply(self.state, uids)
        self.pending.remove(operation)
        told = self.ledger.write(self.name, "acked", kind=type(operation).__name__, uids=uids or {})
        if self.history:
            self.history.acknowledged(self.state, told)
        self.forget(operation)

    def forget(self, operation):
        for mark in getattr(operation, "marks", ()):
            self.contents.pop(mark, None)
        if isinstance(operation, (Rename, Delete)) and self.selected in vars(operation).values():
            self.selected = None

    def select(self, mailbox):
        reply = self.imap.attempt("SELECT", f'"{mailbox}"')
        self.ledger.heeds_answers()
        self.selected = None
        if reply.status != "OK":
            raise Refused(f"SELECT {mailbox}: {reply.status} {reply.text.decode()}")
        self.selected = mailbox
        validity, next_uid, modseq = (
            int(re.search(rb"\[%s (\d+)\]" % word, b"\n".join(reply.lines)).group(1))
            for word in (b"UIDVALIDITY", b"UIDNEXT", b"HIGHESTMODSEQ"))
        self.validities[mailbox] = validity
        self.in_order(validity, uid=next_uid - 1, modseq=modseq)

    def in_order(self, validity, *, uid=0, modseq=0):
        """What a client is told of a mailbox never goes back."""
        last_uid, last_modseq = self.told.get(validity, (0, 0))
        if uid and uid < last_uid or modseq and modseq < last_modseq:
            self.ledger.broken(f"{self.name} was told UID {last_uid} and modification sequence {last_modseq} of "
                               f"UIDVALIDITY {validity}, and then {uid} and {modseq}")
        self.told[validity] = max(uid, last_uid), max(modseq, last_modseq)

    def uid_set(self, mailbox, marks):
        return ",".join(str(uid) for uid in sorted(self.state.mailboxes[mailbox][mark].uid for mark in marks))

    def words(self, operation):
        """The command's parts, as wire.IMAP sends them."""
        match operation:
            case Append(mailbox, marks, flags):
                words = ["APPEND", f'"{mailbox}"']
                for mark in marks:
                    content = self.contents[mark]
                    words += [f"({' '.join(sorted(flags))})", b"{%d+}\r\n%s" % (len(content), content)]
                return words
            case Move(source, target, marks):
                return ["UID MOVE", self.uid_set(source, marks), f'"{target}"']
            case Copy(source, target, marks):
                return ["UID COPY", self.uid_set(source, marks), f'"{target}"']
            case Store(mailbox, marks, how, flags):
                return ["UID STORE", self.uid_set(mailbox, marks), how, f"({' '.join(sorted(flags))})"]
            case Expunge(mailbox, marks):
                return ["UID EXPUNGE", self.uid_set(mailbox, marks)]
            case Create(name) | Delete(name):
                return [type(operation).__name__.upper(), f'"{name}"']
            case Rename(old, new):
                return ["RENAME", f'"{old}"', f'"{new}"']

    def by_imap(self, operation, tag):
        """Waits for the answer. Gives {mark: UID} where the server says so."""
        self.imap.lines = []
        reply = self.imap.finish(tag)
        self.ledger.heeds_answers()
        if reply.status != "OK":
            said = f"{operation}: {reply.status} {reply.text.decode()}"
            if reply.status != "NO":
                raise Violation(said)
            raise Refused(said)
        self.heed(reply)
        return self.uids_of(operation, reply)

    def heed(self, reply):
        """A modification sequence that was told may not go back."""
        validity = self.validities.get(self.selected)
        said = b"\n".join([*reply.lines, reply.text])
        for modseq in map(int, re.findall(rb"MODSEQ \(?(\d+)\)?", said) if validity else ()):
            self.ledger.told_modseq(self.user, validity, modseq)
            self.told[validity] = self.told[validity][0], max(modseq, self.told[validity][1])

    def uids_of(self, operation, reply):
        marks = getattr(operation, "marks", ())
        if isinstance(operation, Append):
            validity, uids = re.match(r"APPENDUID (\d+) (\S+)", reply.code).groups()
        elif isinstance(operation, Copy):
            said = b"\n".join([*reply.lines, reply.text])
            found = re.search(rb"COPYUID (\d+) (\S+) ([\d:,]+)", said)
            if not found:
                raise Violation(f"{operation} without COPYUID: {said}")
            validity, sources, uids = (word.decode() for word in found.groups())
            by_uid = {self.state.mailboxes[operation.source][mark].uid: mark for mark in marks}
            if sorted(by_uid) != sorted(numbers(sources)):
                raise Violation(f"{operation} copied {sources}, not {sorted(by_uid)}")
            marks = [by_uid[uid] for uid in numbers(sources)]
        else:
            return None
        given = dict(zip(marks, numbers(uids), strict=True))
        # Its own commands are answered in their order, and what each puts there is newer than all before.
        self.in_order(int(validity), uid=min(given.values()))
        self.in_order(int(validity), uid=max(given.values()))
        for mark, uid in given.items():
            self.ledger.told_uid(self.user, int(validity), uid, mark)
        return given

    def by_lmtp(self, operation):
        mark, = operation.marks
        account, detail = self.user.split("@")[0], "" if operation.mailbox == "INBOX" else f"+{operation.mailbox}"
        for line, wanted in ((f"MAIL FROM:<{mark}@example.net>", 250), (f"RCPT TO:<{account}{detail}@{DOMAIN}>", 250),
                             ("DATA", 354)):
            self.taken(operation, self.lmtp.command(line), wanted)
        self.lmtp.socket.sendall(re.sub(rb"(^|\r\n)\.", rb"\1..", self.contents[mark]) + b".\r\n")
        answer = self.lmtp.reply()
        self.ledger.heeds_answers()
        self.taken(operation, answer, 250)

    def taken(self, operation, answer, wanted):
        code, text = answer
        if code == wanted:
            return
        if code // 100 == 4:
            if code == 421:
                raise EOFError(text)
            self.lmtp.command("RSET")
            raise Refused(f"{operation}: {code} {text}")
        raise Violation(f"{operation}: {code} {text}: mail that will be bounced")

    # After a crash

    def candidates(self, is_dead):
        """The states that may be there: unanswered commands are done in their order, each whole or not at all.

        What was refused was not done. But where the disk itself has died (`is_dead`), nobody could make sure of that:
        of what was refused one transaction may have reached it.
        """
        states = [self.state]
        for operation in self.pending:
            states.append(operation.apply(states[-1]))
        if is_dead:
            # A transaction holds no more of a lane's operations than it sends together.
            for first in range(len(self.doubtful)):
                for count in range(1, MOST_AT_ONCE + 1):
                    with contextlib.suppress(KeyError):
                        states.append(functools.reduce(
                            lambda state, operation: operation.apply(state), self.doubtful[first:first + count],
                            self.state))
        return states

    def is_own(self, mailbox):
        return mailbox == self.name or mailbox.startswith(f"{self.name}/")

    def own_part(self, found):
        """Of an account's mailboxes what this lane owns."""
        return {name: ({mark: message for mark, message in messages.items() if mark.startswith(f"{self.name}.")}
                       if name in SHARED else messages)
                for name, messages in found.items() if name in SHARED or self.is_own(name)}

    def settle(self, found, *, is_dead=False):
        """Takes what was found ({mailbox: {mark: Message}}) for the state, if it is one that may be.

        Gives the number of unanswered commands that turn out to be done.
        """
        mine = self.own_part(found)
        candidates = self.candidates(is_dead)
        differences = [state.differences(mine) for state in candidates]
        fitting = next((number for number, said in enumerate(differences) if not said), None)
        if fitting is None:
            best = min(range(len(differences)), key=lambda number: len(differences[number]))
            self.ledger.broken(f"{self.name}, unanswered {self.pending}, {best} of them done: "
                               + "; ".join(differences[best][:12]))
        self.state = State({name: {mark: Message(message.flags, message.uid) for mark, message in messages.items()}
                            for name, messages in mine.items()})
        self.pending, self.doubtful = [], []
        self.contents = {}
        return fitting or 0
