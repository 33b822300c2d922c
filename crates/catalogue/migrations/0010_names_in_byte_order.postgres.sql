-- Lists and cursors follow the bytes of a name, as on SQLite, whatever the collation of the database.
ALTER TABLE teams ALTER COLUMN name TYPE TEXT COLLATE "C";
ALTER TABLE filesystems ALTER COLUMN name TYPE TEXT COLLATE "C";
