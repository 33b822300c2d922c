CREATE UNIQUE INDEX filesystems_by_team ON filesystems (id, team_id);
