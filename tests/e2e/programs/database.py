"""An SQLite database on a mount: database.py FOLDER TRANSACTIONS ROWS.

Each transaction inserts ROWS rows; now and then one is rolled back, and one
reads what is there.  Fails where a count, a value or the integrity check is off.
"""
import os
import sqlite3
import sys


def body(number):
    return (b"%08d" % number) * 12


def fill(db, transactions, rows):
    number = 0
    for round_ in range(transactions):
        with db:
            db.executemany("INSERT INTO t VALUES (?, ?)", ((n, body(n)) for n in range(number, number + rows)))
        number += rows
        if round_ % 7 == 3:
            db.execute("DELETE FROM t")
            db.rollback()
        assert db.execute("SELECT count(*) FROM t").fetchone() == (number,)
    return number


def check(path, count):
    db = sqlite3.connect(path)
    assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    rows = db.execute("SELECT a, b FROM t ORDER BY a").fetchall()
    assert rows == [(number, body(number)) for number in range(count)]
    db.close()


def main(folder, transactions, rows):
    path = os.path.join(folder, "data.sqlite")
    db = sqlite3.connect(path)
    db.execute("PRAGMA synchronous = FULL")
    db.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b BLOB)")
    count = fill(db, int(transactions), int(rows))
    db.close()
    check(path, count)


if __name__ == "__main__":
    main(*sys.argv[1:])
