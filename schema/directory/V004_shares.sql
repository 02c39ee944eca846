-- V004: which accounts share mailboxes with which, so that nobody has to look into every account's file.

-- What is shared stands in the owner's file and counts alone; a row here only says that it is worth a look.
-- grantee_id is 0 for everybody.
CREATE TABLE share (
    grantee_id INTEGER NOT NULL CHECK (grantee_id >= 0),
    owner_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    PRIMARY KEY (grantee_id, owner_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX share_owner ON share (owner_id);

CREATE TRIGGER share_grantee_removed AFTER DELETE ON account BEGIN
    DELETE FROM share WHERE grantee_id = OLD.id;
END;
