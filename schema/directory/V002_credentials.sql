-- V002: more kinds of credentials, who logged in with which, what was guessed, who is banned; the audit trail is kept.

-- Kinds: password and totp (one of each per account), recovery-code, app-password, certificate.
-- public_id finds the row before anything secret is compared: the id inside an app password, or the SHA-256 of a
-- certificate's DER in hex. scopes and networks are separated by spaces. scram holds an app password's SCRAM keys.
-- confirmed is 0 while a TOTP secret is offered and no code has proved it; last_step is the last TOTP step accepted;
-- failures counts the wrong proofs in a row. All times are in seconds since 1970.
ALTER TABLE credential ADD COLUMN public_id TEXT;
ALTER TABLE credential ADD COLUMN scopes TEXT NOT NULL DEFAULT '';
ALTER TABLE credential ADD COLUMN networks TEXT NOT NULL DEFAULT '';
ALTER TABLE credential ADD COLUMN expires INTEGER;
ALTER TABLE credential ADD COLUMN scram TEXT;
ALTER TABLE credential ADD COLUMN confirmed INTEGER NOT NULL DEFAULT 1 CHECK (confirmed IN (0, 1));
ALTER TABLE credential ADD COLUMN last_step INTEGER NOT NULL DEFAULT 0;
ALTER TABLE credential ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;
-- kept here as well as in login_history, which forgets
ALTER TABLE credential ADD COLUMN last_used INTEGER;
ALTER TABLE credential ADD COLUMN uses INTEGER NOT NULL DEFAULT 0;

CREATE UNIQUE INDEX credential_public_id ON credential (public_id) WHERE public_id IS NOT NULL;
CREATE UNIQUE INDEX credential_totp ON credential (account_id) WHERE kind = 'totp';
CREATE INDEX credential_account ON credential (account_id, kind);
CREATE INDEX credential_kind ON credential (kind);

-- Where the main password is accepted; NULL as the server's setting policy.main-password says.
ALTER TABLE account ADD COLUMN main_password TEXT
    CHECK (main_password IN ('everywhere', 'trusted-networks', 'never'));
-- One salt for the SCRAM keys of all app passwords: the server names it before it knows which one the client proves.
ALTER TABLE account ADD COLUMN scram_salt BLOB CHECK (length(scram_salt) = 16);

-- Logins that succeeded, one row for each way in. credential_id refers to no row: a revoked credential's history stays,
-- and no id is given out twice. client and tls are '' when there was none.
CREATE TABLE login_history (
    id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    credential_id INTEGER NOT NULL,
    protocol TEXT NOT NULL,
    address TEXT NOT NULL,
    client TEXT NOT NULL,
    tls TEXT NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    count INTEGER NOT NULL CHECK (count > 0),
    UNIQUE (account_id, credential_id, protocol, address, client, tls)
) STRICT;

CREATE INDEX login_history_last ON login_history (account_id, last);

-- Logins that failed; name is what the client gave, of whomever. account_id is NULL where nobody has that name.
CREATE TABLE login_failure (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    time INTEGER NOT NULL,
    account_id INTEGER REFERENCES account (id) ON DELETE CASCADE,
    name TEXT NOT NULL COLLATE NOCASE,
    address TEXT NOT NULL,
    protocol TEXT NOT NULL,
    mechanism TEXT NOT NULL,
    tls TEXT NOT NULL,
    reason TEXT NOT NULL
) STRICT;

CREATE INDEX login_failure_account ON login_failure (account_id);

-- Failures counted over a short and a long time; subject is a network as ban has it, or another key of the limiter's.
CREATE TABLE guess (
    subject TEXT NOT NULL PRIMARY KEY,
    short_start INTEGER NOT NULL,
    short_count INTEGER NOT NULL CHECK (short_count >= 0),
    long_start INTEGER NOT NULL,
    long_count INTEGER NOT NULL CHECK (long_count >= 0)
) STRICT, WITHOUT ROWID;

CREATE INDEX guess_long_start ON guess (long_start);

-- Networks that may not connect; expires is NULL for one that only a person ends.
CREATE TABLE ban (
    network TEXT NOT NULL PRIMARY KEY,
    created INTEGER NOT NULL,
    expires INTEGER,
    reason TEXT NOT NULL,
    actor TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The audit trail only grows. REPLACE fires no DELETE trigger, hence the third.
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN
    SELECT RAISE(ABORT, 'the audit trail is append-only');
END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN
    SELECT RAISE(ABORT, 'the audit trail is append-only');
END;
CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit
WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id) BEGIN
    SELECT RAISE(ABORT, 'the audit trail is append-only');
END;
