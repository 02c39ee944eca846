-- V003: IMAP capabilities that an account is spared, or given besides what every account has: a way out of a client's bug.

CREATE TABLE capability_switch (
    account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    -- as CAPABILITY writes it, in upper case
    name TEXT NOT NULL,
    is_enabled INTEGER NOT NULL CHECK (is_enabled IN (0, 1)),
    PRIMARY KEY (account_id, name)
) STRICT, WITHOUT ROWID;
