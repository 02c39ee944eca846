"""What those use who look for weaknesses: scanners of TLS, a probe of STARTTLS, a program that guesses passwords."""

import re
import shutil
import subprocess
import time
import xml.etree.ElementTree

import pytest

from credentials import app_password
from martlet import PASSWORD, USER, best_of, run, running
from starttls import IMAP_DIALECT, LMTP_DIALECT, probe
from wire import IMAP


def needs(program):
    return pytest.mark.skipif(not shutil.which(program), reason=f"{program} is not installed")


# TLS

@needs("sslscan")
@pytest.mark.parametrize("how", ["imaps", "starttls"])
def test_sslscan_finds_nothing_weak(server, place, how):
    """Case 9, as sslscan sees it."""
    port, options = (server.imaps, []) if how == "imaps" else (server.imap, ["--starttls-imap"])
    run(["sslscan", "--no-colour", *options, f"--xml={place / 'found.xml'}", f"127.0.0.1:{port}"], timeout=280)
    found = xml.etree.ElementTree.parse(place / "found.xml").getroot().find("ssltest")
    enabled = {f"{row.get('type')} {row.get('version')}" for row in found.iter("protocol") if row.get("enabled") == "1"}
    assert enabled == {"tls 1.2", "tls 1.3"}, enabled
    ciphers = {(row.get("sslversion"), row.get("cipher"), row.get("strength")) for row in found.iter("cipher")}
    assert len(ciphers) > 3 and {strength for *_, strength in ciphers} <= {"strong", "acceptable"}, ciphers
    assert all(row.get("vulnerable") == "0" for row in found.iter("heartbleed"))
    assert all(row.get("supported") == "0" for row in found.iter("compression"))
    renegotiation = found.find("renegotiation")
    assert renegotiation is None or renegotiation.get("secure") == "1" or renegotiation.get("supported") == "0"


@pytest.mark.parametrize("dialect", [IMAP_DIALECT, LMTP_DIALECT], ids=["imap", "lmtp"])
def test_starttls_injection_cases_1_to_4(server, dialect):
    """Cases 1 to 4: nothing that was said before TLS counts in it, and plain text is no handshake."""
    findings = probe(server.imap if dialect is IMAP_DIALECT else server.lmtp, server.certificate, dialect)
    for finding in findings:
        print(finding)
        assert not any(mark in finding.said for mark in dialect.marks), finding
        assert not finding.began or dialect.answer in finding.said, finding
    assert findings[-1].began, "without an injection TLS begins"
    assert not next(finding for finding in findings if finding.way == "before the handshake").began
    assert server.process.poll() is None


# Guesses

def logins_meanwhile(server, secret, process):
    """A victim's logins with an app password as long as the other program runs; how long each took."""
    times = []
    while process.poll() is None or not times:
        began = time.monotonic()
        with IMAP(server.imap, source="127.0.0.5") as client:
            client.login(USER, secret)
        times.append(time.monotonic() - began)
        time.sleep(0.05)
    return times


def hydra(place, *arguments):
    return subprocess.Popen(
        ["hydra", "-I", "-t", "16", "-w", "20", *map(str, arguments)], cwd=place, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


FOUND = re.compile(r"host: \S+ +login:")


@needs("hydra")
def test_hydra_finds_what_it_guesses_in_time(server, place):
    """The control: with few words it does find the password."""
    (place / "words").write_text(f"wrong-guess-number-1\n{PASSWORD}\nwrong-guess-number-2\n")
    guessing = hydra(place, "-l", USER, "-P", place / "words", "-s", server.imap, "imap://127.0.0.1/LOGIN")
    said = guessing.communicate(timeout=250)[0].decode(errors="replace")
    assert FOUND.search(said), said


@needs("hydra")
@pytest.mark.timeout(600)
@pytest.mark.parametrize("method", ["LOGIN", "PLAIN"])
def test_hydra_guesses_no_more_than_the_limits_say(directory, place, method):
    """Case 128, with hydra: after ten guesses at a name even the right one is not found; the victim notices nothing."""
    _, secret = app_password(directory)
    words = [f"wrong-guess-number-{number}" for number in range(60)] + [PASSWORD] + ["another-wrong-guess"] * 3
    (place / "words").write_text("\n".join(words) + "\n")

    def attack():
        """The victim's slowest login but for one of a hundred."""
        guessing = hydra(place, "-l", USER, "-P", place / "words", "-s", server.imap, f"imap://127.0.0.1/{method}")
        times = sorted(logins_meanwhile(server, secret, guessing))
        said = guessing.communicate()[0].decode(errors="replace")
        print(f"{len(times)} logins beside it, the slowest {times[-1] * 1e3:.0f} ms\n{said}")
        assert "valid password" in said, said
        assert not FOUND.search(said), said
        return times[int(len(times) * 0.99)]

    with running(directory) as server:
        began = time.monotonic()
        best_of(attack, within=1, what="99 of 100 logins beside hydra", tries=3)
        quarters = (time.monotonic() - began) // 900 + 1
        checked = [line for line in server.log if "msg=auth-failed" in line]
        limited = [line for line in server.log if "msg=auth-limited" in line]
        print(f"{len(checked)} guesses were looked at, {len(limited)} were not")
        assert 1 <= len(checked) <= 10 * quarters and len(limited) >= 1
        assert all("rip=127.0.0.1 " in line for line in checked)


@needs("hydra")
@pytest.mark.timeout(600)
def test_hydra_with_many_names_is_held_back_by_its_address(directory, place):
    """One password for each of many names: ten of an address in a minute."""
    names = [f"user{number}@example.org" for number in range(100)]
    (place / "names").write_text("\n".join(names) + "\n")
    with running(directory) as server:
        began = time.monotonic()
        guessing = hydra(place, "-L", place / "names", "-p", PASSWORD, "-s", server.imap, "imap://127.0.0.1/LOGIN")
        said = guessing.communicate(timeout=500)[0].decode(errors="replace")
        minutes = (time.monotonic() - began) // 60 + 2
        checked = [line for line in server.log if "msg=auth-failed" in line]
        print(f"{len(checked)} guesses were looked at in {time.monotonic() - began:.0f} s\n{said}")
        assert 1 <= len(checked) <= min(10 * minutes, 50)
