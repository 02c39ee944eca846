-- V002: what SORT, THREAD and SEARCH look up: sort keys, threads, and the index of substrings.

-- A body's sort values, folded by i;unicode-casemap; its sent date is the body's. Bodies from before this script get
-- their rows in the background, up to search_state.keys_until.
CREATE TABLE sort_key (
    body_id INTEGER PRIMARY KEY REFERENCES body (id) ON DELETE CASCADE,
    subject BLOB NOT NULL,
    is_reply INTEGER NOT NULL CHECK (is_reply IN (0, 1)),
    from_mailbox BLOB NOT NULL,
    to_mailbox BLOB NOT NULL,
    cc_mailbox BLOB NOT NULL,
    from_display BLOB NOT NULL,
    to_display BLOB NOT NULL
) STRICT;

-- thread_id is the id of the body that began the thread, and never changes. message_id is normalized; ancestors are
-- the normalized identifiers of References, each ended by NUL.
CREATE TABLE thread_member (
    body_id INTEGER PRIMARY KEY REFERENCES body (id) ON DELETE CASCADE,
    thread_id INTEGER NOT NULL,
    message_id BLOB,
    ancestors BLOB NOT NULL
) STRICT;

CREATE INDEX thread_member_thread ON thread_member (thread_id);

-- The thread of messages that have or name an identifier under a base subject; key is a hash of both.
CREATE TABLE thread_link (
    key INTEGER PRIMARY KEY,
    thread_id INTEGER NOT NULL
) STRICT;

-- Two threads that a later message has joined: what belongs to the first goes to the second from then on.
CREATE TABLE thread_merge (
    thread_id INTEGER PRIMARY KEY,
    into_id INTEGER NOT NULL CHECK (into_id < thread_id)
) STRICT;

-- The trigrams of folded text. rowid is the body's id; nothing is ever taken out but by making the index anew, and a
-- body's id is never used again.
CREATE VIRTUAL TABLE search_header USING fts5 (
    text, content = '', columnsize = 0, detail = none, tokenize = 'trigram case_sensitive 1'
);
CREATE VIRTUAL TABLE search_body USING fts5 (
    text, content = '', columnsize = 0, detail = none, tokenize = 'trigram case_sensitive 1'
);

-- Bodies with too much text for the index: they are looked at in every search.
CREATE TABLE search_large (
    body_id INTEGER PRIMARY KEY REFERENCES body (id) ON DELETE CASCADE
) STRICT;

-- One row. Bodies up to indexed_to are in the index, which was made under version; bodies is how many it has taken in,
-- those that are gone since too. Bodies between keys_from and keys_until may lack sort_key and thread_member.
CREATE TABLE search_state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    version INTEGER NOT NULL,
    indexed_to INTEGER NOT NULL CHECK (indexed_to >= 0),
    bodies INTEGER NOT NULL CHECK (bodies >= 0),
    keys_from INTEGER NOT NULL,
    keys_until INTEGER NOT NULL
) STRICT;

INSERT INTO search_state (id, version, indexed_to, bodies, keys_from, keys_until)
SELECT 1, 0, 0, 0, 0, coalesce(max(id), 0) FROM body;
