-- V001: who has mail here: domains, accounts, addresses, credentials; the server's own settings; the audit trail.

CREATE TABLE setting (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE domain (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    created INTEGER NOT NULL
) STRICT;

-- AUTOINCREMENT: an id names the file accounts/<id>.db, and no later account may inherit it.
CREATE TABLE account (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    status TEXT NOT NULL CHECK (status IN ('active', 'suspended')),
    display_name TEXT NOT NULL,
    quota_bytes INTEGER CHECK (quota_bytes >= 0),
    created INTEGER NOT NULL,
    -- grows with every change that must end or re-check the account's sessions
    generation INTEGER NOT NULL DEFAULT 1
) STRICT;

-- text is the address as it was written, key what is compared: the local part with ASCII letters in lower case.
-- '@example.org' is the catch-all of example.org.
CREATE TABLE address (
    id INTEGER PRIMARY KEY,
    domain_id INTEGER NOT NULL REFERENCES domain (id),
    text TEXT NOT NULL,
    key TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('account', 'alias')),
    created INTEGER NOT NULL
) STRICT;

CREATE INDEX address_domain ON address (domain_id);

CREATE TABLE address_target (
    address_id INTEGER NOT NULL REFERENCES address (id) ON DELETE CASCADE,
    account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    PRIMARY KEY (address_id, account_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX address_target_account ON address_target (account_id);

CREATE TABLE credential (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    secret TEXT NOT NULL,
    label TEXT NOT NULL DEFAULT '',
    created INTEGER NOT NULL,
    changed INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX credential_password ON credential (account_id) WHERE kind = 'password';

CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    time INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL DEFAULT ''
) STRICT;
