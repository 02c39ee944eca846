"""Case 160: after everything that people do with secrets, none of them is found where it could be read later."""

import base64
import pathlib
import re
import signal
import sqlite3
import subprocess

import pytest

from credentials import app_password, client_certificate, code, scram, turn_totp_on
from martlet import PASSWORD, USER, DataDirectory, Server, run, running, wait_for
from test_confinement import NOBODY, give_to_nobody, needs_root
from wire import IMAP

MAIN = "canary-Kestrel-7731-main"
NEXT = "canary-Merlin-5520-next"
WRONG = "canary-Hobby-9914-wrong"


def forms(secret):
    """How a secret could be written down: itself, in capitals, without dashes, in base64, in hex."""
    bare = re.sub("[- ]", "", secret)
    for text in {secret, bare, secret.upper(), bare.upper(), secret.lower(), bare.lower()}:
        yield text.encode()
        yield base64.b64encode(text.encode()).rstrip(b"=")[:-1]
        yield text.encode().hex().encode()


def of_totp(uri):
    """The same of a TOTP secret, whose bytes count too."""
    text = re.search(r"secret=([A-Z2-7]+)", uri).group(1)
    key = base64.b32decode(text)
    yield from (text.encode(), key, base64.b64encode(key).rstrip(b"=")[:-1], key.hex().encode())


def plain(user, password):
    return base64.b64encode(f"\0{user}\0{password}".encode()).decode()


def attempt(server, *words):
    with IMAP(server.imap) as client:
        return client.attempt(*words).status


def use(directory, server, place):
    """Every way to use a secret once; gives the byte strings that nobody may find, each with its name."""
    found = {}

    def secret(name, values):
        for value in values:
            found[value] = name
    for name, password in (("the main password", MAIN), ("a later main password", NEXT), ("a wrong password", WRONG)):
        secret(name, forms(password))
    assert attempt(server, f'LOGIN "{USER}" "{MAIN}"') == "OK"
    assert attempt(server, f'LOGIN "{USER}" "{WRONG}"') == "NO"
    assert attempt(server, "AUTHENTICATE", "PLAIN", plain(USER, WRONG)) == "NO"

    made = [app_password(directory, label=f"Device {number}") for number in range(3)]
    for identity, text in made:
        # The first five characters are the id, which is no secret.
        secret(f"app password {identity}", (form for form in forms(text) if len(form) > 5))
        secret(f"app password {identity}", forms(text.replace("-", "")[5:]))
        assert attempt(server, f'LOGIN "{USER}" "{text}"') == "OK"
        assert attempt(server, "AUTHENTICATE", "PLAIN", plain(USER, text)) == "OK"
        assert attempt(server, f'LOGIN "{text}" "{USER}"') == "NO", "typed in the wrong field"
    answer = scram(USER, made[0][1])
    with IMAP(server.imap) as client:
        tag = client.begin("AUTHENTICATE", "SCRAM-SHA-256", base64.b64encode(answer(b"").encode()).decode())
        for _ in range(2):
            challenge = base64.b64decode(client.expect_continuation(tag)[2:])
            client.send(base64.b64encode(answer(challenge).encode()) + b"\r\n")
        assert client.finish(tag).status == "OK"
    directory.martlet("app-password", "create", USER, "--label", "Telephone", "--png", str(place / "picture.png"),
                      "--mobileconfig", str(place / "profile.mobileconfig"))
    directory.martlet("app-password", "revoke", USER, made[2][0])
    assert attempt(server, f'LOGIN "{USER}" "{made[2][1]}"') == "NO"

    given_up = directory.json("totp", "enroll", USER)["uri"]
    secret("a TOTP secret that was offered", of_totp(given_up))
    uri = turn_totp_on(directory)
    secret("the TOTP secret", of_totp(uri))
    for _ in range(2):
        for text in directory.json("recovery-codes", "renew", USER)["codes"]:
            secret("a recovery code", forms(text))
    assert directory.martlet("totp", "confirm", USER, code(uri), check=False).returncode != 0
    directory.martlet("user", "passwd", USER, "--password-stdin", input=NEXT + "\n")
    assert attempt(server, f'LOGIN "{USER}" "{NEXT}"') == "NO"
    certificate, _ = client_certificate(place)
    directory.martlet("certificate-login", "add", USER, str(certificate))
    for words in (("login", "explain", USER), ("login", "history", USER), ("audit",), ("user", "show", USER)):
        secret_free(found, {" ".join(words): directory.martlet(*words, "--json").stdout})
    return found


def files(directory):
    """All that is in the data directory, but the keys that are kept outside the database for that very reason."""
    return {
        str(path.relative_to(directory.path)): path.read_bytes() for path in directory.path.rglob("*")
        if path.is_file() and path.relative_to(directory.path).parts[0] not in ("keys", "tls")}


def keys(directory):
    """The keys themselves: of sealing and of TLS, as they lie in their files and as base64 writes them."""
    found = {}
    for path in (path for folder in ("keys", "tls") for path in (directory.path / folder).rglob("*") if path.is_file()):
        text = path.read_bytes()
        if path.parent.name == "tls" and b"PRIVATE KEY" not in text:
            continue
        lines = [line for line in text.splitlines() if len(line) >= 24 and b"-----" not in line]
        for value in [*lines, text] if b"PRIVATE KEY" in text else [text, text.strip()]:
            found[value] = f"the key {path.name}"
            found[base64.b64encode(value).rstrip(b"=")[:-1]] = f"the key {path.name} in base64"
            found[value.hex().encode()] = f"the key {path.name} in hex"
    assert found, "there are keys"
    return found


def secret_free(secrets, texts):
    leaks = {(name, where) for where, text in texts.items() for value, name in secrets.items() if value in text}
    assert not leaks, f"found in plain: {sorted(leaks)}"


def test_no_secret_is_found_in_database_log_or_backup(place):
    directory = DataDirectory(place / "data")
    directory.martlet("init", "--hostname", "localhost")
    directory.martlet("domain", "add", "example.org")
    directory.add_user(USER, MAIN)
    with running(directory, env={"MARTLET_LOG_LEVEL": "trace"}) as server:
        secrets = use(directory, server, place) | keys(directory)
        open_files = files(directory)
        assert any(name.endswith("-wal") for name in open_files), "the write-ahead log is looked at too"
        secret_free(secrets, open_files)
        with sqlite3.connect(directory.path / "directory.db") as database:
            database.execute("VACUUM INTO ?", [str(place / "backup.db")])
        secret_free(secrets, {"a backup": (place / "backup.db").read_bytes()})
        memory = pathlib.Path(f"/proc/{server.pid}/cmdline").read_bytes() + \
            pathlib.Path(f"/proc/{server.pid}/environ").read_bytes()
        secret_free(secrets, {"the process's command line and environment": memory})
    secret_free(secrets, files(directory))
    secret_free(secrets, {"the log": "\n".join(server.log).encode()})
    assert len(secrets) > 200
    # The search itself can find: the same bytes in a file of ours.
    (place / "leak").write_bytes(b"..." + next(iter(secrets)) + b"...")
    run(["grep", "-q", "-a", "-F", next(iter(secrets)).decode("latin-1"), place / "leak"])


def asleep(prefix):
    """A process that does nothing, once it does nothing."""
    process = subprocess.Popen([*prefix, "sleep", "60"])
    wait_for(lambda: pathlib.Path(f"/proc/{process.pid}/comm").read_text() == "sleep\n", what="a process that sleeps")
    return process


@needs_root
def test_memory_is_nobodys_to_look_at_case_160(directory):
    """Case 160: what the kernel shows of a process is not shown to others of the same user."""
    give_to_nobody(directory)
    with running(directory) as server:
        assert attempt(server, f'LOGIN "{USER}" "{PASSWORD}"') == "OK"
        same_user = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        for name in ("environ", "mem", "maps", "fd/0"):
            done = run([*same_user, "head", "-c", "1", f"/proc/{server.pid}/{name}"], check=False)
            assert done.returncode != 0 and done.stdout == b"", name
        # The same look at a process that hides nothing.
        with asleep(same_user) as other:
            done = run([*same_user, "head", "-c", "1", f"/proc/{other.pid}/maps"], check=False)
            other.kill()
        assert done.returncode == 0, done.stderr


@needs_root
def test_a_crash_leaves_no_memory_behind_case_160(directory, place):
    """Case 160: a server that is killed by a trap, where cores may be as large as they like, leaves none."""
    cores = place / "cores"
    cores.mkdir(mode=0o777)
    freely = ("env", "--chdir", str(cores), "prlimit", "--core=unlimited:unlimited", "--")
    with asleep(freely) as other:
        other.send_signal(signal.SIGSEGV)
    if not list(cores.iterdir()):
        pytest.skip("this machine leaves cores elsewhere, or none")
    for core in cores.iterdir():
        core.unlink()
    server = Server(directory, prefix=freely, arguments=("--sandbox", "never"))
    assert attempt(server, f'LOGIN "{USER}" "{PASSWORD}"') == "OK"
    server.process.send_signal(signal.SIGSEGV)
    server.process.wait(60)
    assert not list(cores.iterdir())
    for name, text in files(directory).items():
        assert PASSWORD.encode() not in text, name
