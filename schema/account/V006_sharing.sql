-- V006: what copies from other accounts were called there; \Seen for each who reads a shared mailbox; which messages
-- vanished since, without looking at all.

-- The EMAILID and the THREADID that a message copied from another account keeps (RFC 8474 section 5): the account and
-- the key there. Other bodies have none but their own.
CREATE TABLE body_origin (
    body_id INTEGER PRIMARY KEY REFERENCES body (id) ON DELETE CASCADE,
    account_id INTEGER NOT NULL CHECK (account_id > 0),
    source_body_id INTEGER NOT NULL,
    thread_account_id INTEGER NOT NULL CHECK (thread_account_id > 0),
    thread_id INTEGER NOT NULL
) STRICT;

CREATE INDEX body_origin_source ON body_origin (source_body_id, account_id);

-- A thread that was begun by such a copy is called after the thread that the copy came from. It stays as long as the
-- file: messages of the thread outlive the one that began it.
CREATE TABLE thread_origin (
    thread_id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL CHECK (account_id > 0),
    source_thread_id INTEGER NOT NULL
) STRICT;

-- VANISHED (RFC 7162 section 3.2.6): tombstones stay as long as their mailbox, and clients ask for the newest.
CREATE INDEX tombstone_modseq ON tombstone (mailbox_id, modseq);

-- A guest who has set or cleared \Seen in a mailbox: how many of its messages they have seen, and the newest change.
CREATE TABLE reader (
    mailbox_id INTEGER NOT NULL REFERENCES mailbox (id),
    account_id INTEGER NOT NULL CHECK (account_id > 0),
    modseq INTEGER NOT NULL,
    seen INTEGER NOT NULL CHECK (seen >= 0),
    PRIMARY KEY (mailbox_id, account_id)
) STRICT, WITHOUT ROWID;

-- A guest's \Seen and its last change. The flag set of the message has the owner's.
CREATE TABLE reader_message (
    mailbox_id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    uid INTEGER NOT NULL,
    is_seen INTEGER NOT NULL CHECK (is_seen IN (0, 1)),
    modseq INTEGER NOT NULL,
    PRIMARY KEY (mailbox_id, account_id, uid),
    FOREIGN KEY (mailbox_id, account_id) REFERENCES reader (mailbox_id, account_id)
) STRICT, WITHOUT ROWID;

-- Until now \Seen was one for all who read a mailbox: to each of them what it was stays seen.
INSERT INTO reader (mailbox_id, account_id, modseq, seen)
SELECT mailbox_id, grantee, (SELECT modseq FROM account_state WHERE id = 1), (
    SELECT count(*) FROM message JOIN flag_set ON flag_set.id = flag_set
    WHERE message.mailbox_id = acl.mailbox_id AND system & 8 != 0
) FROM acl WHERE grantee > 0 AND negative = 0;

INSERT INTO reader_message (mailbox_id, account_id, uid, is_seen, modseq)
SELECT reader.mailbox_id, reader.account_id, message.uid, 1, message.modseq FROM reader
JOIN message ON message.mailbox_id = reader.mailbox_id JOIN flag_set ON flag_set.id = flag_set
WHERE system & 8 != 0;
