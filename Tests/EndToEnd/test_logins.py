"""Logging in with each mechanism and each credential, by clients that are not ours."""

import base64
import imaplib
import re
import socket
import time

import pytest

from credentials import app_password, client_certificate, scram, spoilt, turn_totp_on
from martlet import PASSWORD, USER, best_of, run, wait_for
from messages import made
from wire import IMAP, No, trusting


@pytest.fixture
def laptop(directory):
    """(id, secret) of an app password for everything."""
    return app_password(directory)


def curl(server, *options, user, port=None):
    """What curl says to `LIST`; curl chooses its mechanism by `--login-options`."""
    return run(["curl", "--silent", "--show-error", "--max-time", "30", "--cacert", server.certificate,
                *options, "--user", user, f"imaps://localhost:{port or server.imaps}/"], check=False)


def gsasl(server, mechanism, secret=None, *options, port=None):
    """GNU SASL's own client: it reads the greeting, starts TLS and authenticates."""
    words = ["-p", secret] if secret else []
    return run(["gsasl", "--imap", "--verbose", "-m", mechanism, "-a", USER, "-z", USER, *words,
                "--x509-ca-file", server.certificate, *options, "--connect", f"localhost:{port or server.imap}"],
               input=b"", check=False)


def mechanisms(client):
    capability, = client.command("CAPABILITY").untagged("CAPABILITY")
    return [str(word)[5:] for word in capability if str(word).startswith("AUTH=")]


# PLAIN and LOGIN

@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_curl_logs_in(laptop, server, mechanism):
    for secret in (PASSWORD, laptop[1]):
        done = curl(server, "--login-options", f"AUTH={mechanism}", user=f"{USER}:{secret}")
        assert done.returncode == 0 and b"INBOX" in done.stdout, done.stderr
    refused = curl(server, "--login-options", f"AUTH={mechanism}", user=f"{USER}:{spoilt(laptop[1])}")
    assert refused.returncode == 67, refused.stderr


def test_case_blanks_and_dashes_do_not_matter(laptop, server):
    secret = laptop[1]
    for spelling in (secret, secret.replace("-", ""), secret.upper(), secret.replace("-", " "),
                     secret.replace("1", "l").replace("0", "o")):
        with IMAP(server.imap) as client:
            client.login(USER, spelling)
        with IMAP(server.imap) as client:
            client.plain(USER, spelling)


def test_what_looks_like_an_app_password_is_not_tried_as_the_main_one(directory, laptop, server):
    other = directory.json("app-password", "create", USER, "--label", "gone")
    directory.martlet("app-password", "revoke", USER, other["id"])
    with IMAP(server.imap) as client:
        assert client.attempt(f"LOGIN {USER} {other['secret']}").code == "AUTHENTICATIONFAILED"
    line, = server.logged("auth-failed")
    assert "unknown-app-password" in line


def test_an_app_password_opens_its_account_alone(directory, laptop, server):
    directory.add_user("bob@example.org")
    with IMAP(server.imap) as client:
        assert client.attempt(f"LOGIN bob@example.org {laptop[1]}").code == "AUTHENTICATIONFAILED"


# SCRAM

def test_scram_by_scramp(laptop, server):
    secret = laptop[1]
    for spelling in (secret, secret.replace("-", "")):
        client = imaplib.IMAP4_SSL("localhost", server.imaps, ssl_context=trusting(server.certificate))
        assert client.authenticate("SCRAM-SHA-256", scram(USER, spelling))[0] == "OK"
        assert client.select("INBOX")[0] == "OK"
        client.logout()
    client = imaplib.IMAP4_SSL("localhost", server.imaps, ssl_context=trusting(server.certificate))
    with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
        client.authenticate("SCRAM-SHA-256", scram(USER, spoilt(secret)))
    client.shutdown()


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"])
def test_gsasl(laptop, server, mechanism):
    options = ["--no-cb"] if mechanism == "SCRAM-SHA-256" else []
    done = gsasl(server, mechanism, laptop[1], *options)
    said = (done.stdout + done.stderr).decode(errors="replace")
    assert done.returncode == 0 and "OK" in said, said
    line = server.logged("auth-ok")[0]
    assert f"mech={mechanism} " in line + " " and "app-password#" in line
    refused = gsasl(server, mechanism, spoilt(laptop[1]), *options)
    assert refused.returncode != 0


def test_scram_of_a_main_password_and_of_nobody_look_alike(laptop, server):
    """What the server says to a name before it knows the secret is the same for everybody, each time."""
    def first(name):
        with IMAP(server.imap) as client:
            initial = base64.b64encode(f"n,,n={name},r=abcdefgh".encode()).decode()
            tag = client.begin("AUTHENTICATE", "SCRAM-SHA-256", initial)
            said = base64.b64decode(client.expect_continuation(tag)[2:]).decode()
            salt, rounds = re.fullmatch(r"r=abcdefgh[^,]+,s=([^,]+),i=(\d+)", said).groups()
            return base64.b64decode(salt), rounds
    known, unknown = first(USER), first("nobody@example.org")
    assert (len(known[0]), known[1]) == (len(unknown[0]), unknown[1])
    assert first(USER) == known and first("nobody@example.org") == unknown
    assert first("nobody2@example.org") != unknown


# EXTERNAL

@pytest.fixture
def certificate(directory, server, place):
    """(id, certificate, key) of one that is enrolled, once the server asks for certificates."""
    certificate, key = client_certificate(place)
    made = directory.json("certificate-login", "add", USER, str(certificate), "--label", "Backup")

    def is_asked_for():
        with IMAP(server.imaps, tls=presenting(server, certificate, key)) as client:
            return "EXTERNAL" in mechanisms(client)
    wait_for(is_asked_for, every=0.1, what="EXTERNAL on offer")
    return made["id"], certificate, key


def presenting(server, certificate, key):
    context = trusting(server.certificate)
    context.load_cert_chain(certificate, key)
    return context


def test_external_by_python(directory, server, certificate):
    identity, pem, key = certificate
    with imaplib.IMAP4_SSL("localhost", server.imaps, ssl_context=presenting(server, pem, key)) as client:
        assert "AUTH=EXTERNAL" in client.capabilities
        assert client.authenticate("EXTERNAL", lambda _: USER)[0] == "OK"
        assert client.select("INBOX")[0] == "OK"
    client = imaplib.IMAP4("localhost", server.imap)
    client.starttls(presenting(server, pem, key))
    assert client.authenticate("EXTERNAL", lambda _: b"")[0] == "OK"
    directory.martlet("certificate-login", "remove", USER, identity[:16])
    # How soon that is, is told by the test of app passwords.
    with pytest.raises((imaplib.IMAP4.abort, OSError)):
        while True:
            client.noop()
            time.sleep(0.02)
    with imaplib.IMAP4_SSL("localhost", server.imaps, ssl_context=presenting(server, pem, key)) as client:
        with pytest.raises(imaplib.IMAP4.error):
            client.authenticate("EXTERNAL", lambda _: b"")


def test_external_by_curl_and_gsasl(server, certificate):
    _, pem, key = certificate
    done = curl(server, "--login-options", "AUTH=EXTERNAL", "--cert", pem, "--key", key, user=f"{USER}:")
    assert done.returncode == 0 and b"INBOX" in done.stdout, done.stderr
    done = gsasl(server, "EXTERNAL", None, "--x509-cert-file", str(pem), "--x509-key-file", str(key))
    assert done.returncode == 0, (done.stdout + done.stderr).decode(errors="replace")


def test_external_needs_the_enrolled_certificate(directory, server, certificate, place):
    pem, key = client_certificate(place, "stranger")
    with imaplib.IMAP4_SSL("localhost", server.imaps, ssl_context=presenting(server, pem, key)) as client:
        with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
            client.authenticate("EXTERNAL", lambda _: USER)
        client.login(USER, PASSWORD)
    with IMAP(server.imaps, tls=server.certificate) as client:
        assert "EXTERNAL" not in mechanisms(client)
        assert client.attempt("AUTHENTICATE", "EXTERNAL", "=").status == "NO"


def test_a_certificate_is_not_carried_over_by_resumption(server, certificate):
    """Case 11: a resumed TLS session brings the certificate of its first handshake or none, never somebody else's."""
    _, pem, key = certificate
    context = trusting(server.certificate)
    context.load_cert_chain(pem, key)
    with socket.create_connection(("127.0.0.1", server.imaps)) as raw:
        with context.wrap_socket(raw, server_hostname="localhost") as first:
            first.recv(1000)
            first.sendall(b"a NOOP\r\n")
            first.recv(1000)
            session = first.session
    with socket.create_connection(("127.0.0.1", server.imaps)) as raw:
        with context.wrap_socket(raw, server_hostname="localhost", session=session) as second:
            second.recv(1000)
            second.sendall(b"a AUTHENTICATE EXTERNAL =\r\n")
            assert second.recv(1000).split(b"\r\n")[-2].startswith((b"a OK", b"a NO"))


# What mechanisms are offered

def test_what_is_offered(directory, laptop, server):
    with IMAP(server.imaps, tls=server.certificate) as client:
        offered = mechanisms(client)
        assert {"PLAIN", "LOGIN", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"} <= set(offered)
        assert offered.index("SCRAM-SHA-256-PLUS") < offered.index("SCRAM-SHA-256") < offered.index("PLAIN")
    with IMAP(server.imap) as client:
        offered = mechanisms(client)
        assert "SCRAM-SHA-256-PLUS" not in offered and "EXTERNAL" not in offered and "PLAIN" in offered


# Limits of a credential

def test_a_read_only_app_password_changes_nothing(directory, server, alice, place):
    alice.append("INBOX", made("one"))
    alice.command("CREATE Other")
    _, secret = app_password(directory, USER, "--scope", "imap,read-only")
    with IMAP(server.imap) as client:
        client.login(USER, secret)
        selected = client.command("SELECT INBOX")
        assert selected.code == "READ-ONLY"
        client.command("FETCH 1 BODY[]")
        for words in ("STORE 1 +FLAGS (\\Deleted)", "COPY 1 Other", "MOVE 1 Other", "EXPUNGE", "CREATE New",
                      "DELETE Other", "RENAME Other Else", "UNSUBSCRIBE INBOX"):
            refused = client.attempt(words)
            assert refused.status == "NO", (words, refused)
        refused = client.attempt("APPEND", "INBOX", [made("two")])
        assert refused.status == "NO"
    alice.command("SELECT INBOX")
    rows = alice.command("FETCH 1:* (FLAGS)").fetches()
    assert len(rows) == 1 and "\\Seen" not in map(str, rows[1]["FLAGS"])
    names = b"".join(alice.command('LIST "" *').lines)
    assert b"Other" in names and b"New" not in names and b"Else" not in names


def test_scopes(directory, server):
    _, secret = app_password(directory, USER, "--scope", "smtp")
    with IMAP(server.imap) as client:
        assert client.attempt(f"LOGIN {USER} {secret}").code == "AUTHENTICATIONFAILED"


def test_expiry_ends_logins_and_sessions(directory, server):
    # As long as the machine needs to come to the login, and no longer.
    for lifetime in (3, 6, 12, 24):
        _, secret = app_password(directory, USER, "--expires", f"{lifetime}s")
        client = IMAP(server.imap)
        if client.attempt(f"LOGIN {USER} {secret}").status == "OK":
            break
    with client:
        with pytest.raises((EOFError, No, ConnectionError)):
            while True:
                client.command("NOOP")
                time.sleep(0.1)
        with IMAP(server.imap) as late:
            assert late.attempt(f"LOGIN {USER} {secret}").code == "AUTHENTICATIONFAILED"


def test_networks(directory, server):
    _, secret = app_password(directory, USER, "--from", "127.0.0.5/32", "--from", "2001:db8::/32")
    with IMAP(server.imap, source="127.0.0.5") as client:
        client.login(USER, secret)
    with IMAP(server.imap, source="127.0.0.6") as client:
        assert client.attempt(f"LOGIN {USER} {secret}").code == "AUTHENTICATIONFAILED"
    assert server.logged("outside-networks", "rip=127.0.0.6")


@pytest.mark.parametrize("idling", [False, True])
def test_revoking_ends_the_sessions_within_a_second(directory, server, idling):
    def revoke():
        identity, secret = app_password(directory, USER)
        with IMAP(server.imap) as living, IMAP(server.imap) as other:
            living.login(USER, secret)
            living.command("SELECT INBOX")
            other.login(USER, PASSWORD)
            if idling:
                living.idle()
            directory.martlet("app-password", "revoke", USER, identity)
            began = time.monotonic()
            with pytest.raises((EOFError, ConnectionError)):
                while True:
                    living.line()
            took = time.monotonic() - began
            other.command("NOOP")
            with IMAP(server.imap) as late:
                assert late.attempt(f"LOGIN {USER} {secret}").code == "AUTHENTICATIONFAILED"
        return took
    best_of(revoke, within=1.2, what="the end of a revoked session")


@pytest.mark.parametrize("change", [["user", "suspend", USER], ["totp", "reset", USER]])
def test_what_else_ends_sessions(directory, laptop, server, change):
    if change[0] == "totp":
        turn_totp_on(directory)
    with IMAP(server.imap) as living:
        living.login(USER, laptop[1])
        directory.martlet(*change)
        if change[0] == "user":
            with pytest.raises((EOFError, ConnectionError)):
                while True:
                    living.line()


# The main password and its policy

def refusal(port, password=PASSWORD, **options):
    with IMAP(port, **options) as client:
        return client.attempt(f'LOGIN "{USER}" "{password}"')


def test_with_totp_on_the_main_password_opens_no_mail_and_says_so(directory, laptop, server):
    turn_totp_on(directory)
    right, wrong = refusal(server.imap), refusal(server.imap, "wrong-password-here")
    alert, = [line for line in right.lines if line.startswith(b"* NO [ALERT]")]
    assert b"app password" in alert and right.status == "NO" and right.code == "AUTHENTICATIONFAILED"
    assert wrong.code == "AUTHENTICATIONFAILED" and not wrong.lines and b"app password" not in wrong.text
    with IMAP(server.imap) as client:
        assert any(b"[ALERT]" in line for line in client.attempt(
            "AUTHENTICATE", "PLAIN", "AGFsaWNlQGV4YW1wbGUub3JnAGNvcnJlY3QtaG9yc2UtYmF0dGVyeQ==").lines)
    with IMAP(server.imap) as client:
        client.login(USER, laptop[1])
    assert server.logged("app-password-needed")
    done = curl(server, user=f"{USER}:{PASSWORD}")
    assert done.returncode == 67


def test_the_policies_of_the_main_password(directory, server):
    directory.martlet("policy", "set", "--main-password", "trusted-networks", "--trusted-networks", "127.0.0.5/32")
    with IMAP(server.imap, source="127.0.0.5") as client:
        client.login(USER, PASSWORD)
    assert b"app password" in refusal(server.imap, source="127.0.0.6").text
    directory.martlet("policy", "set", "--main-password", "never")
    assert b"app password" in refusal(server.imap, source="127.0.0.5").text
    directory.martlet("policy", "set", USER, "--main-password", "everywhere")
    with IMAP(server.imap, source="127.0.0.6") as client:
        client.login(USER, PASSWORD)


def test_three_failures_end_the_connection(server):
    with IMAP(server.imap) as client:
        for _ in range(3):
            assert client.attempt(f"LOGIN {USER} wrong").status == "NO"
        with pytest.raises((EOFError, ConnectionError)):
            while True:
                client.line()


def test_failures_are_held_back_and_alike(server):
    """Case group E: right and unknown names get the same bytes, and no sooner than the delay."""
    answers = set()
    for user in (USER, "nobody@example.org", "nobody@elsewhere.example"):
        began = time.monotonic()
        with IMAP(server.imap) as client:
            refused = client.attempt(f"LOGIN {user} wrong-password-here")
        assert time.monotonic() - began >= 1.9
        answers.add((refused.status, refused.text))
    assert len(answers) == 1
