"""What both programs say when they are called wrongly: the right exit status, a useful message, and nothing changed."""

import pathlib

import pytest

from martlet import DataDirectory, MARTLET, MARTLETD, PASSWORD, USER, run
from messages import made


@pytest.fixture
def untouched(directory):
    """The directory, whose content must be the same afterwards."""
    def facts():
        return [directory.json("domain", "list"), directory.json("user", "list"), directory.json("alias", "list")]
    before = facts()
    yield directory
    assert facts() == before
    directory.check()


MISTAKES = [
    (["frobnicate"], 64), (["user", "add"], 64), (["user", "add", USER, "--no-such-flag"], 64),
    (["user", "add", "no-at-sign", "--password-stdin"], 64), (["user", "add", "@example.org", "--password-stdin"], 64),
    (["user", "add", "a b@example.org", "--password-stdin"], 64), (["user", "add", USER, "--password-stdin"], 1),
    (["user", "add", "x@nowhere.example", "--password-stdin"], (1, 2)), (["user", "show", "nobody@example.org"], 2),
    (["user", "passwd", "nobody@example.org", "--password-stdin"], 2), (["user", "remove", "nobody@example.org"], 2),
    (["domain", "add", "example.org"], 1), (["domain", "add", "not a domain"], 64), (["domain", "remove", "other.example"], 2),
    (["domain", "remove", "example.org"], 1), (["alias", "remove", "info@example.org"], 2),
    (["alias", "add", "info@example.org", "nobody@example.org"], 2), (["mailbox", "list", "nobody@example.org"], 2),
    (["mailbox", "create", USER, "INBOX"], 1), (["mailbox", "create", USER, "a//b"], (1, 64)),
    (["mailbox", "remove", USER, "Nowhere"], 2), (["mailbox", "rename", USER, "Nowhere", "Else"], 2),
    (["message", "import", USER, "no-such-file.mbox"], (1, 2)), (["init", "--hostname", "localhost"], 1),
]


@pytest.mark.parametrize("arguments,status", MISTAKES, ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_martlet_refuses(untouched, arguments, status):
    done = untouched.martlet(*arguments, input="some-good-password\n", check=False)
    expected = status if isinstance(status, tuple) else (status,)
    assert done.returncode in expected, f"{done.returncode}: {(done.stdout + done.stderr).decode()}"
    assert done.stderr.strip(), "a refusal says why on standard error"


def test_a_short_password_is_refused(untouched):
    done = untouched.martlet("user", "add", "new@example.org", "--password-stdin", input="a\n", check=False)
    assert done.returncode in (1, 64) and done.stderr.strip()


def test_a_password_is_no_argument(untouched):
    done = untouched.martlet("user", "add", "new@example.org", "--password", "secret-enough", check=False)
    assert done.returncode == 64


def test_a_directory_that_is_none(place):
    nowhere = DataDirectory(place / "nowhere")
    done = nowhere.martlet("user", "list", check=False)
    assert done.returncode in (1, 2) and b"nowhere" in done.stderr


SERVER_MISTAKES = [
    ["--imap", "localhost"], ["--imap", "127.0.0.1:99999"], ["--imap", "127.0.0.1:x"], ["--plaintext-login", "maybe"],
    ["--frobnicate"], ["--lmtp", "unix:"],
]


@pytest.mark.parametrize("arguments", SERVER_MISTAKES, ids=" ".join)
def test_martletd_refuses(directory, arguments):
    done = run([MARTLETD, "--data", directory.path, *arguments], check=False)
    assert done.returncode == 64, f"{done.returncode}: {(done.stdout + done.stderr).decode()}"
    assert done.stderr.strip()


def test_martletd_without_its_directory(place):
    done = run([MARTLETD, "--data", place / "nowhere"], check=False)
    assert done.returncode in (1, 2, 64) and b"nowhere" in done.stderr + done.stdout


@pytest.mark.parametrize("line", ["no-such-key: 1", "imap: 12x", "plaintext-login: perhaps"])
def test_a_wrong_configuration_names_its_line(directory, line):
    settings = pathlib.Path(directory.path) / "martlet.yaml"
    text = (settings.read_text() if settings.exists() else "").rstrip() + "\n# a comment\n" + line + "\n"
    settings.write_text(text)
    number = str(len(text.splitlines()))
    done = run([MARTLETD, "--data", directory.path], check=False)
    assert done.returncode not in (0, None)
    assert number.encode() in done.stderr + done.stdout, (done.stderr + done.stdout).decode()
    checked = directory.martlet("config", "check", check=False)
    assert checked.returncode == 1 and number.encode() in checked.stderr + checked.stdout


def test_both_tell_their_version_and_help():
    for program in (MARTLETD, MARTLET):
        for flag in ("--help", "--version"):
            done = run([program, flag])
            assert done.stdout.strip()
