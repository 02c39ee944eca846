-- V003: who else may use this account's mailboxes.

-- grantee is an account's id in directory.db, 0 for everybody; no id is ever given to another account. rights are the
-- bits of Mail's MailboxRights. A negative entry takes away what the others give (RFC 4314 section 2).
CREATE TABLE acl (
    mailbox_id INTEGER NOT NULL REFERENCES mailbox (id),
    grantee INTEGER NOT NULL CHECK (grantee >= 0),
    negative INTEGER NOT NULL CHECK (negative IN (0, 1)),
    rights INTEGER NOT NULL CHECK (rights BETWEEN 1 AND 2047),
    PRIMARY KEY (mailbox_id, grantee, negative)
) STRICT, WITHOUT ROWID;

CREATE INDEX acl_grantee ON acl (grantee);

-- "Other Users/" is now where the mailboxes of others are shown. A mailbox of that name that was there before gets
-- another that is as long.
UPDATE OR IGNORE mailbox SET name = 'Other_Users' || substr(name, 12)
WHERE name = 'Other Users' OR substr(name, 1, 12) = 'Other Users/';
UPDATE OR IGNORE subscription SET name = 'Other_Users' || substr(name, 12)
WHERE name = 'Other Users' OR substr(name, 1, 12) = 'Other Users/';
