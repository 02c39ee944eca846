-- V001: one account's mail: mailboxes, messages, bodies, tombstones.

-- One row. modseq is the account's modification counter, last_uid_validity the newest UIDVALIDITY given out; neither goes back.
CREATE TABLE account_state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    modseq INTEGER NOT NULL CHECK (modseq >= 1),
    last_uid_validity INTEGER NOT NULL,
    used_bytes INTEGER NOT NULL CHECK (used_bytes >= 0),
    quota_bytes INTEGER CHECK (quota_bytes >= 0)
) STRICT;

INSERT INTO account_state (id, modseq, last_uid_validity, used_bytes) VALUES (1, 1, 0, 0);

-- A deleted mailbox keeps its row, so that its messages can be restored with it; its name is free again at once.
CREATE TABLE mailbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    special_use TEXT,
    uid_validity INTEGER NOT NULL CHECK (uid_validity BETWEEN 1 AND 4294967295),
    uid_next INTEGER NOT NULL CHECK (uid_next BETWEEN 1 AND 4294967296),
    -- messages from this UID on have not been shown as \Recent to any session
    first_recent INTEGER NOT NULL,
    modseq INTEGER NOT NULL,
    messages INTEGER NOT NULL DEFAULT 0 CHECK (messages >= 0),
    unseen INTEGER NOT NULL DEFAULT 0 CHECK (unseen >= 0),
    deleted INTEGER NOT NULL DEFAULT 0 CHECK (deleted >= 0),
    size INTEGER NOT NULL DEFAULT 0 CHECK (size >= 0),
    created INTEGER NOT NULL,
    deleted_at INTEGER
) STRICT;

CREATE UNIQUE INDEX mailbox_name ON mailbox (name) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX mailbox_special_use ON mailbox (special_use) WHERE deleted_at IS NULL AND special_use IS NOT NULL;

-- Names, not mailboxes: a subscription outlives its mailbox (RFC 3501 section 6.3.6).
CREATE TABLE subscription (
    name TEXT NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- A keyword's first spelling.
CREATE TABLE keyword (
    key TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Each combination of flags that a message has had: system flags as bits, keyword keys in order, separated by spaces.
CREATE TABLE flag_set (
    id INTEGER PRIMARY KEY,
    system INTEGER NOT NULL,
    keywords TEXT NOT NULL,
    UNIQUE (system, keywords)
) STRICT;

-- What was computed once from a message's bytes. envelope and body_structure are ready to send; parts is Mail's PartIndex.
CREATE TABLE body (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    size INTEGER NOT NULL CHECK (size >= 0),
    header_size INTEGER NOT NULL CHECK (header_size BETWEEN 0 AND size),
    sent_date INTEGER,
    message_id BLOB,
    envelope BLOB NOT NULL,
    body_structure BLOB NOT NULL,
    parts BLOB NOT NULL
) STRICT;

-- The bytes. id is body id * 65536 + chunk number; chunk 0 is the header block, unless that is longer than a chunk.
-- encoding: 0 as it is, 1 one zstd frame.
CREATE TABLE body_chunk (
    id INTEGER PRIMARY KEY,
    encoding INTEGER NOT NULL,
    size INTEGER NOT NULL,
    data BLOB NOT NULL
) STRICT;

-- internal_date is Mail's packed MailDate, save_date seconds since 1970.
CREATE TABLE message (
    mailbox_id INTEGER NOT NULL REFERENCES mailbox (id),
    uid INTEGER NOT NULL CHECK (uid BETWEEN 1 AND 4294967295),
    modseq INTEGER NOT NULL,
    flag_set INTEGER NOT NULL REFERENCES flag_set (id),
    internal_date INTEGER NOT NULL,
    save_date INTEGER NOT NULL,
    size INTEGER NOT NULL,
    body_id INTEGER NOT NULL REFERENCES body (id),
    PRIMARY KEY (mailbox_id, uid)
) STRICT, WITHOUT ROWID;

CREATE INDEX message_body ON message (body_id);

-- An expunged message: told to clients that ask what vanished, and restorable while body_id is set.
CREATE TABLE tombstone (
    mailbox_id INTEGER NOT NULL REFERENCES mailbox (id),
    uid INTEGER NOT NULL,
    modseq INTEGER NOT NULL,
    flag_set INTEGER NOT NULL REFERENCES flag_set (id),
    internal_date INTEGER NOT NULL,
    save_date INTEGER NOT NULL,
    size INTEGER NOT NULL,
    body_id INTEGER REFERENCES body (id),
    expunged_at INTEGER NOT NULL,
    PRIMARY KEY (mailbox_id, uid)
) STRICT, WITHOUT ROWID;

CREATE INDEX tombstone_body ON tombstone (body_id) WHERE body_id IS NOT NULL;
CREATE INDEX tombstone_age ON tombstone (expunged_at) WHERE body_id IS NOT NULL;

-- What an import has already brought in, by the importer's own key, so that a second run brings nothing twice.
CREATE TABLE import_record (
    mailbox_id INTEGER NOT NULL REFERENCES mailbox (id),
    key BLOB NOT NULL,
    uid INTEGER NOT NULL,
    PRIMARY KEY (mailbox_id, key)
) STRICT, WITHOUT ROWID;
