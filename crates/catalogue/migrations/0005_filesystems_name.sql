CREATE UNIQUE INDEX filesystems_name ON filesystems (team_id, name) WHERE state <> 'deleting';
