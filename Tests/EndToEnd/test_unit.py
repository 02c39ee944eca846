"""The systemd unit: few rights are left, and the server works with what it takes away, as far as that is tried without
systemd: no memory that is written and executed, and a /proc that shows processes only."""

import os
import shutil
import subprocess
import sys

import pytest

from martlet import PASSWORD, ROOT, USER, running
from messages import made
from wire import IMAP

UNIT = ROOT / "docs" / "martletd.service"
# PR_SET_MDWE with PR_MDWE_REFUSE_EXEC_GAIN, in kernels from 6.3 on; what is executed keeps it.
NO_EXEC_GAIN = ("import ctypes, os, sys; ctypes.CDLL(None).prctl(65, 1, 0, 0, 0) == 0 or sys.exit('no MDWE'); "
                "os.execv(sys.argv[1], sys.argv[1:])")


def test_the_units_exposure_is_at_most_2():
    tool = shutil.which("systemd-analyze")
    if tool is None:
        pytest.skip("systemd-analyze is not installed")
    # Tenths: 20 is 2.0.
    done = subprocess.run([tool, "security", "--offline=true", "--no-pager", "--threshold=20", UNIT],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    print(done.stdout.splitlines()[-1])
    assert done.returncode == 0, done.stdout


def works(server):
    with IMAP(server.imaps, tls=server.certificate) as client:
        client.login(USER, PASSWORD)
        # Charsets of iconv are loaded while it runs.
        client.append("INBOX", b"Subject: =?gb18030?B?1tDOxA==?=\r\n\r\n" + made("x"))
        client.command("SELECT INBOX")
        found = client.command("SEARCH CHARSET UTF-8 SUBJECT", ["中文".encode()])
        assert found.untagged("SEARCH") == [["1"]], found


def test_no_memory_is_written_and_executed(directory):
    """MemoryDenyWriteExecute=yes."""
    probe = subprocess.run([sys.executable, "-c", NO_EXEC_GAIN, "/bin/true"], stderr=subprocess.DEVNULL)
    if probe.returncode != 0:
        pytest.skip("this kernel has no PR_SET_MDWE")
    with running(directory, prefix=(sys.executable, "-c", NO_EXEC_GAIN)) as server:
        works(server)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount /proc")
def test_a_proc_with_processes_only(directory):
    """ProcSubset=pid and ProtectProc=invisible."""
    prefix = ("unshare", "--mount", "sh", "-c",
              'mount -t proc -o subset=pid,hidepid=invisible proc /proc && exec "$@"', "sh")
    if subprocess.run([*prefix, "true"], stderr=subprocess.DEVNULL).returncode != 0:
        pytest.skip("no mounts are allowed here")
    with running(directory, prefix=prefix) as server:
        works(server)
