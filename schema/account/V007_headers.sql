-- V007: the header fields that clients ask for in lists, of many messages together.

-- Of the bodies 64 * id ... 64 * id + 63, once none of them can be new any more. Bodies that the group lacks, and
-- groups that are not there, are read from body_chunk. encoding as in body_chunk, size that of what is decoded.
CREATE TABLE header_group (
    id INTEGER PRIMARY KEY,
    encoding INTEGER NOT NULL CHECK (encoding IN (0, 1)),
    size INTEGER NOT NULL CHECK (size > 0),
    data BLOB NOT NULL
) STRICT;

-- Groups below this one are made, but for those without bodies; the background makes the others.
ALTER TABLE search_state ADD COLUMN header_groups INTEGER NOT NULL DEFAULT 0 CHECK (header_groups >= 0);
