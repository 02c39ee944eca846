"""Debian's Cyrus IMAP on loopback, unpacked aside (its package conflicts with Dovecot's), with a configuration of its
own. Tests/run unpacks it; where it is missing or cannot run, `reason` says why and its tests are skipped."""

import contextlib
import os
import pathlib
import pwd
import signal
import socket
import subprocess
import time

from martlet import PASSWORD, ROOT, USER, free_port, run

TOOLS = pathlib.Path(os.environ.get("MARTLET_CYRUS", ROOT / ".build" / "tools" / "cyrus"))
PROGRAMS = TOOLS / "usr" / "lib" / "cyrus" / "bin"
LIBRARIES = ":".join(str(TOOLS / part) for part in ("usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"))

IMAPD = """
configdirectory: {place}/conf
defaultpartition: default
partition-default: {place}/spool
sievedir: {place}/sieve
proc_path: {place}/proc
mboxname_lockpath: {place}/lock
idlesocket: {place}/conf/idle
cyrus_user: {user}
cyrus_group: {group}
admins: admin
allowplaintext: yes
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: {place}/sasldb
sasl_mech_list: PLAIN LOGIN
virtdomains: off
defaultdomain: example.org
altnamespace: yes
unixhierarchysep: yes
hashimapspool: no
conversations: no
search_engine: none
autocreate_quota: 0
autocreate_post: yes
autocreate_users: anyone
tls_server_cert: {place}/cert.pem
tls_server_key: {place}/key.pem
autocreate_inbox_folders: Sent|Trash
syslog_prefix: martlet-test
servername: localhost
"""

CYRUS = """
START {{
  recover cmd="{programs}/ctl_cyrusdb -C {place}/imapd.conf -r"
}}
SERVICES {{
  imap cmd="{programs}/imapd -C {place}/imapd.conf -U 30" listen="127.0.0.1:{imap}" prefork=1
  imaps cmd="{programs}/imapd -C {place}/imapd.conf -s -U 30" listen="127.0.0.1:{imaps}" prefork=0
  lmtp cmd="{programs}/lmtpd -C {place}/imapd.conf -a" listen="127.0.0.1:{lmtp}" prefork=0
}}
DAEMON {{
  idled cmd="{programs}/idled -C {place}/imapd.conf -d"
}}
EVENTS {{
}}
"""


def reason():
    """Why Cyrus cannot be compared with here; None when it can."""
    if not (PROGRAMS / "imapd").exists():
        return f"Cyrus is not unpacked at {TOOLS}"
    needed = subprocess.run(["ldd", str(PROGRAMS / "imapd")], env={**os.environ, "LD_LIBRARY_PATH": LIBRARIES},
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout.decode()
    missing = [line.split()[0] for line in needed.splitlines() if "not found" in line]
    if missing:
        return f"Cyrus needs libraries that are not installed: {' '.join(missing)}"
    if os.geteuid() != 0:
        return "Cyrus begins as root, and this is not root"
    return None


class Cyrus:
    """The peer: `imap`, `imaps` and `lmtp` are its ports; the local parts of `users` go with PASSWORD."""

    user = USER.split("@")[0]

    def __init__(self, place, *, users=(USER,)):
        self.place = pathlib.Path(place)
        self.place.mkdir(parents=True, exist_ok=True)
        self.imap, self.imaps, self.lmtp = free_port(), free_port(), free_port()
        self.certificate = self.place / "cert.pem"
        run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-keyout", self.place / "key.pem", "-out", self.certificate, "-days", "30", "-subj", "/CN=localhost",
             "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
        owner = pwd.getpwnam("mail")
        self.environment = {**os.environ, "LD_LIBRARY_PATH": LIBRARIES, "LC_ALL": "C.UTF-8"}
        for name in ("conf", "conf/socket", "spool", "sieve", "proc", "lock"):
            (self.place / name).mkdir(exist_ok=True)
        (self.place / "imapd.conf").write_text(
            IMAPD.format(place=self.place, user="mail", group="mail"))
        (self.place / "cyrus.conf").write_text(
            CYRUS.format(place=self.place, programs=PROGRAMS, imap=self.imap, imaps=self.imaps, lmtp=self.lmtp))
        for user in users:
            run([TOOLS / "usr" / "sbin" / "saslpasswd2", "-p", "-c", "-u", "localhost", "-f", self.place / "sasldb",
                 user.split("@")[0]], input=PASSWORD, env=self.environment)
        for path in [self.place, *self.place.rglob("*")]:
            os.chown(path, owner.pw_uid, owner.pw_gid)
        self.start()

    def start(self):
        """Starts it, also again after `stop`: with the same ports and mail."""
        self.process = subprocess.Popen(
            [str(PROGRAMS / "master"), "-C", str(self.place / "imapd.conf"), "-M", str(self.place / "cyrus.conf"),
             "-p", str(self.place / "master.pid")], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, env=self.environment, start_new_session=True)
        self._wait()

    def _wait(self):
        end = time.monotonic() + 60
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.imap), timeout=10) as probe:
                    if probe.recv(100).startswith(b"* OK"):
                        return
            except OSError:
                pass
            if time.monotonic() > end or self.process.poll() is not None:
                self.stop()
                raise AssertionError("Cyrus did not start:\n" + self.process.stdout.read().decode(errors="replace"))
            time.sleep(0.1)

    @property
    def pid(self):
        return self.process.pid

    def stop(self):
        """Its own process group and nobody else's."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()


@contextlib.contextmanager
def cyrus(place):
    """A running Cyrus that is ended with the block."""
    peer = Cyrus(place)
    try:
        yield peer
    finally:
        peer.stop()
