"""The questions that martlet asks at a terminal: no echo, and the terminal given back, however a question ends."""

import os
import pty
import select
import signal
import termios
import time

import pytest

from martlet import MARTLET, USER

NEW = "a password that is long enough"


class Terminal:
    """martlet on a terminal of its own."""

    def __init__(self, directory, *arguments):
        self.said = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            environment = {**os.environ, "MARTLET_DATA": str(directory.path), "LC_ALL": "C.UTF-8"}
            os.execve(MARTLET, [str(MARTLET), *arguments], environment)
        self.before = self.flags()

    def flags(self):
        return termios.tcgetattr(self.fd)[3]

    def read(self, until=None, timeout=60):
        """What it says, up to and including `until`; to its end when that is None."""
        end = time.monotonic() + timeout
        while until is None or until not in self.said:
            assert time.monotonic() < end, self.said
            if not select.select([self.fd], [], [], 0.5)[0]:
                continue
            try:
                piece = os.read(self.fd, 4096)
            except OSError:
                break
            if not piece:
                break
            self.said += piece
        assert until is None or until in self.said, self.said

    def type(self, text):
        os.write(self.fd, text.encode())

    def wait_for_silence(self):
        """Until echo is off."""
        end = time.monotonic() + 60
        while self.flags() & termios.ECHO:
            assert time.monotonic() < end, "the echo is still on"
            time.sleep(0.01)

    def end(self):
        """The exit status, negative for a signal; the terminal must be as it was."""
        self.settle()
        assert self.flags() == self.before, "the terminal is not as it was"
        status = os.waitpid(self.pid, 0)[1]
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status)

    def settle(self):
        """The terminal goes with its last process: its settings are read while that process is a zombie."""
        os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)


def ask(directory):
    terminal = Terminal(directory, "user", "passwd", USER)
    terminal.read(b"New password")
    terminal.wait_for_silence()
    return terminal


def test_a_password_is_asked_without_echo(directory):
    terminal = ask(directory)
    terminal.type(NEW + "\n")
    terminal.read(b"same again")
    terminal.wait_for_silence()
    terminal.type(NEW + "\n")
    terminal.read(b"set.")
    assert terminal.end() == 0
    assert NEW.encode() not in terminal.said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_gives_the_terminal_back(directory, number):
    """Case 162."""
    before = directory.martlet("user", "show", USER).stdout
    terminal = ask(directory)
    if number == signal.SIGINT:
        terminal.type("half a pass\x03")
    else:
        os.kill(terminal.pid, number)
    assert terminal.end() == -number
    assert directory.martlet("user", "show", USER).stdout == before


@pytest.mark.parametrize("typed", ["\x04", "\n", "short\n"])
def test_no_password_changes_nothing(directory, typed):
    terminal = ask(directory)
    terminal.type(typed)
    terminal.read(b"martlet: ")
    assert terminal.end() == 1


@pytest.mark.parametrize("answer,status", [("no\n", 1), ("y\n", 1), ("\x04", 1), ("yes\n", 0)])
def test_removal_is_confirmed(directory, answer, status):
    terminal = Terminal(directory, "user", "remove", USER)
    terminal.read(b"Type yes")
    terminal.type(answer)
    assert terminal.end() == status
    assert directory.martlet("user", "show", USER, check=False).returncode == (2 if status == 0 else 0)


def test_without_a_terminal_nothing_is_asked(directory):
    for arguments in [("user", "passwd", USER), ("user", "remove", USER), ("user", "add", "x@example.org", "--prompt")]:
        done = directory.martlet(*arguments, input="yes\n", check=False)
        assert done.returncode == 64 and done.stderr
    assert len(directory.json("user", "list")) == 1
