"""The process above the server's: after a crash it is back, a crash loop is slowed down, and nobody is left over."""

import os
import pathlib
import pty
import signal
import socket
import time

import pytest

from martlet import MARTLETD, PASSWORD, USER, Server, free_port, run, wait_for
from messages import made
from wire import IMAP

TRAPS = [signal.SIGILL, signal.SIGTRAP, signal.SIGSEGV, signal.SIGABRT]


@pytest.fixture
def supervised(directory):
    server = Server(directory, supervise="always")
    yield server
    if server.process.poll() is None:
        server.stop()
    directory.check()


def child(pid):
    """The one child of a process, or None."""
    try:
        text = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    except FileNotFoundError:
        return None
    found = [int(word) for word in text.split()]
    assert len(found) <= 1, found
    return found[0] if found else None


def is_gone(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


def lets_in(server):
    try:
        with IMAP(server.imap, timeout=10) as client:
            client.login(USER, PASSWORD)
            return True
    except (OSError, EOFError):
        return False


def crashes(server):
    return [line for line in server.log if 'msg="the server crashed"' in line]


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.name)
def test_a_crashed_server_is_back_case_194(supervised, trap):
    """Case 194: mail that was acknowledged is there, the crash is told in one line with its cause."""
    with IMAP(supervised.imap) as client:
        client.login(USER, PASSWORD)
        client.append("INBOX", made("before"))
        worker = child(supervised.pid)
        began = time.monotonic()
        os.kill(worker, trap)
        wait_for(lambda: is_gone(worker), what="the end of the worker")
        wait_for(lambda: lets_in(supervised), what="a login after the crash")
        took = time.monotonic() - began
    print(f"{trap.name}: {took:.2f} s to the first login")
    assert child(supervised.pid) != worker
    line, = supervised.logged("the server crashed")
    assert f"cause={trap.name}" in line and f"pid={worker}" in line and 'starts-again="1 s"' in line, line
    with IMAP(supervised.imap) as client:
        client.login(USER, PASSWORD)
        client.command("SELECT INBOX")
        assert len(client.command("FETCH 1:* (UID)").fetches()) == 1
        client.append("INBOX", made("after"))
    assert len(crashes(supervised)) == 1
    assert pathlib.Path(f"/proc/{supervised.pid}/status").read_text(encoding="ascii").count("Threads:\t1\n") == 1


def test_killed_for_want_of_memory_case_192(supervised):
    """Case 192: what the kernel does then is SIGKILL."""
    worker = child(supervised.pid)
    os.kill(worker, signal.SIGKILL)
    wait_for(lambda: is_gone(worker), what="the end of the worker")
    wait_for(lambda: lets_in(supervised), what="a login after SIGKILL")
    assert supervised.logged("the server crashed", "cause=SIGKILL")


def test_a_crash_loop_is_slowed_down_case_194(supervised):
    """Case 194: each start after another crash waits twice as long, and SIGTERM ends that waiting."""
    for count, pause in enumerate((1, 2, 4), start=1):
        worker = wait_for(lambda: child(supervised.pid), what="a worker")
        os.kill(worker, signal.SIGSEGV)
        lines = supervised.logged("the server crashed", count=count)
        assert f'starts-again="{pause} s"' in lines[-1], lines
    assert child(supervised.pid) is None
    supervised.process.send_signal(signal.SIGTERM)
    assert supervised.process.wait(60) == 0
    assert len(crashes(supervised)) == 3


def test_sigterm_drains(supervised):
    with IMAP(supervised.imap) as client:
        client.login(USER, PASSWORD)
        worker = child(supervised.pid)
        supervised.process.send_signal(signal.SIGTERM)
        assert client.line().startswith(b"* BYE")
    assert supervised.process.wait(60) == 0 and is_gone(worker)
    assert not crashes(supervised)


def test_sighup_is_passed_on(supervised):
    supervised.reload()
    assert supervised.logged("the configuration was reloaded")
    assert len([line for line in supervised.log if "the configuration was reloaded" in line]) == 1


def test_nobody_is_left_when_the_supervisor_is_killed(directory, supervised):
    worker = child(supervised.pid)
    ports = (supervised.imap, supervised.imaps, supervised.lmtp)
    supervised.process.kill()
    supervised.process.wait()
    # A second start works at once, on the same directory and the same ports.
    again = Server(directory, supervise="always", ports=ports)
    assert is_gone(worker) and lets_in(again)
    again.stop()


def test_a_second_server_is_refused_case_164(directory, supervised):
    """Case 164."""
    second = run([MARTLETD, "--data", directory.path, "--imap", f"127.0.0.1:{free_port()}", "--imaps", "none",
                  "--lmtp", "none", "--supervise", "always"], check=False)
    assert second.returncode == 1
    assert b"another martletd is running on" in second.stderr and b"crashed" not in second.stderr, second.stderr
    assert lets_in(supervised)


def test_what_cannot_start_is_not_tried_again(directory):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = run([MARTLETD, "--data", directory.path, "--imap", f"127.0.0.1:{taken.getsockname()[1]}", "--imaps",
                    "none", "--lmtp", "none", "--supervise", "always"], check=False)
    assert done.returncode == 1 and done.stderr.count(b"the port is in use") == 1, done.stderr
    wrong = run([MARTLETD, "--data", directory.path, "--imap", "nonsense", "--supervise", "always"], check=False)
    assert wrong.returncode == 64, wrong.stderr


def test_control_c_ends_it_in_a_terminal(directory):
    """The terminal signals both processes; neither takes it twice."""
    port = free_port()
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(MARTLETD, [str(MARTLETD), "--data", str(directory.path), "--imap", f"127.0.0.1:{port}", "--imaps",
                            "none", "--lmtp", "none", "--plaintext-login", "loopback", "--supervise", "always"])
    try:
        said = b""
        while b"ready" not in said:
            said += os.read(terminal, 4_096)
        with IMAP(port) as client:
            client.login(USER, PASSWORD)
            worker = child(pid)
            os.write(terminal, b"\x03")
            assert client.line().startswith(b"* BYE")
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        assert is_gone(worker)
    finally:
        os.close(terminal)


@pytest.mark.parametrize("environment, expected", [
    ({}, True), ({"NOTIFY_SOCKET": "/nonexistent"}, False), ({"INVOCATION_ID": "0" * 32}, True)])
def test_it_is_there_unless_somebody_else_watches(directory, environment, expected):
    server = Server(directory, supervise="auto", env=environment)
    assert (child(server.pid) is not None) == expected
    server.stop()


def test_what_a_supervisor_costs_at_the_start(directory):
    """A fork: printed beside a start without one, and judged only by its being some start at all."""
    def start(supervise):
        began = time.monotonic()
        server = Server(directory, supervise=supervise)
        took = time.monotonic() - began
        server.stop()
        return took
    times = {supervise: sorted(start(supervise) for _ in range(7))[3] for supervise in ("never", "always")}
    print({supervise: f"{1e3 * took:.0f} ms" for supervise, took in times.items()})
    assert times["always"] < times["never"] + 1


def test_case_168_nothing_is_open_in_the_supervisor(directory, supervised):
    """Case 168: the one process that forks has no database, no lock and no socket open, before and afterwards."""
    open_files = [os.readlink(f"/proc/{supervised.pid}/fd/{name}") for name in os.listdir(f"/proc/{supervised.pid}/fd")]
    assert not [path for path in open_files if str(directory.path) in path or path.startswith("socket:")], open_files
