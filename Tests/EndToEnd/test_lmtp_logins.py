"""Logging in over LMTP, as submission will be: swaks and smtplib, with each mechanism, in TLS and in plain text."""

import smtplib

import pytest

from credentials import app_password, scram, spoilt, turn_totp_on
from martlet import PASSWORD, USER, run, running, wait_for
from messages import made
from wire import IMAP, LMTP, trusting


def swaks(server, mechanism, secret, *options):
    return run(["swaks", "--server", f"127.0.0.1:{server.lmtp}", "--protocol", "LMTP", "--auth", mechanism,
                "--auth-user", USER, "--auth-password", secret, "--from", "sender@example.net", "--to", USER,
                *options], check=False)


@pytest.mark.parametrize("tls", [[], ["--tls"]])
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_swaks(directory, server, mechanism, tls):
    _, secret = app_password(directory)
    for right in (PASSWORD, secret):
        done = swaks(server, mechanism, right, *tls)
        assert done.returncode == 0 and b"235 2.7.0" in done.stdout, done.stdout.decode(errors="replace")
    refused = swaks(server, mechanism, "wrong-password-here", *tls, "--quit-after", "AUTH")
    assert b"535 5.7.8" in refused.stdout, refused.stdout.decode(errors="replace")
    with IMAP(server.imap) as client:
        client.login(USER, PASSWORD)
        client.command("SELECT INBOX")
        text = client.command("FETCH 1 BODY.PEEK[HEADER.FIELDS (RECEIVED)]").fetches()[1]
        assert (b"with LMTPSA" if tls else b"with LMTPA") in b"".join(
            value for value in text.values() if isinstance(value, bytes))


def connected(server, *, tls=True):
    client = smtplib.LMTP("localhost", server.lmtp)
    if tls:
        client.starttls(context=trusting(server.certificate))
    client.ehlo_or_helo_if_needed()
    return client


def test_scram(directory, server):
    with connected(server) as client:
        assert "SCRAM" not in client.esmtp_features["auth"], "nobody has an app password yet"
    _, secret = app_password(directory)

    def is_offered():
        with connected(server) as client:
            return "SCRAM-SHA-256-PLUS" in client.esmtp_features["auth"]
    wait_for(is_offered, what="SCRAM to be offered")
    with connected(server) as client:
        answer = scram(USER, secret)
        assert client.auth("SCRAM-SHA-256", lambda challenge=None: answer(challenge or b""))[0] == 235
        client.sendmail("sender@example.net", [USER], made("after a login"))
    with connected(server) as client:
        answer = scram(USER, spoilt(secret))
        with pytest.raises(smtplib.SMTPAuthenticationError) as refused:
            client.auth("SCRAM-SHA-256", lambda challenge=None: answer(challenge or b""))
        assert refused.value.smtp_code == 535


def test_smtplib(directory, server):
    with connected(server) as client:
        client.login(USER, PASSWORD)
    _, imap_only = app_password(directory, USER, "--scope", "imap", label="no sending")
    with connected(server) as client:
        with pytest.raises(smtplib.SMTPAuthenticationError):
            client.login(USER, imap_only)
    turn_totp_on(directory)
    with connected(server) as client:
        with pytest.raises(smtplib.SMTPAuthenticationError) as refused:
            client.login(USER, PASSWORD)
        assert refused.value.smtp_code == 534 and b"5.7.9" in refused.value.smtp_error
        assert b"app password" in refused.value.smtp_error


def test_no_password_in_plain_text(directory):
    with running(directory, plaintext="never") as server:
        with LMTP(server.lmtp) as client:
            assert "AUTH" not in client.features[1] and "STARTTLS" in client.features[1]
            assert client.command("AUTH PLAIN AGEAYg==")[0] == 538
            assert client.deliver(made("without a login"), USER)[0][0] == 250
        with connected(server) as client:
            client.login(USER, PASSWORD)


def test_starttls_injection_case_1(server):
    """Case 1: what came in plain text behind STARTTLS is never answered inside TLS."""
    with LMTP(server.lmtp) as client:
        client.socket.sendall(b"STARTTLS\r\nNOOP\r\n")
        assert client.reply()[0] == 220
        client.socket = trusting(server.certificate).wrap_socket(client.socket, server_hostname="localhost")
        client.file = client.socket.makefile("rb")
        assert client.command("MAIL FROM:<>")[0] == 503
