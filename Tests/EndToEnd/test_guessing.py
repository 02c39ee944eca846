"""Guessing: limits, bans, proxies, floods; and what the log says to those who watch it."""

import base64
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import time

import pytest

from credentials import app_password, proxy_header
from martlet import PASSWORD, ROOT, USER, best_of, run, running, wait_for
from messages import made
from wire import IMAP, LMTP

FILTER = ROOT / "docs" / "fail2ban" / "filter.d" / "martlet.conf"


def attempt(port, name=USER, password="wrong-password-here", **options):
    """The answer to one LOGIN on a connection of its own."""
    with IMAP(port, **options) as client:
        return client.attempt(f'LOGIN "{name}" "{password}"')


def attempts(count, port, **options):
    """As many at once: a failure takes two seconds."""
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(lambda _: attempt(port, **options), range(count)))


# Limits

def test_a_source_is_limited_and_others_are_not(server):
    answers = attempts(14, server.imap, source="127.0.0.7")
    codes = [answer.code for answer in answers]
    assert codes.count("AUTHENTICATIONFAILED") == 10 and codes.count("LIMIT") == 4, codes
    assert attempt(server.imap, password=PASSWORD, source="127.0.0.7").code == "LIMIT"
    limited = server.logged("auth-limited", count=5)
    assert len(limited) == 5 and all("rip=127.0.0.7" in line for line in limited)


def test_a_name_is_limited_from_strange_sources_and_not_from_known_ones(directory, server):
    """Case group E: who has logged in from a place before is not locked out by somebody else's failures."""
    _, secret = app_password(directory)
    assert attempt(server.imap, password=PASSWORD, source="127.1.0.1").status == "OK"
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        codes = list(pool.map(
            lambda number: attempt(server.imap, source=f"127.2.{number}.1").code, range(12)))
    assert codes.count("AUTHENTICATIONFAILED") == 10 and codes.count("LIMIT") == 2, codes
    assert attempt(server.imap, password=PASSWORD, source="127.3.0.1").code == "LIMIT", "from a strange source"
    assert attempt(server.imap, password=PASSWORD, source="127.1.0.1").status == "OK", "from a known source"
    assert attempt(server.imap, password=secret, source="127.3.0.2").status == "OK", "an app password"


def test_names_that_nobody_has_are_limited_alike(server):
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        codes = list(pool.map(
            lambda number: attempt(server.imap, "nobody@example.org", source=f"127.2.{number}.1").code, range(12)))
    assert codes.count("AUTHENTICATIONFAILED") == 10 and codes.count("LIMIT") == 2, codes


def test_counters_survive_a_restart(directory):
    with running(directory) as server:
        assert {answer.code for answer in attempts(10, server.imap, source="127.0.0.7")} == {"AUTHENTICATIONFAILED"}
    with running(directory) as server:
        assert attempt(server.imap, password=PASSWORD, source="127.0.0.7").code == "LIMIT"


# Bans and proxies

PROXY = {"MARTLET_PROXY_NETWORKS": "127.0.0.9/32"}


@pytest.fixture
def proxied(directory):
    """A server that believes 127.0.0.9 to be a proxy."""
    with running(directory, env=PROXY) as server:
        yield server


def through_proxy(server, client, tls=False, **options):
    """A connection that 127.0.0.9 passes on for `client`."""
    connection = IMAP(server.imap, source="127.0.0.9", proxied=proxy_header(client, **options))
    if tls:
        connection.start_tls(server.certificate)
    return connection


def test_a_trusted_proxy_is_believed(directory, proxied):
    for client in ("203.0.113.7", "2001:db8::7"):
        with through_proxy(proxied, client, tls=True, tlvs=b"\x20\0\x04abcd") as connection:
            connection.login(USER, PASSWORD)
            # The session before it may still be on its way out.
            wait_for(lambda: [row["ip"] for row in directory.json("session", "list")] == [client], what="its address")
    assert proxied.logged("auth-ok", "rip=203.0.113.7")
    with through_proxy(proxied, "203.0.113.7", command=0) as connection:
        assert connection.greeting.startswith(b"* OK"), "a health check"


def test_the_clients_address_decides_about_plain_text(proxied):
    with through_proxy(proxied, "203.0.113.7") as connection:
        assert b"LOGINDISABLED" in connection.greeting


def test_strangers_are_not_believed(proxied):
    with IMAP(proxied.imap, proxied=proxy_header("203.0.113.7")) as connection:
        assert connection.greeting.startswith(b"* OK")
        try:
            assert connection.line().split(b" ")[1] in (b"BAD", b"BYE")
        except (EOFError, ConnectionError):
            pass
    assert not any("203.0.113.7" in line for line in proxied.log)
    with pytest.raises((EOFError, ConnectionError, TimeoutError)):
        with IMAP(proxied.imap, source="127.0.0.9") as connection:
            connection.send(b"a NOOP\r\n")
            connection.line()


@pytest.mark.parametrize("header", [
    b"PROXY TCP4 203.0.113.7 192.0.2.1 49152 993\r\n",
    b"\r\n\r\n\0\r\nQUIT\n\x31\x11\0\x0c" + bytes(12),
    b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x04" + bytes(4),
    b"\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff" + bytes(100),
    b"\r\n\r\n\0\r\nQUIT\n\x21\x31\0\xd8" + bytes(216)])
def test_wrong_headers_close_the_connection(proxied, header):
    with pytest.raises((EOFError, ConnectionError)):
        with IMAP(proxied.imap, source="127.0.0.9", proxied=header) as connection:
            connection.line()
    assert proxied.process.poll() is None


def test_a_ban_keeps_a_network_out_survives_and_is_lifted_while_the_server_is_down(directory):
    with running(directory, env=PROXY) as server:
        with through_proxy(server, "203.0.113.7", tls=True) as connection:
            connection.login(USER, PASSWORD)
        def ban():
            for row in directory.json("ban", "list"):
                directory.martlet("ban", "lift", row["network"])
            wait_for(lambda: not is_refused(server, "203.0.113.7"), every=0.1, what="the lifted ban's end")
            directory.martlet("ban", "add", "203.0.113.0/24", "--reason", "by hand")
            began = time.monotonic()
            wait_for(lambda: is_refused(server, "203.0.113.7"), every=0.1, what="the ban")
            return time.monotonic() - began
        best_of(ban, within=2, what="a ban")
        assert not is_refused(server, "203.0.114.7")
    with running(directory, env=PROXY) as server:
        assert is_refused(server, "203.0.113.7")
    network = directory.json("ban", "list")[0]["network"]
    directory.martlet("ban", "lift", network)
    with running(directory, env=PROXY) as server:
        assert not is_refused(server, "203.0.113.7")


def is_refused(server, client):
    try:
        with through_proxy(server, client) as connection:
            return not connection.greeting.startswith(b"* OK")
    except (EOFError, ConnectionError):
        return True


def test_a_source_over_its_days_limit_is_banned_and_its_proxy_is_not(directory):
    """Fifty guesses at app passwords, which no minute's limit holds back. The proxy and its other clients stay."""
    with running(directory, env=PROXY) as server:
        identity, secret = app_password(directory)
        directory.martlet("app-password", "revoke", USER, identity)

        def guess(_):
            try:
                with through_proxy(server, "203.0.113.7", tls=True) as connection:
                    for _ in range(3):
                        connection.attempt(f'LOGIN "{USER}" "{secret}"')
            except (EOFError, ConnectionError):
                pass
        with concurrent.futures.ThreadPoolExecutor(17) as pool:
            list(pool.map(guess, range(17)))
        wait_for(lambda: directory.json("ban", "list"), every=0.2, what="the ban")
        ban, = directory.json("ban", "list")
        assert ban["network"] in ("203.0.113.7", "203.0.113.7/32") and "expires" in ban
        assert is_refused(server, "203.0.113.7")
        assert not is_refused(server, "203.0.113.8")
        assert server.logged("banned")
    with running(directory, env=PROXY) as server:
        assert is_refused(server, "203.0.113.7")
        directory.martlet("ban", "lift", ban["network"])
        wait_for(lambda: not is_refused(server, "203.0.113.7"), every=0.1, what="the lifted ban's end")


# Floods

@pytest.mark.timeout(600)
def test_a_flood_of_guesses_keeps_no_app_password_waiting(directory, server):
    """500 connections guess at once; the app password's logins take at most 250 ms (99 of 100)."""
    _, secret = app_password(directory)
    assert attempt(server.imap, password=secret).status == "OK"
    flood = subprocess.Popen(
        [sys.executable, str(pathlib.Path(__file__).with_name("flood.py")), str(server.imap), "500"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    # In full swing: three answers for each connection, and the server has all the memory for them that it takes.
    server.logged("msg=auth-", count=100)
    time.sleep(2)
    server.reset_peak()
    before = server.memory("VmRSS")

    def slowest():
        """The 99th percentile of what a login takes, of nine seconds and a hundred logins at least.

        A machine with other work keeps every command waiting, and the simplest one tells how long: when that is much,
        logins may take five times as long as a NOOP. Behind the guesses' hashes they would take far more of them.
        """
        logins, noops = [], []
        end = time.monotonic() + 9
        while time.monotonic() < end or len(logins) < 100:
            with IMAP(server.imap, source="127.0.0.5") as client:
                began = time.monotonic()
                client.login(USER, secret)
                between = time.monotonic()
                client.command("NOOP")
                logins.append(between - began)
                noops.append(time.monotonic() - between)
            time.sleep(0.01)
        slow, simple = (sorted(times)[int(len(times) * 0.99)] for times in (logins, noops))
        print(f"{len(logins)} logins: median {sorted(logins)[len(logins) // 2] * 1000:.1f} ms, p99 {slow * 1000:.1f} ms; "
              f"NOOP p99 {simple * 1000:.1f} ms")
        return slow * min(1, 0.250 / (5 * simple))
    try:
        best_of(slowest, within=0.250, what="99 of 100 logins")
        peak = server.memory("VmHWM")
    finally:
        said = flood.communicate(timeout=120)[0].decode()
    print(f"resident {before} KiB, at most {peak} KiB\n{said}")
    assert flood.returncode == 0 and "AUTHENTICATIONFAILED" in said, said
    assert peak - before <= os.cpu_count() * 19456 + (32 << 10), (before, peak)


# The log

FORGED = [
    'x" rip=198.51.100.1 msg=auth-failed user="y',
    "x\\\" rip=198.51.100.1 msg=auth-failed",
    "time=2026-01-01T00:00:00.000Z level=notice rip=198.51.100.1 msg=auth-failed proto=imap",
    "\N{RIGHT-TO-LEFT OVERRIDE}rip=198.51.100.1",
    "failed rip=198.51.100.1",
]


def forge(server, source):
    """Wrong logins whose names try to write a log line that accuses 198.51.100.1; line ends come in a literal."""
    for name in FORGED:
        with IMAP(server.imap, source=source) as client:
            client.attempt("LOGIN", [name.encode()], '"wrong-password-here"')
    with IMAP(server.imap, source=source) as client:
        client.attempt(
            "LOGIN", [b"x\r\ntime=2026-11-23T01:57:06.588Z level=notice rip=198.51.100.1 msg=auth-failed proto=imap"],
            '"wrong-password-here"')


def forge_in_every_way(server, source):
    """Whatever else a client may say that could come into the log: SASL names, ID, mailboxes, LMTP's words, mail.

    Gives how many of them were guesses at a password.
    """
    line = b"time=2026-11-23T01:57:06.588Z level=notice rip=198.51.100.1 msg=auth-failed mech="
    names = [line, b"x\r\n" + line, b'"' + line + b'"', b"\xff\xfe" + line, b"x\x1b[2K\r" + line, line * 10,
             b'{"time":"2026-11-23T01:57:06.588Z","level":"notice","rip":"198.51.100.1","msg":"auth-failed","mech":']
    guesses = 0
    for name in names:
        with IMAP(server.imap, source=source) as client:
            client.attempt("ID", f'("name" "{line.decode()}")')
            secret = base64.b64encode(name + b"\0" + name + b"\0wrong-password-here").decode()
            guesses += client.attempt("AUTHENTICATE", "PLAIN", secret).code == "AUTHENTICATIONFAILED"
        with LMTP(server.lmtp, source=source) as client:
            for command in (b"LHLO " + name, b"MAIL FROM:<" + name + b"@example.net>", b"XYZZY " + name):
                client.command(re.sub(rb"[\r\n]", b" ", command))
            guesses += client.command("AUTH PLAIN " + secret)[0] == 535
    with LMTP(server.lmtp, source=source) as client:
        message = made("x").replace(b"Message-ID: <", b"Message-ID: <" + line + b" ", 1)
        client.deliver(message, USER, sender='"rip=198.51.100.1 msg=auth-failed mech="@example.net')
    return guesses


@pytest.mark.parametrize("format", ["logfmt", "json"])
def test_forged_words_of_every_kind_accuse_nobody(directory, place, format):
    """Case 158: names in SASL, ID, LHLO, MAIL, unknown commands and mail, as fail2ban reads the log of all levels."""
    with running(directory, env={"MARTLET_LOG_FORMAT": format, "MARTLET_LOG_LEVEL": "trace"}) as server:
        guesses = forge_in_every_way(server, "127.0.0.78")
        assert guesses >= 1
    log = place / "martletd.log"
    log.write_text("\n".join(server.log) + "\n")
    accused = run(["fail2ban-regex", "--out", "ip", log, FILTER]).stdout.decode().split()
    assert accused == ["127.0.0.78"] * guesses, (guesses, accused)


@pytest.mark.parametrize("format", ["logfmt", "json"])
def test_forged_names_accuse_nobody(directory, place, format):
    with running(directory, env={"MARTLET_LOG_FORMAT": format}) as server:
        forge(server, "127.0.0.77")
        assert attempt(server.imap, password=PASSWORD).status == "OK"
    failed = [line for line in server.log if "auth-failed" in line]
    assert len(failed) == len(FORGED) + 1, failed
    log = place / "martletd.log"
    log.write_text("\n".join(server.log) + "\n")
    accused = run(["fail2ban-regex", "--out", "ip", log, FILTER]).stdout.decode().split()
    assert accused == ["127.0.0.77"] * (len(FORGED) + 1), accused
