CREATE INDEX filesystems_unfinished ON filesystems (created_at, id) WHERE state <> 'active';
