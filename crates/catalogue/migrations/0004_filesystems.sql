CREATE TABLE filesystems (
    id TEXT PRIMARY KEY NOT NULL CHECK (length(id) = 39),
    team_id TEXT NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 250),
    size_bytes BIGINT NOT NULL CHECK (size_bytes > 0),
    inode_limit BIGINT NOT NULL CHECK (inode_limit > 0),
    labels TEXT NOT NULL DEFAULT '{}',
    state TEXT NOT NULL CHECK (state IN ('creating', 'active', 'deleting')),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
