"""Large mailboxes made quickly, a client that counts instead of reading, and watchers of what others feel meanwhile."""

import contextlib
import socket
import threading
import time

from martlet import PASSWORD, USER
from wire import IMAP

WORDS = ("meadow", "lantern", "harbour", "copper", "willow", "thunder", "marble", "saddle", "orchid", "velvet")


def small(number):
    """One of many small messages that are all different, each with a word of its own."""
    words = " ".join(WORDS[(number // 10 ** place + place) % 10] for place in range(4))
    text = "\r\n".join([words] * 8 + [f"needle{number:06d}"])
    return (f"From: Sender <sender@example.net>\r\nTo: Alice <alice@example.org>\r\nSubject: {words} {number}\r\n"
            f"Date: Sun, 22 Nov 2026 12:00:00 +0000\r\nMessage-ID: <load-{number}@example.net>\r\n"
            f"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n").encode()


def fill(port, mailbox, count, *, distinct=10_000):
    """A mailbox of `count` messages: `distinct` are sent, the others are copies of them, made by doubling."""
    with IMAP(port, timeout=600) as client:
        client.login(USER, PASSWORD)
        client.command("CREATE", mailbox)
        sent = min(count, distinct)
        for start in range(0, sent, 1_000):
            messages = [small(number) for number in range(start, min(start + 1_000, sent))]
            client.send(b"fill APPEND " + mailbox.encode())
            client.send(b"".join(b" {%d+}\r\n%s" % (len(message), message) for message in messages) + b"\r\n")
            line = client.line()
            while not line.startswith(b"fill "):
                line = client.line()
            assert line.startswith(b"fill OK"), line
        client.command("SELECT", mailbox)
        have = sent
        while have < count:
            more = min(have, count - have)
            client.command("COPY", f"1:{more}", mailbox)
            have += more
        client.command("CLOSE")


class Counting:
    """A connection whose replies are counted and thrown away, at the speed that is wanted."""

    def __init__(self, port, *, room=None, timeout=600):
        self.socket = socket.socket()
        if room:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        self.socket.settimeout(timeout)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.bytes = 0
        self.tail = b""
        self.until(b"* OK")
        self.command(f'LOGIN "{USER}" "{PASSWORD}"')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def read(self, size=1 << 18):
        data = self.socket.recv(size)
        if not data:
            raise EOFError("the server closed the connection")
        self.bytes += len(data)
        self.tail = (self.tail + data)[-4096:]

    def until(self, mark):
        """Reads until a whole last line begins with the mark; gives that line."""
        while True:
            line = self.tail[:-2].rpartition(b"\r\n")[2]
            if self.tail.endswith(b"\r\n") and line.startswith(mark):
                return line
            self.read()

    def begin(self, command):
        self.bytes, self.tail = 0, b""
        self.socket.sendall(b"count " + command.encode() + b"\r\n")

    def finish(self):
        """The bytes of the reply."""
        line = self.until(b"count ")
        assert line.startswith(b"count OK"), line
        return self.bytes

    def command(self, command):
        self.begin(command)
        return self.finish()


def quantile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


class Others:
    """Sessions that ask small things all the time, on every event loop of the server, and note how long each took."""

    def __init__(self, port, mailbox, commands, *, sessions=4, pause=0.002, user=USER):
        self.times = []
        self.pause = pause
        self.commands = commands
        self.clients = []
        for _ in range(sessions):
            client = IMAP(port, timeout=600)
            client.login(user, PASSWORD)
            client.command("SELECT", mailbox)
            self.clients.append(client)
        self._over = threading.Event()
        self._failure = None

    def _run(self, client, times):
        try:
            turn = 0
            while not self._over.is_set():
                began = time.perf_counter()
                client.command(self.commands[turn % len(self.commands)])
                times.append(time.perf_counter() - began)
                turn += 1
                time.sleep(self.pause)
        except Exception as failure:  # noqa: BLE001 told at the end of the block
            self._failure = failure

    @contextlib.contextmanager
    def watching(self):
        """Their times while the block runs, in seconds."""
        self._over.clear()
        times = []
        threads = [threading.Thread(target=self._run, args=(client, times)) for client in self.clients]
        for thread in threads:
            thread.start()
        try:
            yield times
        finally:
            self._over.set()
            for thread in threads:
                thread.join()
        if self._failure:
            raise self._failure

    def close(self):
        for client in self.clients:
            client.close()
