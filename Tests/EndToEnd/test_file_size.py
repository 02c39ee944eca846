"""A process that may make no large files (RLIMIT_FSIZE): what does not fit is refused, and it serves on."""

import subprocess

import pytest

from martlet import PASSWORD, USER, running
from messages import made
from wire import IMAP, LMTP

LIMIT = 4 << 20


@pytest.fixture
def poor(directory):
    with running(directory, prefix=("prlimit", f"--fsize={LIMIT}:unlimited", "--")) as server:
        yield server


def test_case_187_files_that_may_not_grow(poor):
    """Case 187: EFBIG is a refusal, not the end (SIGXFSZ); what was stored is there, and with more room all is well."""
    with IMAP(poor.imap) as client:
        client.login(USER, PASSWORD)
        stored = []
        for number in range(100):
            message = made(f"m{number}", size=300_000, attachment=bytes(range(256)) * 2_000)
            reply = client.attempt('APPEND INBOX', [message])
            if reply.status != "OK":
                break
            stored.append(message)
        assert reply.status == "NO" and reply.code == "UNAVAILABLE", reply
        assert 0 < len(stored) < 100
        with LMTP(poor.lmtp) as delivery:
            answer = delivery.deliver(made("late", size=3_000_000), USER)[0]
            assert answer[0] in (451, 452), answer
        client.command("SELECT INBOX")
        rows = client.command("FETCH 1:* (BODY.PEEK[])").fetches()
        assert [row["BODY[]"] for row in rows.values()] == stored
        assert poor.process.poll() is None

        subprocess.run(["prlimit", f"--pid={poor.pid}", "--fsize=unlimited"], check=True)
        client.append("INBOX", made("after", size=300_000))
        assert len(client.command("FETCH 1:* (UID)").fetches()) == len(stored) + 1
