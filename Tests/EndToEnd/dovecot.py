"""Debian's Dovecot on loopback, with a configuration of its own, to compare with. Nothing of the system's is touched."""

import contextlib
import os
import pathlib
import pwd
import signal
import socket
import subprocess
import time

from martlet import PASSWORD, free_port, run

CONFIGURATION = """
protocols = imap lmtp
listen = 127.0.0.1
base_dir = {place}/run
state_dir = {place}/state
log_path = {place}/log
ssl = yes
ssl_cert = <{place}/cert.pem
ssl_key = <{place}/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_username_format = %Lu
mail_location = {layout}:{place}/mail/%u{options}
first_valid_uid = 1
mail_max_userip_connections = 20000
mail_fsync = {fsync}
default_internal_user = dovecot
default_login_user = dovenull
default_client_limit = 20000
default_process_limit = 2000
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={place}/home/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Drafts {{
    auto = create
    special_use = \\Drafts
  }}
  mailbox Sent {{
    auto = create
    special_use = \\Sent
  }}
  mailbox Trash {{
    auto = create
    special_use = \\Trash
  }}
}}
service imap-login {{
  service_count = 0
  process_min_avail = 1
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service imap {{
  process_limit = 2000
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
service stats {{
  chroot =
}}
"""


class Dovecot:
    """The peer: `imap`, `imaps` and `lmtp` are its ports; every user name goes with PASSWORD."""

    def __init__(self, place, *, layout="maildir", options="", fsync="optimized"):
        self.place = pathlib.Path(place)
        self.place.mkdir(parents=True, exist_ok=True)
        self.imap, self.imaps, self.lmtp = free_port(), free_port(), free_port()
        self.certificate = self.place / "cert.pem"
        nobody = pwd.getpwnam("nobody")
        for name in ("mail", "home", "run", "state"):
            (self.place / name).mkdir(exist_ok=True)
            if name in ("mail", "home"):
                os.chown(self.place / name, nobody.pw_uid, nobody.pw_gid)
        run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-keyout", self.place / "key.pem", "-out", self.certificate, "-days", "30", "-subj", "/CN=localhost",
             "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
        settings = self.place / "dovecot.conf"
        settings.write_text(CONFIGURATION.format(
            place=self.place, layout=layout, options=options, fsync=fsync, password=PASSWORD,
            uid=nobody.pw_uid, gid=nobody.pw_gid, imap=self.imap, imaps=self.imaps, lmtp=self.lmtp))
        self.start()

    def start(self):
        """Starts it, also again after `stop`: with the same ports and mail."""
        self.process = subprocess.Popen(
            ["/usr/sbin/dovecot", "-F", "-c", str(self.place / "dovecot.conf")], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self._wait()

    def _wait(self):
        for port in (self.imap, self.imaps, self.lmtp):
            end = time.monotonic() + 60
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=20).close()
                    break
                except OSError:
                    if time.monotonic() > end or self.process.poll() is not None:
                        raise AssertionError("Dovecot did not start:\n" + self.said()) from None
                    time.sleep(0.05)

    def said(self):
        log = self.place / "log"
        printed = self.process.stdout.read().decode(errors="replace") if self.process.poll() is not None else ""
        return printed + (log.read_text(errors="replace")[-4000:] if log.exists() else "")

    @property
    def pid(self):
        return self.process.pid

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdout.close()


@contextlib.contextmanager
def dovecot(place, **options):
    """A running Dovecot that is ended with the block."""
    peer = Dovecot(place, **options)
    try:
        yield peer
    finally:
        peer.stop()
