"""Many connections at once that mean harm, as a program of its own: `crowd.py PORT COUNT KIND [USER PASSWORD]`.

KIND says what each of them does; with `tls-` before it, after a TLS handshake:
    slow       after the greeting, one byte of a command every ten seconds
    hello      one byte every ten seconds, of a TLS handshake or whatever comes first
    deaf       asks and asks, and reads nothing
    glutton    logs in, asks for all messages again and again, and reads nothing
    chatty     logs in, asks without end as fast as it is answered, and reads all of it
On standard output comes a line once they all stand, then `gone N of COUNT, lived A to B s` when the server has closed
them all or standard input ends. Each comes from one of many loopback addresses.
"""

import concurrent.futures
import os
import resource
import selectors
import socket
import ssl
import sys
import time

EVERY = 10
# What a slow one sends: a line that never ends. Of a handshake: the header of a record, and then more and more of it.
LINE = b"a LOGIN alice@example.org " + b"x" * 4_000
HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x07" * 500
QUESTIONS = {"deaf": b"q NOOP\r\n" * 8_000, "glutton": b"q FETCH 1:* (FLAGS BODY.PEEK[])\r\n" * 1_000,
             "chatty": b"q NOOP\r\n" * 2_000}
QUESTION = len(b"q NOOP\r\n")


def allow_descriptors(count):
    """As many as the system lets us have; too few for `count` end the program."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard < count + 64:
        sys.exit(f"this program may open {hard} files, too few for {count} connections")


def context():
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    return made


class Member:
    """One connection."""

    def __init__(self, port, number, kind, tls, login=()):
        self.kind = kind
        self.reads = kind not in ("deaf", "glutton")
        self.sent = 0
        self.end = None
        raw = socket.socket()
        raw.bind((f"127.{1 + number // 60_000}.{number // 250 % 240}.{1 + number % 250}", 0))
        raw.settimeout(60)
        if not self.reads:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        self.began = time.monotonic()
        raw.connect(("127.0.0.1", port))
        self.socket = tls.wrap_socket(raw) if tls else raw
        if kind != "hello":
            self.socket.recv(4_096)
        if kind in ("glutton", "chatty"):
            self.ask(b'a LOGIN "%s" "%s"\r\n' % tuple(word.encode() for word in login))
            self.ask(b"a SELECT INBOX\r\n")
        self.socket.setblocking(False)

    def ask(self, command):
        """Sends a command with the tag a and waits for its OK."""
        self.socket.sendall(command)
        said = b""
        while b"\r\na OK" not in b"\r\n" + said:
            more = self.socket.recv(4_096)
            if not more or b"\r\na NO" in b"\r\n" + said:
                raise ConnectionError(said)
            said += more

    def act(self):
        """Whatever is its nature, as far as it goes without waiting."""
        try:
            if self.kind == "chatty":
                # From the command on that was cut off last.
                self.sent += self.socket.send(QUESTIONS[self.kind][self.sent % QUESTION:])
                return
            if self.reads:
                text = LINE if self.kind == "slow" else HELLO
                self.socket.send(text[self.sent % len(text):][:1])
                self.sent += 1
                return
            for _ in range(64):
                self.sent += self.socket.send(QUESTIONS[self.kind])
        except (BlockingIOError, ssl.SSLWantWriteError):
            pass
        except OSError:
            self.note_end()

    def hear(self):
        """Throws away what has come, and notes the end."""
        try:
            while self.socket.recv(65_536):
                pass
            self.note_end()
        except (BlockingIOError, ssl.SSLWantReadError):
            pass
        except OSError:
            self.note_end()

    def look(self):
        """Notes the end of a connection that is never read: TCP_INFO's first byte is its state, 1 is established."""
        if self.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != 1:
            self.note_end()

    def note_end(self):
        if self.end is None:
            self.end = time.monotonic()


def gathered(port, count, kind, login):
    """All of them, each with its greeting."""
    tls = context() if kind.startswith("tls-") else None
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        return list(pool.map(
            lambda number: Member(port, number, kind.removeprefix("tls-"), tls, login), range(count)))


def stand(members):
    """Until the server has closed all of them, or standard input ends."""
    events = selectors.DefaultSelector()
    events.register(sys.stdin, selectors.EVENT_READ)
    standing = set(members)
    for member in members:
        if member.reads:
            talks = selectors.EVENT_WRITE if member.kind == "chatty" else 0
            events.register(member.socket, selectors.EVENT_READ | talks, member)
    due = time.monotonic()

    def leave(member):
        standing.discard(member)
        if member.reads:
            events.unregister(member.socket)
        member.socket.close()

    while standing:
        if time.monotonic() >= due:
            for member in list(standing):
                member.act()
                if not member.reads:
                    member.look()
                if member.end is not None:
                    leave(member)
            due = time.monotonic() + (EVERY if members[0].reads else 1)
        for key, ready in events.select(max(0, due - time.monotonic())):
            if key.data is None:
                return
            if key.data in standing:
                key.data.hear()
                if ready & selectors.EVENT_WRITE:
                    key.data.act()
                if key.data.end is not None:
                    leave(key.data)


def main():
    port, count, kind, login = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:]
    allow_descriptors(count)
    # The strangers' computers are not ours: their work must not slow the server down.
    os.nice(15)
    members = gathered(port, count, kind, login)
    print(f"{count} connections stand", flush=True)
    stand(members)
    lives = [member.end - member.began for member in members if member.end is not None]
    shortest, longest = min(lives, default=0), max(lives, default=0)
    print(f"gone {len(lives)} of {count}, lived {shortest:.1f} to {longest:.1f} s", flush=True)


main()
