"""The server as its operator sees it: TLS, sign-in policy, signals, locks, limits on memory."""

import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import threading
import time

import pytest

from martlet import DOMAIN, MARTLETD, PASSWORD, USER, Server, best_of, free_port, run, running, wait_for, wait_for_index
from messages import digest, made
from wire import IMAP, LMTP, No, trusting


# Before login

@pytest.fixture
def strict(directory):
    """A server with the default policy: no password in plain text."""
    with running(directory, plaintext="never") as server:
        yield server


def test_no_password_in_plain_text(strict):
    with IMAP(strict.imap) as client:
        assert b"LOGINDISABLED" in client.greeting
        capability = client.command("CAPABILITY").lines[0]
        assert b"LOGINDISABLED" in capability and b"AUTH=" not in capability and b"STARTTLS" in capability
        for words in (f"LOGIN {USER} {PASSWORD}", "AUTHENTICATE PLAIN AGEAYg=="):
            refused = client.attempt(words)
            assert (refused.status, refused.code) == ("NO", "PRIVACYREQUIRED")
        client.start_tls(strict.certificate)
        capability = client.command("CAPABILITY").lines[0]
        assert b"LOGINDISABLED" not in capability and b"AUTH=PLAIN" in capability and b"STARTTLS" not in capability
        client.login(USER, PASSWORD)


def test_wrong_password_says_nothing_more(server):
    answers = set()
    for user, password in ((USER, "wrong"), ("nobody@example.org", "wrong"), ("x@elsewhere.example", PASSWORD)):
        with IMAP(server.imap) as client:
            refused = client.attempt(f'LOGIN "{user}" "{password}"')
            answers.add((refused.status, refused.text))
    assert len(answers) == 1 and next(iter(answers))[1].startswith(b"[AUTHENTICATIONFAILED]"), answers


def test_starttls_injection_case_1(strict):
    """Case 1: what came in plain text behind STARTTLS is never answered inside TLS."""
    with IMAP(strict.imap) as client:
        client.send(b"a STARTTLS\r\nb NOOP\r\n")
        try:
            assert client.line().startswith(b"a OK"), "STARTTLS may be refused only by closing"
            raw = client.socket
            client.socket = trusting(strict.certificate).wrap_socket(raw, server_hostname="localhost")
        except (EOFError, ssl.SSLError, ConnectionError):
            return
        client.buffer = b""
        client.send(b"c NOOP\r\n")
        seen = client.line()
        assert seen.startswith(b"c "), f"the plain-text command was carried out: {seen!r}"


def test_openssl_finds_the_certificate_sound(server):
    trust = ["-CAfile", server.certificate, "-verify_return_error", "-verify_hostname", "localhost"]
    for where in (["-connect", f"127.0.0.1:{server.imaps}", "-alpn", "imap"],
                  ["-starttls", "imap", "-connect", f"127.0.0.1:{server.imap}"]):
        for version in ("-tls1_2", "-tls1_3"):
            done = run(["openssl", "s_client", version, *where, *trust], input=b"a LOGOUT\r\n", check=False)
            said = done.stdout.decode(errors="replace")
            assert "Verify return code: 0 (ok)" in said, said + done.stderr.decode(errors="replace")
    assert "ALPN protocol: imap" in run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{server.imaps}", "-alpn", "imap", *trust],
        input=b"a LOGOUT\r\n", check=False).stdout.decode(errors="replace")
    for version in ("-tls1", "-tls1_1"):
        refused = run(["openssl", "s_client", version, "-cipher", "ALL:@SECLEVEL=0", "-connect",
                       f"127.0.0.1:{server.imaps}"], input=b"a LOGOUT\r\n", check=False)
        assert b"Cipher is (NONE)" in refused.stdout or b"Cipher    : 0000" in refused.stdout


def test_sessions_are_resumed(server, place):
    ticket = place / "ticket"
    where = ["-connect", f"127.0.0.1:{server.imaps}", "-CAfile", server.certificate]
    for version in ("-tls1_2", "-tls1_3"):
        command = ["openssl", "s_client", version, "-ign_eof", *where]
        # To the server's close: what TLS says after the handshake has come by then.
        run([*command, "-sess_out", ticket], input=b"a CAPABILITY\r\nb LOGOUT\r\n")
        again = run([*command, "-sess_in", ticket], input=b"a CAPABILITY\r\nb LOGOUT\r\n")
        assert b"Reused, TLSv1" in again.stdout, version


@pytest.mark.timeout(600)
def test_testssl_finds_nothing_grave(server, place):
    found = place / "testssl.csv"
    run(["testssl", "--color", "0", "--quiet", "--warnings", "batch", "--ip", "one", "-p", "-s", "-f", "-U", "-S",
         "--csvfile", found, f"127.0.0.1:{server.imaps}"], check=False, timeout=580)
    rows = [re.findall(r'"([^"]*)"', line) for line in found.read_text().splitlines()[1:]]
    assert len(rows) > 30, found.read_text()
    accepted = {"cert_chain_of_trust", "cert_trust", "cert_revocation", "cert_crlDistributionPoints", "cert_ocspURL",
                "cert_expirationStatus", "cert_validityPeriod", "cert_caIssuers", "cert_certificatePolicies_EV",
                "cert_subjectAltName", "cert_commonName", "DNS_CAArecord"}
    grave = [row for row in rows if row[3] in ("MEDIUM", "HIGH", "CRITICAL") and row[0].split(" ")[0] not in accepted]
    assert not grave, grave


# Signals and locks

def test_ready_is_one_line(server):
    assert sum("ready" in line for line in server.log) == 1, server.said()


def test_sigterm_says_bye_to_sessions(directory):
    server = Server(directory)
    with IMAP(server.imap) as plain, IMAP(server.imaps, tls=server.certificate) as tls:
        for client in (plain, tls):
            client.login(USER, PASSWORD)
            client.command("SELECT INBOX")
        tls.idle()
        ending = threading.Thread(target=server.stop)
        ending.start()
        for client in (plain, tls):
            line = client.line()
            while not line.startswith(b"* BYE"):
                line = client.line()
            with pytest.raises((EOFError, ConnectionError)):
                while True:
                    client.more()
        ending.join()
    assert server.process.returncode == 0
    directory.check()


def test_sighup_keeps_sessions_and_takes_the_new_certificate(directory, server):
    with IMAP(server.imaps, tls=server.certificate) as client:
        client.login(USER, PASSWORD)
        client.command("SELECT INBOX")
        before = client.socket.getpeercert(binary_form=True)
        run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "9",
             "-keyout", directory.path / "tls" / "key.pem", "-out", directory.certificate, "-subj", "/CN=localhost",
             "-addext", "subjectAltName=DNS:localhost"])
        server.reload()

        def is_new():
            with IMAP(server.imaps, tls=directory.certificate) as other:
                return other.socket.getpeercert(binary_form=True) != before
        wait_for(lambda: attempt(is_new), what="the new certificate")
        client.command("NOOP")
        client.append("INBOX", made("after"))

        # A certificate that is broken changes nothing and is told once.
        directory.certificate.write_text("nonsense")
        server.reload()
        assert server.logged("certificate was not reloaded")
        with socket.create_connection(("127.0.0.1", server.imaps), timeout=10) as raw:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            with context.wrap_socket(raw) as other:
                assert other.getpeercert(binary_form=True) != before
        client.command("NOOP")
        assert server.process.poll() is None


def attempt(question):
    try:
        return question()
    except (OSError, EOFError):
        return False


def test_a_second_server_is_refused(directory, server):
    second = run([MARTLETD, "--data", directory.path, "--imap", f"127.0.0.1:{free_port()}", "--imaps",
                  f"127.0.0.1:{free_port()}", "--lmtp", f"127.0.0.1:{free_port()}"], check=False)
    assert second.returncode not in (0, 64)
    assert b"lock" in (second.stderr + second.stdout).lower() or b"another" in (second.stderr + second.stdout).lower()
    with IMAP(server.imap) as client:
        client.login(USER, PASSWORD)


def test_a_port_in_use_is_told(directory):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run([MARTLETD, "--data", directory.path, "--imap", f"127.0.0.1:{port}", "--imaps",
                    f"127.0.0.1:{free_port()}", "--lmtp", f"127.0.0.1:{free_port()}"], check=False)
    assert done.returncode != 0
    assert str(port).encode() in done.stderr + done.stdout


# The command line beside a running server

def test_a_session_sees_what_the_command_line_does(directory, server, alice, place):
    with IMAP(server.imap) as other:
        other.login(USER, PASSWORD)
        other.command("SELECT INBOX")
        path = place / "m.eml"
        path.write_bytes(made("imported"))

        def seen():
            return any(line.endswith(b"EXISTS") for line in other.command("NOOP").lines)

        def told():
            directory.martlet("message", "import", USER, path)
            began = time.monotonic()
            wait_for(seen, what="EXISTS after an import")
            return time.monotonic() - began
        best_of(told, within=1.5, what="EXISTS after an import")
    directory.martlet("mailbox", "create", USER, "Made/By hand")
    wait_for(lambda: b"Made/By hand" in b"".join(alice.command('LIST "" *').lines), what="the new mailbox")


def test_password_change_and_suspension_take_effect(directory, server):
    with IMAP(server.imap) as client:
        client.login(USER, PASSWORD)
        directory.martlet("user", "passwd", USER, "--password-stdin", input="another-good-password\n")

        def old_fails():
            with IMAP(server.imap) as other:
                return other.attempt(f'LOGIN "{USER}" "{PASSWORD}"').status == "NO"
        wait_for(old_fails, what="refusal of the old password")
        with IMAP(server.imap) as other:
            other.login(USER, "another-good-password")
            directory.martlet("user", "suspend", USER)

            def is_ended():
                try:
                    other.command("NOOP")
                    return False
                except (No, EOFError, ConnectionError, AssertionError):
                    return True
            wait_for(is_ended, what="the end of a suspended account's session")
    with LMTP(server.lmtp) as delivery:
        assert delivery.deliver(made("late"), USER)[0][0] in (250, 450, 451, 550)


# Memory

def test_an_append_of_64_mib_streams(directory, server, alice):
    """A whole 64 MiB message passes, and the search index looks at it, while the server grows by less than 8 MiB."""
    for warm in range(3):
        alice.append("INBOX", made(f"warm{warm}", size=1 << 20))
    head = made("large")[:-2].rstrip() + b"\r\n"
    line = b"0123456789abcdef" * 4 + b"\r\n"
    whole = head + line * (((64 << 20) - len(head)) // len(line))
    wait_for_index(directory)
    server.reset_peak()
    before = server.memory("VmRSS")
    alice.append("INBOX", whole)
    wait_for_index(directory)
    peak = server.memory("VmHWM")
    print(f"resident before {before} KiB, highest during the APPEND {peak} KiB")
    assert peak - before < 8 << 10, f"{before} KiB before, {peak} KiB at the peak"
    alice.command("SELECT INBOX")
    row = alice.command("FETCH 4 (RFC822.SIZE)").fetches()[4]
    assert int(row["RFC822.SIZE"]) == len(whole)
    server.reset_peak()
    before = server.memory("VmRSS")
    row = alice.command("FETCH 4 (BODY.PEEK[])").fetches()[4]
    peak = server.memory("VmHWM")
    print(f"resident before {before} KiB, highest during the FETCH {peak} KiB")
    assert digest(row["BODY[]"]) == digest(whole)
    assert peak - before < 8 << 10, f"{before} KiB before, {peak} KiB at the peak"
