ALTER TABLE filesystems ADD COLUMN durability TEXT NOT NULL DEFAULT 'local'
CHECK (durability IN ('local', 'object', 'relaxed'));
