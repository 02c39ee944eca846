"""Python's client libraries: what scripts and web mail back ends are written with."""

import asyncio
import imaplib
import time

import aioimaplib
import imap_tools
import imaplib2

from martlet import PASSWORD, USER, best_of
from messages import made
from wire import IMAP, trusting


def test_imaplib_over_tls(server):
    with imaplib.IMAP4_SSL("localhost", server.imaps, ssl_context=trusting(server.certificate)) as client:
        client.login(USER, PASSWORD)
        assert client.append("INBOX", r"(\Seen)", None, made("one"))[0] == "OK"
        assert client.append("INBOX", None, '"17-Jul-1996 02:44:25 -0700"', made("two"))[0] == "OK"
        assert client.select("INBOX") == ("OK", [b"2"])
        status, rows = client.uid("FETCH", "1:*", "(FLAGS INTERNALDATE BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
        assert status == "OK" and rows[0][1] == b"Subject: Message one\r\n\r\n"
        assert rb"\Seen" in rows[0][0] and b'"17-Jul-1996 02:44:25 -0700"' in rows[2][0]
        assert client.search(None, "UNSEEN") == ("OK", [b"2"])
        assert client.store("1", "+FLAGS", r"(\Deleted)")[0] == "OK"
        assert client.expunge() == ("OK", [b"1"])
        assert client.status("INBOX", "(MESSAGES UIDNEXT UNSEEN)")[1][0].upper().endswith(b"(MESSAGES 1 UIDNEXT 3 UNSEEN 1)")
        assert client.create('"Holiday &- sun"')[0] == "OK"
        assert client.list()[0] == "OK"


def test_imaplib_starttls(server):
    client = imaplib.IMAP4("localhost", server.imap)
    client.starttls(trusting(server.certificate))
    client.login(USER, PASSWORD)
    assert client.namespace() == ("OK", [b'(("" "/")) (("Other Users/" "/")) NIL'])
    client.logout()


def test_imaplib2_idles(server):
    client = imaplib2.IMAP4("127.0.0.1", server.imap)
    client.login(USER, PASSWORD)
    client.select("INBOX")
    assert client.idle(1)[0] == "OK"
    client.logout()


def test_imap_tools(server):
    with imap_tools.MailBox("localhost", server.imaps, ssl_context=trusting(server.certificate)) as box:
        box.login(USER, PASSWORD)
        for number in range(3):
            box.append(made(f"m{number}", attachment=b"\0\1\2" * 50), "INBOX", flag_set=[imap_tools.MailMessageFlags.SEEN])
        box.folder.create("Élan/Ünter")
        assert "Élan/Ünter" in [folder.name for folder in box.folder.list()]
        assert box.folder.status("INBOX")["MESSAGES"] == 3
        messages = list(box.fetch(imap_tools.AND(subject="m1")))
        assert [message.subject for message in messages] == ["Message m1"]
        assert messages[0].attachments[0].payload == b"\0\1\2" * 50
        uids = box.uids()
        box.flag(uids[0], imap_tools.MailMessageFlags.FLAGGED, True)
        box.move(uids[1:], "Élan/Ünter")
        assert len(box.uids()) == 1
        box.folder.set("Élan/Ünter")
        assert len(box.uids(imap_tools.AND(seen=True))) == 2
        box.delete(box.uids())
        assert box.uids() == []
        box.folder.set("INBOX")
        box.folder.rename("Élan/Ünter", "Ünter")
        box.folder.delete("Ünter")


def test_aioimaplib_is_told_while_idle(server):
    async def scene():
        client = aioimaplib.IMAP4(host="127.0.0.1", port=server.imap, timeout=60)
        await client.wait_hello_from_server()
        assert (await client.login(USER, PASSWORD)).result == "OK"
        assert (await client.select("INBOX")).result == "OK"
        idle = await client.idle_start(timeout=60)
        began = time.monotonic()
        await asyncio.to_thread(deliver)
        told = await client.wait_server_push(timeout=60)
        took = time.monotonic() - began
        client.idle_done()
        await asyncio.wait_for(idle, 60)
        await client.logout()
        return told, took

    def deliver():
        with IMAP(server.imap) as other:
            other.login(USER, PASSWORD)
            other.append("INBOX", made("news"))

    def once():
        told, took = asyncio.run(scene())
        assert any(line.endswith(b"EXISTS") for line in told), told
        return took
    best_of(once, within=2, what="the news, with the login of who brought it,")


def test_idle_tells_within_milliseconds(server, alice):
    """From the moment the other session has its OK until the idle one has read EXISTS."""
    with IMAP(server.imap) as idle:
        idle.login(USER, PASSWORD)
        idle.command("SELECT INBOX")
        idle.idle()

        def told():
            """The median of fifty; the worst counts as a tenth of itself."""
            waits = []
            for number in range(50):
                alice.append("INBOX", made(f"n{number}"))
                began = time.monotonic()
                while not idle.line().endswith(b"EXISTS"):
                    pass
                waits.append(time.monotonic() - began)
            waits.sort()
            print(f"median {waits[25] * 1000:.2f} ms, worst {waits[-1] * 1000:.2f} ms")
            return max(waits[25], waits[-1] / 10)
        best_of(told, within=0.05, what="EXISTS in IDLE")
        idle.done()
