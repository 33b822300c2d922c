CREATE INDEX api_keys_by_team ON api_keys (team_id);
