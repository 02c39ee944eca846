"""A strict IMAP client of our own over a socket, and a reader of what comes back. It shares nothing with the server."""

import base64
import re
import socket
import ssl


class Atom(str):
    """A word that stood unquoted, so that NIL and "NIL" differ."""

    def __repr__(self):
        return str(self)


def read_values(data, at=0, *, closing=None):
    """Reads values until the end or a closing bracket: atoms, strings (bytes), lists, NIL (None).

    `data` is one logical line with its literals inside. Returns the values and where it stopped.
    """
    stack, values = [], []
    while at < len(data):
        byte = data[at:at + 1]
        if byte == b" ":
            at += 1
        elif byte == b"(":
            stack.append(values)
            values = []
            at += 1
        elif byte == b")":
            if not stack:
                if closing == b")":
                    return values, at + 1
                raise ValueError(f"a ) too many at {at}: {data[max(0, at - 60):at + 20]!r}")
            inner, values = values, stack.pop()
            values.append(inner)
            at += 1
        elif byte == b'"':
            text, at = read_quoted(data, at)
            values.append(text)
        elif byte == b"{":
            end = data.index(b"}\r\n", at)
            size = int(data[at + 1:end])
            start = end + 3
            if start + size > len(data):
                raise ValueError("a literal is shorter than it says")
            values.append(data[start:start + size])
            at = start + size
        else:
            word, at = read_atom(data, at)
            values.append(None if word.upper() == "NIL" else word)
    if stack:
        raise ValueError(f"a ( is never closed: {data[:200]!r}")
    return values, at


def read_quoted(data, at):
    """A quoted string: only \\ and " may be escaped, no line ends (RFC 3501 §9)."""
    text = bytearray()
    at += 1
    while True:
        byte = data[at:at + 1]
        if byte == b"":
            raise ValueError("a quoted string is never closed")
        if byte == b'"':
            return bytes(text), at + 1
        if byte == b"\\":
            at += 1
            byte = data[at:at + 1]
            if byte not in (b"\\", b'"'):
                raise ValueError(f"a backslash before {byte!r}")
        if byte in (b"\r", b"\n", b"\0"):
            raise ValueError(f"{byte!r} in a quoted string")
        text += byte
        at += 1


def read_atom(data, at):
    """An atom, or BODY[…]<…> whose brackets may hold blanks and lists."""
    start, depth = at, 0
    while at < len(data):
        byte = data[at:at + 1]
        if byte == b"[":
            depth += 1
        elif byte == b"]":
            depth -= 1
        elif byte == b'"' and depth:
            _, at = read_quoted(data, at)
            continue
        elif depth <= 0 and byte in b' ()"{':
            break
        at += 1
    if at == start:
        raise ValueError(f"nothing readable at {at}: {data[at:at + 20]!r}")
    return Atom(data[start:at].decode("latin-1")), at


class No(Exception):
    """The server answered NO or BAD."""


class Reply:
    """A tagged answer and what came before it."""

    def __init__(self, status, text, lines):
        self.status, self.text, self.lines = status, text, lines

    def __repr__(self):
        return f"{self.status} {self.text!r} after {self.lines!r}"

    @property
    def code(self):
        found = re.match(rb"\[([^\]]*)\]", self.text)
        return found and found.group(1).decode("latin-1")

    def untagged(self, name):
        """The rest of every `* NAME …` or `* n NAME …` line, as values."""
        found = []
        for line in self.lines:
            match = re.match(rb"\* (\d+ )?" + name.encode() + rb"(?: |$)", line, re.I)
            if match:
                number = [int(match.group(1))] if match.group(1) else []
                found.append(number + read_values(line, match.end())[0])
        return found

    def fetches(self):
        """Sequence number → {item: value}, later answers over earlier ones."""
        rows = {}
        for number, values in self.untagged("FETCH"):
            row = rows.setdefault(number, {})
            for name, value in zip(values[::2], values[1::2]):
                row[str(name).upper()] = value
        return rows

    def numbers(self, name="SEARCH"):
        """The numbers of `* SEARCH …`; there must be exactly one such line."""
        rows = self.untagged(name)
        assert len(rows) == 1, f"{len(rows)} {name} lines in {self!r}"
        return [int(word) for word in rows[0]]


class IMAP:
    """A connection. `command` sends, waits for the tag, and raises No unless the answer was OK."""

    def __init__(self, port, *, host="127.0.0.1", tls=None, timeout=60, greet=True, source=None, proxied=b""):
        """`source` is the address to connect from; `proxied` what a proxy says first."""
        self.socket = socket.create_connection((host, port), timeout=timeout, source_address=source and (source, 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(proxied)
        if tls:
            self.socket = trusting(tls).wrap_socket(self.socket, server_hostname="localhost")
        self.buffer = b""
        self.count = 0
        self.greeting = self.line() if greet else None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def more(self):
        data = self.socket.recv(262144)
        if not data:
            raise EOFError(f"the server closed; left over: {self.buffer[-200:]!r}")
        self.buffer += data

    def physical_line(self):
        at = 0
        while True:
            end = self.buffer.find(b"\r\n", at)
            if end >= 0:
                line, self.buffer = self.buffer[:end], self.buffer[end + 2:]
                assert b"\n" not in line and b"\r" not in line, f"a bare line end in {line[:300]!r}"
                return line
            at = max(0, len(self.buffer) - 1)
            self.more()

    def octets(self, count):
        pieces, have = [self.buffer], len(self.buffer)
        while have < count:
            data = self.socket.recv(min(1 << 20, count - have))
            if not data:
                raise EOFError("the server closed inside a literal")
            pieces.append(data)
            have += len(data)
        whole = b"".join(pieces)
        self.buffer = whole[count:]
        return whole[:count]

    def line(self):
        """One logical line, literals inside, without its line end."""
        whole = self.physical_line()
        while True:
            literal = re.search(rb"\{(\d+)\}$", whole)
            if not literal:
                return whole
            whole += b"\r\n" + self.octets(int(literal.group(1)))
            whole += self.physical_line()

    def send(self, data):
        self.socket.sendall(data)

    def begin(self, *parts):
        """Sends a command: str and bytes as they are, a one-element list as a literal that waits for the +."""
        self.count += 1
        tag = f"t{self.count}".encode()
        self.lines = []
        pending = tag
        for part in parts:
            if isinstance(part, list):
                self.send(pending + b" {%d}\r\n" % len(part[0]))
                self.expect_continuation(tag)
                pending = part[0]
            else:
                pending += b" " + (part.encode() if isinstance(part, str) else part)
        self.send(pending + b"\r\n")
        return tag

    def expect_continuation(self, tag):
        while True:
            line = self.line()
            if line.startswith(b"+ "):
                return line
            if line.startswith(tag + b" "):
                raise No(line)
            assert line.startswith(b"* "), line
            self.lines.append(line)

    def finish(self, tag):
        while True:
            line = self.line()
            if line.startswith(tag + b" "):
                status, _, text = line[len(tag) + 1:].partition(b" ")
                assert text, f"the text of a status answer may not be empty: {line!r}"
                return Reply(status.decode().upper(), text, self.lines)
            assert line.startswith(b"* ") or line.startswith(b"+ "), f"not an answer: {line[:200]!r}"
            self.lines.append(line)

    def attempt(self, *parts):
        """The answer, whatever it is."""
        try:
            return self.finish(self.begin(*parts))
        except No as refused:
            line = refused.args[0].split(b" ", 2)
            return Reply(line[1].decode().upper(), line[2], self.lines)

    def command(self, *parts):
        reply = self.attempt(*parts)
        if reply.status != "OK":
            raise No(f"{parts[0]!r}: {reply.status} {reply.text.decode(errors='replace')}")
        return reply

    def login(self, user, password):
        return self.command("LOGIN", f'"{user}"', f'"{password}"')

    def append(self, mailbox, message, flags="", date=""):
        words = [f'"{mailbox}"'] + ([flags] if flags else []) + ([date] if date else [])
        return self.command("APPEND", *words, [message])

    def start_tls(self, certificate):
        self.command("STARTTLS")
        assert self.buffer == b"", f"plain text after the OK: {self.buffer!r}"
        self.socket = trusting(certificate).wrap_socket(self.socket, server_hostname="localhost")

    def plain(self, user, password):
        """AUTHENTICATE PLAIN with its initial response (RFC 4959)."""
        secret = base64.b64encode(b"\0" + user.encode() + b"\0" + password.encode()).decode()
        return self.command("AUTHENTICATE", "PLAIN", secret)

    def idle(self):
        self.idle_tag = self.begin("IDLE")
        return self.expect_continuation(self.idle_tag)

    def done(self):
        self.send(b"DONE\r\n")
        return self.finish(self.idle_tag)


def trusting(certificate):
    """A TLS context that trusts this one certificate and checks the name; a context is one already."""
    if isinstance(certificate, ssl.SSLContext):
        return certificate
    context = ssl.create_default_context(cafile=str(certificate))
    context.verify_flags &= ~getattr(ssl, "VERIFY_X509_STRICT", 0)
    return context


class LMTP:
    """A plain LMTP conversation (RFC 2033)."""

    def __init__(self, port, timeout=60, source=None):
        self.socket = socket.create_connection(
            ("127.0.0.1", port), timeout=timeout, source_address=source and (source, 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")
        self.greeting = self.reply()
        self.features = self.command("LHLO localhost")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def reply(self):
        """(code, text), continuation lines joined."""
        text = []
        while True:
            line = self.file.readline()
            if not line:
                raise EOFError("the server closed")
            assert re.match(rb"\d{3}[ -]", line) and line.endswith(b"\r\n"), line
            text.append(line[4:-2].decode(errors="replace"))
            if line[3:4] == b" ":
                return int(line[:3]), "\n".join(text)

    def command(self, line):
        """Sends a line, as UTF-8 or as bytes."""
        self.socket.sendall((line.encode() if isinstance(line, str) else line) + b"\r\n")
        return self.reply()

    def deliver(self, message, *recipients, sender="sender@example.net"):
        """Sends one message; gives the answer of every recipient that was accepted."""
        code, text = self.command(f"MAIL FROM:<{sender}>")
        assert code == 250, text
        answers = [self.command(f"RCPT TO:<{recipient}>") for recipient in recipients]
        accepted = [answer for answer in answers if answer[0] == 250]
        if not accepted:
            self.command("RSET")
            return answers
        code, text = self.command("DATA")
        assert code == 354, text
        stuffed = re.sub(rb"(^|\r\n)\.", rb"\1..", message)
        self.socket.sendall(stuffed + (b"" if stuffed.endswith(b"\r\n") else b"\r\n") + b".\r\n")
        return [self.reply() for _ in accepted]
