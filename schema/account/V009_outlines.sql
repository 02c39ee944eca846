-- V009: what ENVELOPE and BODYSTRUCTURE tell, of many messages together.

-- Of the bodies 16 * id ... 16 * id + 15, once none of them can be new any more. encoding and size as in header_group.
CREATE TABLE outline_group (
    id INTEGER PRIMARY KEY,
    encoding INTEGER NOT NULL CHECK (encoding IN (0, 1)),
    size INTEGER NOT NULL CHECK (size > 0),
    data BLOB NOT NULL
) STRICT;

-- Groups below outline_groups are made, but for those without bodies. What a group below emptied_groups has, it alone
-- has: envelope and body_structure are empty in body then. The background does both.
ALTER TABLE search_state ADD COLUMN outline_groups INTEGER NOT NULL DEFAULT 0 CHECK (outline_groups >= 0);
ALTER TABLE search_state ADD COLUMN emptied_groups INTEGER NOT NULL DEFAULT 0 CHECK (emptied_groups >= 0);
