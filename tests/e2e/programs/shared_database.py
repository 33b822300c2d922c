"""One SQLite database written from several machines: shared_database.py FILE WRITER ROWS.

The journal is a rollback journal (WAL needs shared memory), so all that keeps the
writers apart are locks over the network.  Each row is a transaction that reads
what is there first: a lost lock shows as a lost or doubled number.  Says `done`.
"""
import sqlite3
import sys

PATIENCE_S = 60


def main(path, writer, rows):
    db = sqlite3.connect(path, timeout=PATIENCE_S, isolation_level=None)
    db.execute("PRAGMA journal_mode = DELETE")
    db.execute("BEGIN IMMEDIATE")
    db.execute("CREATE TABLE IF NOT EXISTS t (number INTEGER PRIMARY KEY, writer TEXT, body BLOB)")
    db.execute("COMMIT")
    for _ in range(int(rows)):
        db.execute("BEGIN IMMEDIATE")
        number = db.execute("SELECT coalesce(max(number), 0) + 1 FROM t").fetchone()[0]
        db.execute("INSERT INTO t VALUES (?, ?, ?)", (number, writer, b"%08d" % number * 50))
        db.execute("COMMIT")
    db.close()
    print("done")


if __name__ == "__main__":
    main(*sys.argv[1:])
