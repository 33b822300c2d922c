ALTER TABLE filesystems ADD COLUMN reclaim_at BIGINT;
