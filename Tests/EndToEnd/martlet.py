"""Both programs as a person runs them: a data directory made by the CLI, a server on free loopback ports."""

import contextlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MARTLET_BUILD", ROOT / ".build" / "release"))
MARTLETD = BUILD / "martletd"
MARTLET = BUILD / "martlet"
SHARED = pathlib.Path(os.environ.get("MARTLET_SHARED", ROOT.parent / "shared"))
POSTFIX = ROOT / ".build" / "tools" / "postfix"

DOMAIN = "example.org"
USER = "alice@example.org"
PASSWORD = "correct-horse-battery"


def free_port():
    """A TCP port that nobody listens on now, below those that the system gives to whoever connects: none of them can
    take it before the server does, or while that is down."""
    first = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split()[0])
    for _ in range(100):
        port = random.SystemRandom().randrange(min(10_000, first // 2), first)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError(f"no port below {first} is free")


def run(arguments, *, input=None, timeout=120, check=True, env=None, **options):
    """Runs a program to its end; with `check`, a status other than 0 fails the test and shows all it said."""
    if isinstance(input, str):
        input = input.encode()
    where = {"stdin": subprocess.DEVNULL} if input is None else {"input": input}
    done = subprocess.run(
        [str(argument) for argument in arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        timeout=timeout, env={**os.environ, "LC_ALL": "C.UTF-8", **(env or {})}, **where, **options)
    if check and done.returncode != 0:
        raise AssertionError(
            f"{arguments[0]} ended with {done.returncode}: {' '.join(map(str, arguments))}\n"
            f"stdout: {done.stdout.decode(errors='replace')}\nstderr: {done.stderr.decode(errors='replace')}")
    return done


class DataDirectory:
    """A data directory and the CLI on it."""

    def __init__(self, path):
        self.path = pathlib.Path(path)

    @classmethod
    def made(cls, path, *, users=(USER,), hostname="localhost"):
        directory = cls(path)
        directory.martlet("init", "--hostname", hostname)
        directory.martlet("domain", "add", DOMAIN)
        for user in users:
            directory.add_user(user)
        return directory

    def martlet(self, *arguments, input=None, check=True, timeout=120):
        """Runs `martlet` on this directory."""
        return run([MARTLET, *arguments], input=input, check=check, timeout=timeout,
                   env={"MARTLET_DATA": str(self.path)})

    def json(self, *arguments):
        """What `martlet … --json` prints, as values."""
        return json.loads(self.martlet(*arguments, "--json").stdout)

    def add_user(self, address, password=PASSWORD):
        self.martlet("user", "add", address, "--password-stdin", input=password + "\n")

    def check(self):
        """`martlet check` must find nothing."""
        done = self.martlet("check", check=False)
        assert done.returncode == 0, \
            f"martlet check: {done.returncode}\n{done.stdout.decode()}\n{done.stderr.decode()}"

    @property
    def certificate(self):
        return self.path / "tls" / "cert.pem"


class Server:
    """One martletd. Everything it says is kept in `log`; it is ended by its own process id."""

    def __init__(self, directory, *, plaintext="loopback", arguments=(), ports=None, wait=True, env=None,
                 prefix=(), supervise="never", log=None):
        """`log`: where its log goes instead of to `self.log`; what is on standard output always goes there."""
        self.directory = directory
        self.imap, self.imaps, self.lmtp = ports or (free_port(), free_port(), free_port())
        self.log = []
        self._ready = threading.Event()
        command = [
            *prefix, str(MARTLETD), "--data", str(directory.path), "--imap", f"127.0.0.1:{self.imap}",
            "--imaps", f"127.0.0.1:{self.imaps}", "--lmtp", f"127.0.0.1:{self.lmtp}",
            "--plaintext-login", plaintext, "--supervise", supervise,
            # The tests look at memory through /proc.
            *([] if os.geteuid() == 0 else ["--debuggable"]), *arguments]
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT if log is None else log,
            env={**os.environ, "LC_ALL": "C.UTF-8", **(env or {})})
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if wait:
            self.wait_ready()

    def _read(self):
        for line in self.process.stdout:
            text = line.decode(errors="replace").rstrip()
            self.log.append(text)
            if re.search(r"\bready\b", text):
                self._ready.set()
        self._ready.set()

    def wait_ready(self, timeout=60):
        assert self._ready.wait(timeout), "martletd was not ready in time:\n" + self.said()
        assert self.process.poll() is None or self.log, "martletd ended at once:\n" + self.said()
        if self.process.poll() is not None:
            raise AssertionError(f"martletd ended with {self.process.returncode}:\n{self.said()}")
        return self

    def said(self):
        return "\n".join(self.log[-80:])

    def logged(self, *words, count=1):
        """The lines of the log that have all the words, once there are so many: they come by a pipe and a thread."""
        def lines():
            return [line for line in self.log if all(word in line for word in words)]
        return wait_for(lambda: len(lines()) >= count and lines(), what=f"{count} of {words} in the log")

    @property
    def pid(self):
        return self.process.pid

    @property
    def certificate(self):
        return self.directory.certificate

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def stop(self, timeout=60):
        """SIGTERM; a server that drains ends with 0."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError("martletd did not end within "
                                 f"{timeout} s of SIGTERM:\n{self.said()}") from None
        self._reader.join(60)
        assert status == 0, f"martletd ended with {status}:\n{self.said()}"

    def kill(self):
        """What a power cut leaves of a process."""
        self.process.kill()
        self.process.wait()
        self._reader.join(60)

    def memory(self, field="VmRSS"):
        """A figure of /proc/PID/status in KiB."""
        for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1])
        raise KeyError(field)

    def reset_peak(self):
        """Lets VmHWM begin again from what is resident now."""
        pathlib.Path(f"/proc/{self.pid}/clear_refs").write_text("5")


@contextlib.contextmanager
def running(directory, **options):
    """A server that is stopped, and its directory checked, when the block ends."""
    server = Server(directory, **options)
    try:
        yield server
    except BaseException:
        print("martletd said:\n" + server.said())
        if server.process.poll() is None:
            server.kill()
        raise
    server.stop()
    directory.check()


@contextlib.contextmanager
def scratch(prefix="martlet-"):
    """A short path (Unix sockets have little room) that is gone afterwards."""
    path = pathlib.Path(tempfile.mkdtemp(prefix=prefix))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def wait_for_index(directory):
    """Until the search index has all mail: what is measured then is not the background's work."""
    def is_done():
        return all(row["indexed"] >= row["messages"] for row in directory.json("search-index", "status"))
    wait_for(is_done, what="the search index", every=0.2)


def best_of(measure, *, within, what, tries=6):
    """A claim about time on a machine that has other work too: one of some measurements must be within so many seconds.

    What the machine's other work adds to one of them it hardly adds to all; what the server itself takes is in each.
    """
    times = []
    while not times or times[-1] > within:
        assert len(times) < tries, f"{what} never took {within} s or less: {[round(time, 3) for time in times]}"
        times.append(measure())
    return times[-1]


def wait_for(condition, *, timeout=60, what="the condition", every=0.01):
    """Asks until it is true; the answer is given back. The timeout is for what never comes: it measures nothing."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come true within {timeout} s")
        time.sleep(every)
