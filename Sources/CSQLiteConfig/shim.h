// The door to sqlite3_db_config(3), whose arguments differ from option to option: Swift cannot call such functions.
#ifndef MARTLET_CSQLITECONFIG_SHIM_H
#define MARTLET_CSQLITECONFIG_SHIM_H

struct sqlite3;
extern int sqlite3_db_config(struct sqlite3 *connection, int option, ...);

// SQLITE_DBCONFIG_DEFENSIVE: SQL can write neither to the schema's table nor to what lies behind an index of FTS5, and
// cannot switch the journal off.
static inline int martlet_sqlite_defensive(struct sqlite3 *connection) {
    return sqlite3_db_config(connection, 1010, 1, (int *)0);
}
#endif
