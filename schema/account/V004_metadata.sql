-- V004: a bound on the number of messages, and annotations (RFC 5464).

ALTER TABLE account_state ADD COLUMN quota_messages INTEGER CHECK (quota_messages >= 0);
-- 1 when the account's owner may set its quota over IMAP.
ALTER TABLE account_state ADD COLUMN quota_by_owner INTEGER NOT NULL DEFAULT 0;

-- mailbox_id is 0 for what belongs to the account and no mailbox of it (the "server" to IMAP), account_id whose private
-- entry it is, 0 for a shared one. entry is in lower case. A value that was removed leaves a row without one, so that
-- sessions hear of it.
CREATE TABLE annotation (
    id INTEGER PRIMARY KEY,
    mailbox_id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    entry TEXT NOT NULL,
    value BLOB,
    modseq INTEGER NOT NULL,
    UNIQUE (mailbox_id, account_id, entry)
) STRICT;

CREATE INDEX annotation_modseq ON annotation (modseq);
