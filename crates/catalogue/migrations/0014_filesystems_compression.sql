ALTER TABLE filesystems ADD COLUMN compression TEXT NOT NULL DEFAULT 'lz4'
CHECK (compression IN ('none', 'lz4', 'zstd'));
