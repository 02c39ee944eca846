// What the shim (shim.c) and the rigs share: a page of memory, mapped from the file that FAULTS_CONTROL names.

#include <stdint.h>

enum { WRITES = 1, SYNCS = 2, OPENS = 4, TRUNCATES = 8, NAMES = 16, READS = 32 };

enum { DIES = -1 };

// shim.py has the same layout.
struct control {
    uint32_t calls;        // which calls are counted; 0: none
    int32_t error;         // the errno of the call that fails, or DIES
    uint64_t when;         // the number of the call that fails, from 1
    uint32_t is_lasting;   // all after it fail too
    uint32_t skips_logs;   // no file whose name ends in -wal is synchronised
    uint32_t delay;        // milliseconds that every synchronisation takes longer
    uint32_t records;      // all changes are written to FAULTS_RECORD
    _Atomic uint64_t count;    // calls so far
    _Atomic uint64_t fired;    // that failed
    _Atomic uint64_t clock;    // records so far
    _Atomic int64_t ahead;     // seconds by which the time of day is ahead of the machine's
    char what[256];        // the first that failed
};

enum operation { WRITE = 1, SYNC, TRUNCATE, CREATE, UNLINK, RENAME, LINK, MKDIR };

// A record's head; behind it lie the path, the other path and the data.
struct record {
    uint64_t clock, inode, offset, length;
    uint32_t operation, path, other, is_directory;
};
