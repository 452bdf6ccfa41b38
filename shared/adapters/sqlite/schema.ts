/** "NVED": tells our files from other SQLite databases. */
export const APPLICATION_ID = 0x4e564544;

/** The steps from an empty file to the present schema; a file's `user_version` is how many it has taken. Only ever append. */
export const MIGRATIONS: readonly string[] = [`
  CREATE TABLE identity (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), table_id TEXT NOT NULL, generation INTEGER NOT NULL) STRICT;

  CREATE TABLE rows (key TEXT PRIMARY KEY, revision INTEGER NOT NULL, candidate TEXT, bytes BLOB NOT NULL) STRICT;
  CREATE INDEX row_candidates ON rows (candidate, key) WHERE candidate IS NOT NULL;
  CREATE TABLE segments (log TEXT, last INTEGER, first INTEGER, bytes BLOB NOT NULL, PRIMARY KEY (log, last, first)) STRICT, WITHOUT ROWID;
  CREATE TABLE contents (key TEXT, hash TEXT, bytes BLOB NOT NULL, PRIMARY KEY (key, hash)) STRICT;

  CREATE TABLE others (log TEXT PRIMARY KEY, counter INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE floors (log TEXT PRIMARY KEY, counter INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE region (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), max_stamp TEXT, local_log TEXT, local_head INTEGER, writable_until_ms REAL) STRICT;
  INSERT INTO region (only_row) VALUES (1);

  CREATE TABLE documents (name TEXT PRIMARY KEY, revision INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT;
  CREATE TABLE merkle_index (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), revision INTEGER NOT NULL, vector TEXT NOT NULL, leaves BLOB NOT NULL) STRICT;
  CREATE TABLE merkle_buckets (number INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;

  CREATE TABLE ledger (
    id TEXT PRIMARY KEY, member TEXT NOT NULL, kind TEXT NOT NULL, written_at_ms REAL NOT NULL, sequence INTEGER NOT NULL,
    change INTEGER NOT NULL UNIQUE, value BLOB NOT NULL
  ) STRICT;
  CREATE INDEX ledger_kinds ON ledger (kind);
  CREATE TABLE ledger_elsewhere (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), written_at_ms REAL NOT NULL, sequence INTEGER NOT NULL, value BLOB NOT NULL) STRICT;
`];
