"""Credentials as a person makes them: one-time codes, recovery codes, app passwords, policies, and what is recorded."""

import concurrent.futures
import json
import plistlib
import re
import sqlite3
import time

import pytest

from credentials import app_password, client_certificate, code, turn_totp_on
from martlet import PASSWORD, USER, best_of, run, wait_for
from wire import IMAP


# TOTP and recovery codes

def test_totp_from_enrolment_to_reset(directory):
    assert directory.json("totp", "status", USER)["state"] == "off"
    uri = directory.json("totp", "enroll", USER)["uri"]
    assert uri.startswith("otpauth://totp/") and "example.org" in uri
    assert len(re.search(r"secret=([A-Z2-7]+)", uri).group(1)) == 32, "160 bits"
    assert directory.json("totp", "status", USER)["state"] == "pending"

    wrong = directory.martlet("totp", "confirm", USER, code(uri, at=time.time() - 3600), check=False)
    assert wrong.returncode != 0 and directory.json("totp", "status", USER)["state"] == "pending"

    now = code(uri)
    directory.martlet("totp", "confirm", USER, now)
    assert directory.json("totp", "status", USER)["state"] == "on"
    assert directory.martlet("totp", "confirm", USER, now, check=False).returncode != 0, "a code is good once"
    assert directory.martlet("totp", "enroll", USER, check=False).returncode != 0, "a second factor is not replaced"

    codes = directory.json("recovery-codes", "renew", USER)["codes"]
    assert len(codes) == len(set(codes)) == 10
    renewed = directory.json("recovery-codes", "renew", USER)["codes"]
    assert not set(codes) & set(renewed)
    assert directory.json("totp", "status", USER)["recoveryCodes"] == 10

    directory.martlet("totp", "reset", USER)
    status = directory.json("totp", "status", USER)
    assert (status["state"], status["recoveryCodes"]) == ("off", 0)


def test_a_code_confirms_once_however_many_bring_it(directory):
    uri = directory.json("totp", "enroll", USER)["uri"]
    now = code(uri)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda _: directory.martlet("totp", "confirm", USER, now, check=False), range(16)))
    said = [(one.returncode, one.stderr.decode()) for one in done]
    assert sum(status == 0 for status, _ in said) == 1, said
    confirmed = [row for row in directory.json("audit", USER) if "confirm" in row["action"]]
    assert len(confirmed) == 1, confirmed


def test_recovery_codes_need_totp(directory):
    refused = directory.martlet("recovery-codes", "renew", USER, check=False)
    assert refused.returncode != 0 and b"TOTP" in refused.stderr.upper()


def read_code(path):
    """What zbarimg reads out of a picture."""
    return run(["zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", path]).stdout.decode().rstrip("\n")


def picture_of(text, path, scale=6):
    """Paints half blocks as a terminal does, light on dark: a portable bitmap."""
    rows = []
    lines = [re.sub("\x1b\\[[0-9;]*m", "", line) for line in text.split("\n")]
    lines = [line for line in lines if line and set(line) <= set("█▀▄ ")]
    width = max(map(len, lines))
    for line in lines:
        line = line.ljust(width)
        rows.append([mark in "█▀" for mark in line])
        rows.append([mark in "█▄" for mark in line])
    margin = 4
    blank = [[True] * (width + 2 * margin)] * margin
    rows = blank + [[True] * margin + row + [True] * margin for row in rows] + blank
    wide = [bytes(255 if light else 0 for light in row for _ in range(scale)) for row in rows]
    with open(path, "wb") as file:
        file.write(b"P5 %d %d 255\n" % (len(wide[0]), len(wide) * scale))
        for row in wide:
            file.write(row * scale)


def test_the_picture_of_the_secret_is_read_back(directory, place):
    enrolled = directory.json("totp", "enroll", USER, "--png", str(place / "totp.png"))
    assert read_code(place / "totp.png") == enrolled["uri"]
    assert (place / "totp.png").stat().st_mode & 0o077 == 0, "the file holds a secret"


def test_the_picture_in_the_terminal_is_read_back(directory, place):
    shown = directory.martlet("totp", "enroll", USER).stdout.decode()
    uri = re.search(r"otpauth://\S+", shown).group(0)
    picture_of(shown, place / "terminal.pgm")
    assert read_code(place / "terminal.pgm") == uri
    directory.martlet("totp", "confirm", USER, code(uri))


def test_a_missing_key_file_fails_closed(directory):
    uri = directory.json("totp", "enroll", USER)["uri"]
    key = directory.path / "keys" / "totp.key"
    assert key.stat().st_mode & 0o077 == 0
    key.rename(key.with_suffix(".away"))
    refused = directory.martlet("totp", "confirm", USER, code(uri), check=False)
    assert refused.returncode != 0 and b"totp.key" in refused.stderr
    assert not key.exists(), "a key file is never made anew over secrets that it cannot open"
    key.with_suffix(".away").rename(key)
    directory.martlet("totp", "confirm", USER, code(uri))


# App passwords

def test_an_app_password_from_making_to_revoking(directory):
    made = directory.json("app-password", "create", USER, "--label", "Laptop", "--scope", "imap", "--scope", "read-only",
                          "--from", "192.0.2.0/24", "--from", "2001:db8::/32", "--expires", "30d")
    assert re.fullmatch(r"([0-9a-hjkmnp-tv-z]{4}-){7}[0-9a-hjkmnp-tv-z]{4}", made["secret"]), made["secret"]
    assert made["secret"].replace("-", "").startswith(made["id"])
    listed, = directory.json("app-password", "list", USER)
    shown = directory.json("app-password", "show", USER, made["id"])
    assert listed == shown
    assert (shown["label"], shown["scopes"]) == ("Laptop", ["imap", "read-only"])
    assert shown["networks"] == ["192.0.2.0/24", "2001:db8::/32"]
    assert shown["useCount"] == 0 and "lastUsed" not in shown and not shown["isExpired"]
    assert made["secret"] not in json.dumps(shown) and "secret" not in shown
    directory.martlet("app-password", "revoke", USER, made["id"])
    assert directory.json("app-password", "list", USER) == []
    assert directory.martlet("app-password", "revoke", USER, made["id"], check=False).returncode != 0
    actions = [row["action"] for row in directory.json("audit", USER)]
    assert len([action for action in actions if action.startswith("app-password")]) == 2, actions


@pytest.mark.parametrize("wrong", [
    ["--scope", "everything"], ["--from", "not-a-network"], ["--from", "192.0.2.0/33"], ["--expires", "2001-01-01"],
    ["--expires", "tomorrow-ish"]])
def test_what_makes_no_sense_makes_no_app_password(directory, wrong):
    refused = directory.martlet("app-password", "create", USER, "--label", "x", *wrong, check=False)
    assert refused.returncode != 0 and wrong[1].encode() in refused.stderr
    assert directory.json("app-password", "list", USER) == []


def test_an_app_password_for_a_telephone(directory, place):
    made = directory.json("app-password", "create", USER, "--label", "iPhone", "--png", str(place / "app.png"),
                          "--mobileconfig", str(place / "app.mobileconfig"))
    assert made["secret"] in read_code(place / "app.png")
    profile = plistlib.loads((place / "app.mobileconfig").read_bytes())
    mail, = [part for part in profile["PayloadContent"] if part["PayloadType"] == "com.apple.mail.managed"]
    assert mail["IncomingMailServerUsername"] == mail["EmailAddress"] == USER
    assert mail["IncomingPassword"] == made["secret"]
    assert mail["IncomingMailServerUseSSL"] is True
    for file in ("app.png", "app.mobileconfig"):
        assert (place / file).stat().st_mode & 0o077 == 0


# Passwords

@pytest.mark.parametrize("password", ["short", "fourteen chars", "passwordpassword", "123456789012345", "x" * 1025])
def test_weak_passwords_are_refused(directory, password):
    refused = directory.martlet("user", "passwd", USER, "--password-stdin", input=password + "\n", check=False)
    assert refused.returncode != 0 and refused.stderr
    assert password.encode() not in refused.stdout + refused.stderr


def test_eight_characters_do_with_a_second_factor(directory):
    short = "vq7-Lm3k"
    set_password = ["user", "passwd", USER, "--password-stdin"]
    assert directory.martlet(*set_password, input=short + "\n", check=False).returncode != 0
    turn_totp_on(directory)
    directory.martlet(*set_password, input=short + "\n")


# Policy and explanation

def test_policies(directory):
    assert directory.json("policy", "show")["mainPassword"] == "everywhere"
    directory.martlet("policy", "set", "--main-password", "trusted-networks", "--trusted-networks", "192.0.2.0/24")
    shown = directory.json("policy", "show", USER)
    assert shown["mainPassword"] == "trusted-networks" and shown["trustedNetworks"] == ["192.0.2.0/24"]
    directory.martlet("policy", "set", USER, "--main-password", "everywhere")
    assert directory.json("policy", "show", USER)["mainPassword"] == "everywhere"
    turn_totp_on(directory)
    shown = directory.json("policy", "show", USER)
    assert (shown["mainPassword"], shown["source"]) == ("never", "totp")
    assert directory.martlet("policy", "set", "--main-password", "sometimes", check=False).returncode != 0


def test_what_was_changed_is_on_record(directory):
    before = directory.json("audit")
    directory.martlet("user", "passwd", USER, "--password-stdin", input="another-good-password\n")
    identity, _ = app_password(directory)
    directory.martlet("app-password", "revoke", USER, identity)
    directory.martlet("policy", "set", USER, "--main-password", "never")
    directory.martlet("ban", "add", "203.0.113.7", "--reason", "guesses")
    directory.martlet("ban", "lift", "203.0.113.7")
    after = directory.json("audit")
    new = after[:len(after) - len(before)]
    assert len(new) == 6 and [row["id"] for row in after] == sorted((row["id"] for row in after), reverse=True)
    assert all(row["by"] and row["action"] and row["subject"] and row["time"] for row in new)
    assert len(directory.json("audit", "203.0.113.7")) == 2


def test_bans(directory):
    assert directory.json("ban", "list") == []
    directory.martlet("ban", "add", "203.0.113.7", "--expires", "7d", "--reason", "guesses passwords")
    directory.martlet("ban", "add", "2001:DB8:1::/48")
    rows = {row["network"]: row for row in directory.json("ban", "list")}
    assert set(rows) == {"203.0.113.7/32", "2001:db8:1::/48"} or set(rows) == {"203.0.113.7", "2001:db8:1::/48"}
    for network in rows:
        directory.martlet("ban", "lift", network)
    assert directory.json("ban", "list") == []
    assert directory.martlet("ban", "lift", "203.0.113.7", check=False).returncode != 0


# A running server

def test_sessions_are_listed_and_kicked(directory, server):
    identity, secret = app_password(directory, label="Kitchen")
    with IMAP(server.imap) as one, IMAP(server.imaps, tls=server.certificate) as two:
        one.login(USER, secret)
        two.login(USER, PASSWORD)
        two.command("ID", '("name" "Probe" "version" "3")')
        rows = directory.json("session", "list")
        assert len(rows) == 2 and all(row["address"] == USER and row["ip"] == "127.0.0.1" for row in rows)
        first, = [row for row in rows if row.get("credential") == "Kitchen"]
        second, = [row for row in rows if row["id"] != first["id"]]
        assert second["tls"].startswith("TLSv1") and "Probe" in second["client"] and "tls" not in first
        directory.martlet("session", "kick", first["id"])
        assert_ended(one)
        two.command("NOOP")
        assert directory.json("session", "kick", "--account", USER)["kicked"] == 1
        assert_ended(two)
    wait_for(lambda: directory.json("session", "list") == [], what="the end of both sessions", every=0.2)

    def kick():
        with IMAP(server.imap) as client:
            client.login(USER, PASSWORD)
            began = time.monotonic()
            directory.martlet("session", "kick", "--account", USER)
            assert_ended(client)
            return time.monotonic() - began
    best_of(kick, within=2, what="a kick, with the start of the program,")


def test_sessions_need_the_server(directory):
    refused = directory.martlet("session", "list", check=False)
    assert refused.returncode != 0 and b"running" in refused.stderr


def assert_ended(client):
    """The server says BYE, or closes, of its own accord."""
    try:
        while not client.line().startswith(b"* BYE"):
            pass
    except (EOFError, ConnectionError):
        pass


def test_history_and_explanation(directory, server):
    identity, secret = app_password(directory, label="Laptop")
    for _ in range(3):
        with IMAP(server.imaps, tls=server.certificate) as client:
            client.login(USER, secret)
            client.command("ID", '("name" "Probe")')
    with IMAP(server.imap) as client:
        assert client.attempt(f'LOGIN {USER} "not the password"').status == "NO"

    def counted():
        shown = directory.json("app-password", "show", USER, identity)
        return shown["useCount"] == 3 and shown
    shown = wait_for(counted, every=0.2, what="three uses")
    login = shown["lastLogin"]
    assert login["protocol"].startswith("imap") and login["ip"] == "127.0.0.1" and login["tls"].startswith("TLSv1")
    rows = [row for row in directory.json("login", "history", USER) if row.get("credential") == identity]
    assert sum(row["count"] for row in rows) == 3 and all(row["first"] <= row["last"] for row in rows)
    assert any("Probe" in row.get("client", "") for row in rows), rows

    explained = directory.json("login", "explain", USER)
    text = json.dumps(explained)
    assert "wrong-password" in text and identity in text, text
    people = directory.martlet("login", "explain", USER).stdout.decode()
    assert "Laptop" in people and "127.0.0.1" in people, people


def test_certificate_logins_are_listed_and_removed(directory, place):
    certificate, key = client_certificate(place)
    made = directory.json("certificate-login", "add", USER, str(certificate), "--label", "Backup")
    row, = directory.json("certificate-login", "list", USER)
    assert row["id"] == made["id"] and row["label"] == "Backup"
    fingerprint = run(["openssl", "x509", "-in", certificate, "-noout", "-fingerprint", "-sha256"]).stdout.decode()
    assert fingerprint.split("=")[1].strip().replace(":", "").lower() == row["id"]
    assert directory.martlet("certificate-login", "add", USER, str(key), check=False).returncode != 0
    assert directory.martlet("certificate-login", "add", USER, str(certificate), check=False).returncode != 0
    directory.martlet("certificate-login", "remove", USER, row["id"][:16])
    assert directory.json("certificate-login", "list", USER) == []


# What a hash costs

def test_hashes_cost_what_the_configuration_says(directory):
    with open(directory.path / "martlet.yaml", "a") as file:
        file.write("\nargon2:\n  memory: 8 MiB\n  iterations: 3\n")
    app_password(directory)
    directory.martlet("user", "passwd", USER, "--password-stdin", input=PASSWORD + "\n")
    database = sqlite3.connect(f"file:{directory.path}/directory.db?mode=ro", uri=True)
    secrets = [row[0] for row in database.execute("SELECT secret FROM credential")]
    database.close()
    assert len(secrets) == 2 and all(secret.startswith("$argon2id$v=19$m=8192,t=3,p=1$") for secret in secrets), secrets
