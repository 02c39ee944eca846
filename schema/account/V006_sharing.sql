-- V006: what copies from other accounts were called there; which messages vanished since, without looking at all.

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
