-- V010: which tombstones a mailbox lacks, because it came from a backup.

-- What was in it between the backup and its return has left no tombstones. Whoever knows the mailbox as it was at an
-- earlier MODSEQ than this is told of every UID that is not there (RFC 7162 section 3.2.6). 0: all tombstones are there.
ALTER TABLE mailbox ADD COLUMN tombstones_since INTEGER NOT NULL DEFAULT 0;
