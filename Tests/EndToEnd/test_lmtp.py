"""Mail that arrives: LMTP as mail transfer agents and their test tools speak it."""

import re
import subprocess

from martlet import POSTFIX, PASSWORD, USER, run
from messages import made
from wire import IMAP, LMTP


def messages(server, name="INBOX"):
    with IMAP(server.imap) as client:
        client.login(USER, PASSWORD)
        client.command("EXAMINE", f'"{name}"')
        rows = client.command("FETCH 1:* (BODY.PEEK[])").fetches()
        return [row["BODY[]"] for _, row in sorted(rows.items())]


def test_features(server):
    with LMTP(server.lmtp) as client:
        offered = {line.split()[0] for line in client.features[1].split("\n")[1:]}
        assert {"PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "SIZE"} <= offered


def test_delivery_keeps_the_bytes_and_adds_the_trace(server):
    sent = made("one", body=".\n..\n.x\n\nÄ line\n")
    with LMTP(server.lmtp) as client:
        assert client.deliver(sent, USER)[0][0] == 250
    stored, = messages(server)
    assert stored.startswith(b"Return-Path: <sender@example.net>\r\n")
    assert f"Delivered-To: {USER}\r\n".encode() in stored
    assert stored.endswith(sent)


def test_one_answer_for_each_recipient(server):
    server.directory.add_user("bob@example.org")
    with LMTP(server.lmtp) as client:
        assert client.command("MAIL FROM:<>")[0] == 250
        assert client.command("RCPT TO:<alice@example.org>")[0] == 250
        unknown = client.command("RCPT TO:<nobody@example.org>")
        assert unknown[0] == 550 and unknown[1].startswith("5.1.1 "), unknown
        assert client.command("RCPT TO:<bob@example.org>")[0] == 250
        assert client.command("DATA")[0] == 354
        client.socket.sendall(made("two") + b".\r\n")
        assert [client.reply()[0] for _ in range(2)] == [250, 250]
        assert client.command("NOOP")[0] == 250
    assert len(messages(server)) == 1


def test_detail_goes_to_its_mailbox_if_there_is_one(server, alice):
    alice.command("CREATE lists")
    with LMTP(server.lmtp) as client:
        assert client.deliver(made("lists"), "alice+lists@example.org")[0][0] == 250
        assert client.deliver(made("other"), "alice+other@example.org")[0][0] == 250
    assert [b"Message lists" in message for message in messages(server, "lists")] == [True]
    assert [b"Message other" in message for message in messages(server)] == [True]


def test_over_quota_is_temporary(place, directory, server):
    directory.martlet("user", "add", "small@example.org", "--quota", "20K", "--password-stdin", input="a-good-password\n")
    with LMTP(server.lmtp) as client:
        answers = [client.deliver(made(f"q{n}", size=8000), "small@example.org")[0] for n in range(5)]
    assert answers[0][0] == 250
    assert answers[-1][0] == 452 and answers[-1][1].startswith("4.2.2 "), answers


def test_swaks(server, place):
    path = place / "m.eml"
    path.write_bytes(made("swaks"))
    done = run(["swaks", "--protocol", "LMTP", "--server", "127.0.0.1", "--port", server.lmtp, "--from",
                "a@example.net", "--to", USER, "--data", f"@{path}"])
    assert b"250" in done.stdout
    assert b"Subject: Message swaks" in messages(server)[0]
    refused = run(["swaks", "--protocol", "LMTP", "--server", "127.0.0.1", "--port", server.lmtp, "--from",
                   "a@example.net", "--to", "nobody@example.org", "--data", f"@{path}"], check=False)
    assert refused.returncode != 0 and b"550 5.1.1" in refused.stdout


def smtp_source(server, *arguments):
    return run([POSTFIX / "usr/sbin/smtp-source", "-L", *arguments, "-f", "a@example.net", "-t", USER,
                f"127.0.0.1:{server.lmtp}"], env={"LD_LIBRARY_PATH": str(POSTFIX / "usr/lib/postfix")})


def test_smtp_source_with_many_at_once(server):
    smtp_source(server, "-s", "8", "-m", "200", "-l", "3000")
    with IMAP(server.imap) as client:
        client.login(USER, PASSWORD)
        assert b"MESSAGES 200" in client.command("STATUS INBOX (MESSAGES)").lines[0]


def test_unix_socket(directory, place):
    """The default: a socket in the data directory, for Postfix on the same machine."""
    from martlet import Server
    import socket
    socket_path = place / "lmtp"
    server = Server(directory, arguments=("--lmtp", f"unix:{socket_path}"))
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(60)
            client.connect(str(socket_path))
            file = client.makefile("rb")
            assert file.readline().startswith(b"220 ")
            client.sendall(b"LHLO localhost\r\nQUIT\r\n")
            assert re.match(rb"250[- ]", file.readline())
    finally:
        server.stop()
    directory.check()
    assert subprocess.run(["test", "-e", socket_path], check=False).returncode == 1, "the socket was left behind"
