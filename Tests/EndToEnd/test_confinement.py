"""What the server gives up: root's rights once its ports are bound, and all of the machine but its data."""

import os
import pathlib
import socket
import subprocess

import pytest

from martlet import BUILD, PASSWORD, USER, Server, free_port, run, running
from messages import made
from test_supervisor import child
from wire import IMAP, LMTP

NOBODY = 65_534
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has rights to give up")


def privileged_port():
    for port in range(1_023, 600, -1):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise AssertionError("every port below 1024 is in use")


def give_to_nobody(directory):
    for path in [directory.path, *directory.path.rglob("*")]:
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)


def status_of_threads(pid):
    for thread in pathlib.Path(f"/proc/{pid}/task").iterdir():
        lines = (thread / "status").read_text(encoding="utf-8").splitlines()
        yield {name: value.split() for name, _, value in (line.partition(":") for line in lines)}


@needs_root
@pytest.mark.parametrize("supervise", ["never", "always"])
def test_root_becomes_the_directorys_owner(directory, supervise):
    """Ports below 1024 are bound; afterwards no thread has anything of root's, and a restart binds them again."""
    give_to_nobody(directory)
    ports = (privileged_port(), free_port(), free_port())
    server = Server(directory, ports=ports, supervise=supervise)
    worker = child(server.pid) if supervise == "always" else server.pid
    threads = list(status_of_threads(worker))
    assert len(threads) > 3
    for status in threads:
        assert status["Uid"] == status["Gid"] == [str(NOBODY)] * 4, status
        assert status["Groups"] in ([], [str(NOBODY)]), status
        assert all(int(status[name][0], 16) == 0 for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")), status
        assert status["NoNewPrivs"] == ["1"], status
    with IMAP(server.imap) as client:
        client.login(USER, PASSWORD)
        client.append("INBOX", made("as nobody"))
    with LMTP(server.lmtp) as delivery:
        assert delivery.deliver(made("by LMTP"), USER)[0][0] == 250
    assert not [line for line in server.log if "belongs to root" in line]
    server.reload()
    assert server.logged("certificate was reloaded") and server.logged("the configuration was reloaded")
    assert {path.stat().st_uid for path in directory.path.rglob("*")} == {NOBODY}
    if supervise == "always":
        server.process.kill()
        server.process.wait()
        # Who is no longer root still goes with its supervisor.
        server = Server(directory, ports=ports, supervise=supervise)
    server.stop()


@needs_root
def test_roots_own_directory_is_served_with_a_warning(directory, server):
    assert server.logged("level=warning", "belongs to root")


def has_landlock(server):
    return "landlock=none" not in server.logged("rights were given up")[-1]


def test_nothing_is_read_outside_the_data_directory(directory, place):
    """A certificate that is moved out behind a link is not read again; without the sandbox it is: the link is good."""
    outside = place / "outside"
    outside.mkdir(mode=0o700)
    certificate = directory.path / "tls" / "cert.pem"
    moved = outside / certificate.name
    for sandbox, works in (("auto", False), ("never", True)):
        server = Server(directory, arguments=("--sandbox", sandbox))
        if sandbox == "auto" and not has_landlock(server):
            server.stop()
            pytest.skip("this kernel has no Landlock")
        certificate.rename(moved)
        certificate.symlink_to(moved)
        server.reload()
        assert server.logged("the certificate was reloaded" if works else "certificate was not reloaded")
        server.stop()
        certificate.unlink()
        moved.rename(certificate)


def test_large_changes_find_room_for_what_they_put_aside(server):
    """SQLite writes the pages that a statement changes to a file of its own once they are more than a few."""
    with IMAP(server.imap) as client:
        client.login(USER, PASSWORD)
        for _ in range(8):
            client.command("APPEND", "INBOX", *[[b"Subject: x\r\n\r\nx\r\n"]] * 500)
        client.command("SELECT INBOX")
        client.command("STORE 1:* +FLAGS.SILENT (\\Flagged)")
        assert len(client.command("SEARCH FLAGGED").untagged("SEARCH")[0]) == 4_000


def test_what_it_needs_is_within_the_sandbox(directory, place):
    """A certificate behind a link, renewed twice; an LMTP socket elsewhere; charsets of iconv; the control socket."""
    live, archive, run_folder = place / "live", place / "archive", place / "run"
    for folder in (live, archive, run_folder):
        folder.mkdir()

    def renew(number):
        run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "9",
             "-keyout", archive / f"key{number}.pem", "-out", archive / f"cert{number}.pem", "-subj", "/CN=localhost",
             "-addext", "subjectAltName=DNS:localhost"])
        for name in ("cert", "key"):
            (live / "new").symlink_to(f"../archive/{name}{number}.pem")
            (live / "new").rename(live / f"{name}.pem")

    renew(1)
    with (directory.path / "martlet.yaml").open("a") as file:
        file.write(f"\ntls:\n  certificate: {live}/cert.pem\n  key: {live}/key.pem\n")
    socket_path = run_folder / "lmtp.sock"
    with running(directory, arguments=("--lmtp", f"unix:{socket_path}")) as server:
        for number in (2, 3):
            renew(number)
            server.reload()
            server.logged("certificate was reloaded", count=number - 1)
            with IMAP(server.imaps, tls=archive / f"cert{number}.pem") as client:
                client.login(USER, PASSWORD)
        assert socket_path.is_socket()
        assert directory.json("session", "list") == []
        with IMAP(server.imap) as client:
            client.login(USER, PASSWORD)
            for charset, word in (("gb18030", "中文"), ("iso-2022-jp", "日本語"), ("koi8-r", "слово")):
                body = word.encode(charset.replace("-", "_"))
                client.append("INBOX", b"Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset="
                              + charset.encode() + b"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + body + b"\r\n")
            client.command("SELECT INBOX")
            for number, word in enumerate(("中文", "日本語", "слово"), start=1):
                found = client.command("SEARCH CHARSET UTF-8 BODY", [word.encode()])
                assert found.untagged("SEARCH") == [[str(number)]], (word, found)
    assert not socket_path.exists()


@pytest.mark.parametrize("program", ["martletd", "martlet"])
def test_what_the_linker_wrote_is_read_only_and_nothing_is_at_a_fixed_place(program):
    """Full RELRO, no executable stack, a position that is new with every start."""
    def readelf(what):
        return subprocess.run(["readelf", "-W", what, BUILD / program], check=True, capture_output=True,
                              text=True).stdout
    assert "GNU_RELRO" in readelf("-l")
    assert any("GNU_STACK" in line and " RW " in line for line in readelf("-l").splitlines())
    flags = [line for line in readelf("-d").splitlines() if "FLAGS" in line]
    assert any("NOW" in line for line in flags) and any("PIE" in line for line in flags), flags
