"""Mail programs that people use, each driven as a person would, against a server with real TLS where it can."""

import mailbox
import os
import pwd
import re
import shutil

import pytest

from martlet import PASSWORD, USER, run, wait_for
from messages import made, with_crlf
from wire import IMAP


@pytest.fixture
def home(place):
    path = place / "home"
    path.mkdir()
    return path


def url(server, path="", scheme="imap"):
    port = server.imaps if scheme == "imaps" else server.imap
    host = "localhost" if scheme == "imaps" else "127.0.0.1"
    return f"{scheme}://{host}:{port}/{path}"


def curl(server, *arguments, **options):
    return run(["curl", "-sS", "--max-time", "20", "-u", f"{USER}:{PASSWORD}", *arguments], **options).stdout


def subjects(server, name="INBOX"):
    """The subjects in a mailbox, read with our own client."""
    with IMAP(server.imap) as client:
        client.login(USER, PASSWORD)
        client.command("EXAMINE", f'"{name}"')
        rows = client.command("UID FETCH 1:* (ENVELOPE)").fetches()
        return [row["ENVELOPE"][1].decode() for _, row in sorted(rows.items())]


def fill(server, count=3, name="INBOX"):
    with IMAP(server.imap) as client:
        client.login(USER, PASSWORD)
        for number in range(1, count + 1):
            client.append(name, made(f"m{number}"))


# curl

def test_curl_appends_fetches_and_searches(server, home):
    path = home / "m.eml"
    path.write_bytes(made("curl"))
    curl(server, "-T", path, url(server, "INBOX"))
    assert b"Subject: Message curl" in curl(server, url(server, "INBOX;MAILINDEX=1;SECTION=HEADER"))
    assert curl(server, url(server, "INBOX;MAILINDEX=1")) == path.read_bytes()
    assert curl(server, url(server, "INBOX;UID=1;SECTION=TEXT")).strip() == b"Hello."
    assert curl(server, url(server, "INBOX?SUBJECT%20curl")).split() == b"* SEARCH 1".split()
    status = curl(server, url(server), "-X", "STATUS INBOX (MESSAGES UIDNEXT)")
    assert b"MESSAGES 1" in status and b"UIDNEXT 2" in status


def test_curl_over_tls_and_starttls(server):
    trust = ("--cacert", server.certificate)
    assert b"INBOX" in curl(server, *trust, url(server, scheme="imaps"))
    assert b"INBOX" in curl(server, *trust, "--ssl-reqd", f"imap://localhost:{server.imap}/")


def test_curl_refuses_a_certificate_that_it_does_not_know(server):
    refused = run(["curl", "-sS", "-u", f"{USER}:{PASSWORD}", url(server, scheme="imaps")], check=False)
    assert refused.returncode == 60


# mbsync

MBSYNC = """
IMAPAccount server
Host localhost
Port {port}
User {user}
Pass {password}
SSLType IMAPS
CertificateFile {certificate}

IMAPStore far
Account server

MaildirStore near
Path {mail}/
Inbox {mail}/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns *
Create Both
Remove Both
Expunge Both
SyncState *
"""


@pytest.fixture
def mbsync(server, home):
    (home / "mail").mkdir()
    settings = home / "mbsyncrc"
    settings.write_text(MBSYNC.format(
        port=server.imaps, user=USER, password=PASSWORD, certificate=server.certificate, mail=home / "mail"))
    return lambda: run(["mbsync", "-c", settings, "-a"], env={"HOME": str(home)})


def maildir_subjects(path):
    return sorted(message["subject"] for message in mailbox.Maildir(path, create=False))


def test_mbsync_both_ways_twice(server, mbsync, home):
    fill(server, 3)
    mbsync()
    inbox = home / "mail" / "INBOX"
    assert maildir_subjects(inbox) == ["Message m1", "Message m2", "Message m3"]
    assert (home / "mail" / "Drafts").is_dir()
    before = sorted(path.name for path in inbox.rglob("*") if path.is_file())
    mbsync()
    assert sorted(path.name for path in inbox.rglob("*") if path.is_file()) == before

    # Change both sides: here a new message, a flag and a removal; there another message and a new mailbox.
    local = mailbox.Maildir(inbox, create=False)
    keys = {message["subject"]: key for key, message in local.items()}
    local.add(made("local"))
    flagged = local[keys["Message m1"]]
    flagged.set_subdir("cur")
    flagged.set_flags("FS")
    local[keys["Message m1"]] = flagged
    gone = local[keys["Message m2"]]
    gone.set_subdir("cur")
    gone.set_flags("T")
    local[keys["Message m2"]] = gone
    with IMAP(server.imap) as client:
        client.login(USER, PASSWORD)
        client.append("INBOX", made("far"))
        client.command("CREATE", "Projects")
        client.append("Projects", made("project"))
    mbsync()
    expected = ["Message far", "Message local", "Message m1", "Message m3"]
    assert sorted(subjects(server)) == expected
    assert maildir_subjects(inbox) == expected
    assert maildir_subjects(home / "mail" / "Projects") == ["Message project"]
    with IMAP(server.imap) as client:
        client.login(USER, PASSWORD)
        client.command("SELECT INBOX")
        assert client.command("SEARCH FLAGGED SEEN").numbers() == client.command("SEARCH SUBJECT m1").numbers()
    mbsync()
    assert sorted(subjects(server)) == maildir_subjects(inbox) == expected


# offlineimap

OFFLINEIMAP = """
[general]
accounts = test
metadatadir = {home}/metadata
[Account test]
localrepository = near
remoterepository = far
[Repository near]
type = Maildir
localfolders = {home}/offline
[Repository far]
type = IMAP
remotehost = localhost
remoteport = {port}
remoteuser = {user}
remotepass = {password}
ssl = yes
sslcacertfile = {certificate}
"""


@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "compressed"])
def test_offlineimap_both_ways(server, home, compressed):
    fill(server, 3)
    with IMAP(server.imap) as client:
        client.login(USER, PASSWORD)
        client.append("INBOX", made("large", size=400_000))
    settings = home / "offlineimaprc"
    settings.write_text(OFFLINEIMAP.format(
        home=home, port=server.imaps, user=USER, password=PASSWORD, certificate=server.certificate)
        + ("usecompression = yes\n" if compressed else ""))

    def offlineimap():
        done = run(["offlineimap", "-o", "-d", "imap", "-u", "basic", "-c", settings], env={"HOME": str(home)})
        said = done.stdout + done.stderr
        assert b"ERROR" not in said, said.decode(errors="replace")
        # COMPRESS was asked for, and what followed was understood.
        assert (re.search(rb"COMPRESS DEFLATE", said) is not None) == compressed, said.decode(errors="replace")

    offlineimap()
    inbox = home / "offline" / "INBOX"
    assert maildir_subjects(inbox) == ["Message large", "Message m1", "Message m2", "Message m3"]
    mailbox.Maildir(inbox, create=False).add(made("local", size=100_000))
    offlineimap()
    assert sorted(subjects(server)) == ["Message large", "Message local", "Message m1", "Message m2", "Message m3"]
    assert maildir_subjects(inbox) == sorted(subjects(server))


# neomutt

MUTTRC = """
set folder="imaps://localhost:{port}/"
set imap_user="{user}"
set imap_pass="{password}"
set ssl_force_tls=yes
set certificate_file="{certificate}"
set ssl_verify_host=no
set confirmappend=no
set confirmcreate=no
set quit=yes
set wait_key=no
set sleep_time=0
set record=""
set mail_check=1
set header_cache=""
set delete=yes
set move=no
"""


def test_neomutt_copies_and_deletes(server, home):
    fill(server, 3)
    settings = home / "muttrc"
    settings.write_text(MUTTRC.format(
        port=server.imaps, user=USER, password=PASSWORD, certificate=server.certificate))
    keys = "<tag-pattern>~A<enter><tag-prefix><copy-message>=Trash<enter>" \
           "<delete-pattern>~s m2<enter><sync-mailbox><quit>"
    address = f"imaps://localhost:{server.imaps}/INBOX"
    shell = f"stty rows 30 cols 100; neomutt -n -F {settings} -f {address} -e 'push \"{keys}\"'"
    run(["script", "-qfec", shell, home / "typescript"], env={"TERM": "xterm", "HOME": str(home)})
    assert subjects(server, "Trash") == ["Message m1", "Message m2", "Message m3"]
    assert subjects(server) == ["Message m1", "Message m3"]


# imapfilter

IMAPFILTER = """
options.timeout = 60
options.starttls = true
options.certificates = true
options.create = true
account = IMAP {{ server = 'localhost', port = {port}, username = '{user}', password = '{password}' }}
found = account.INBOX:contain_subject('m2') + account.INBOX:contain_subject('m3')
found:mark_flagged()
found:move_messages(account['Sorted/Deep'])
rest = account.INBOX:is_unseen()
rest:mark_seen()
"""


def test_imapfilter_sorts(server, home):
    fill(server, 4)
    settings = home / "config.lua"
    settings.write_text(IMAPFILTER.format(port=server.imap, user=USER, password=PASSWORD))
    run(["imapfilter", "-c", settings, "-l", home / "log", "-t", server.certificate], env={"HOME": str(home)})
    assert sorted(subjects(server, "Sorted/Deep")) == ["Message m2", "Message m3"]
    assert subjects(server) == ["Message m1", "Message m4"]
    with IMAP(server.imap) as client:
        client.login(USER, PASSWORD)
        client.command("SELECT INBOX")
        assert client.command("SEARCH SEEN").numbers() == [1, 2]
        client.command('SELECT "Sorted/Deep"')
        assert client.command("SEARCH FLAGGED").numbers() == [1, 2]


# fetchmail

FETCHMAIL = """
poll localhost service {port} protocol IMAP auth password
  username "{user}" password "{password}"
  ssl sslcertfile {certificate}
  {keep} fetchall
  mda "sh -c 'cat >>{home}/out.mbox; echo >>{home}/out.mbox'"
"""


@pytest.mark.parametrize("keep", ["keep", "no keep"])
def test_fetchmail_takes_all(server, home, keep):
    fill(server, 3)
    settings = home / "fetchmailrc"
    settings.write_text(FETCHMAIL.format(
        port=server.imaps, user=USER, password=PASSWORD, certificate=server.certificate, home=home, keep=keep))
    settings.chmod(0o600)
    run(["fetchmail", "-f", settings, "--pidfile", home / "pid", "-v"], env={"HOME": str(home), "FETCHMAILHOME": str(home)})
    taken = (home / "out.mbox").read_bytes()
    assert re.findall(rb"Subject: Message (m\d)", taken) == [b"m1", b"m2", b"m3"]
    assert len(subjects(server)) == (3 if keep == "keep" else 0)


# getmail

GETMAIL = """
[retriever]
type = SimpleIMAPSSLRetriever
server = localhost
port = {port}
username = {user}
password = {password}
ca_certs = {certificate}
mailboxes = ("INBOX", "Archive")
[destination]
type = Maildir
path = {home}/got/
[options]
read_all = false
delete = false
"""


def test_getmail_takes_new_mail_only(server, home):
    fill(server, 2)
    fill(server, 1, "Archive")
    trusted = home / "cert.pem"
    shutil.copy(server.certificate, trusted)
    for name in ("got/cur", "got/new", "got/tmp", "state"):
        (home / name).mkdir(parents=True)
    (home / "state" / "getmailrc").write_text(GETMAIL.format(
        port=server.imaps, user=USER, password=PASSWORD, certificate=trusted, home=home))
    command = ["getmail", "--getmaildir", str(home / "state")]
    if os.getuid() == 0:  # getmail does not deliver as root
        nobody = pwd.getpwnam("nobody")
        for path in [home, *home.rglob("*")]:
            os.chown(path, nobody.pw_uid, nobody.pw_gid)
        command = ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups", *command]
    run(command, env={"HOME": str(home)})
    assert maildir_subjects(home / "got") == ["Message m1", "Message m1", "Message m2"]
    run(command, env={"HOME": str(home)})
    assert len(maildir_subjects(home / "got")) == 3


# mailutils and s-nail

def test_mailutils_lists_headers(server, home):
    fill(server, 3)
    user = USER.replace("@", "%40")
    done = run(["mail", "-H", "-f", f"imap://{user}:{PASSWORD}@127.0.0.1:{server.imap};auth=login"],
               env={"HOME": str(home)})
    assert re.findall(rb"Message (m\d)", done.stdout) == [b"m1", b"m2", b"m3"]


def test_s_nail_reads_headers(server, home):
    fill(server, 3)
    user = USER.replace("@", "%40")
    done = run(["s-nail", "-:/", "-Sv15-compat", "-Simap-auth=login", f"-Spassword={PASSWORD}", "-#",
                "-X", f"File imap://{user}@127.0.0.1:{server.imap}/INBOX", "-X", "headers", "-Xx"],
               env={"HOME": str(home)})
    assert re.findall(rb"Message (m\d)", done.stdout) == [b"m1", b"m2", b"m3"], done


# Perl

TALK = r"""
use Mail::IMAPTalk;
my ($port, $user, $password) = @ARGV;
my $imap = Mail::IMAPTalk->new(Server => "127.0.0.1", Port => $port, Username => $user, Password => $password)
    or die "login: $@";
$imap->select("INBOX") or die "select: $@";
my $rows = $imap->fetch("1:*", "(uid flags envelope bodystructure)") or die "fetch: $@";
print join(",", map { $rows->{$_}{envelope}{Subject} } sort { $a <=> $b } keys %$rows), "\n";
print join(",", map { $rows->{$_}{bodystructure}{"MIME-TxtType"} // $rows->{$_}{bodystructure}{"MIME-Type"} }
    sort { $a <=> $b } keys %$rows), "\n";
$imap->store("1", "+flags", "(\\flagged)") or die "store: $@";
$imap->copy("1:2", "Archive") or die "copy: $@";
print join(",", @{$imap->search("flagged")}), "\n";
$imap->logout;
"""


def test_imaptalk(server):
    fill(server, 3)
    done = run(["perl", "-e", TALK, server.imap, USER, PASSWORD])
    assert done.stdout.split(b"\n")[0] == b"Message m1,Message m2,Message m3"
    assert done.stdout.split(b"\n")[2] == b"1"
    assert subjects(server, "Archive") == ["Message m1", "Message m2"]
