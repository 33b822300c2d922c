-- Forced: the tables' owner is bound too, and sees no row. A policy without WITH CHECK holds for new rows as well.
ALTER TABLE teams ENABLE ROW LEVEL SECURITY;
ALTER TABLE teams FORCE ROW LEVEL SECURITY;
ALTER TABLE api_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_keys FORCE ROW LEVEL SECURITY;
ALTER TABLE filesystems ENABLE ROW LEVEL SECURITY;
ALTER TABLE filesystems FORCE ROW LEVEL SECURITY;

-- No setting, or an empty one, is no team. The role is asked for by name as well: a policy holds for the members of its
-- role too, and the server's own login is a member of both.
CREATE POLICY own_team ON teams TO holdfast_tenant
    USING (current_user = 'holdfast_tenant' AND id = current_setting('holdfast.team_id', true));
CREATE POLICY own_team ON api_keys TO holdfast_tenant
    USING (current_user = 'holdfast_tenant' AND team_id = current_setting('holdfast.team_id', true));
CREATE POLICY own_team ON filesystems TO holdfast_tenant
    USING (current_user = 'holdfast_tenant' AND team_id = current_setting('holdfast.team_id', true));

CREATE POLICY every_team ON teams TO holdfast_server USING (current_user = 'holdfast_server');
CREATE POLICY every_team ON api_keys TO holdfast_server USING (current_user = 'holdfast_server');
CREATE POLICY every_team ON filesystems TO holdfast_server USING (current_user = 'holdfast_server');

-- A tenant changes the row of its team in nothing but its name: that is how the row is locked.
GRANT SELECT, UPDATE (name) ON teams TO holdfast_tenant;
GRANT SELECT ON api_keys TO holdfast_tenant;
GRANT SELECT, INSERT, UPDATE, DELETE ON filesystems TO holdfast_tenant;
GRANT SELECT, INSERT, UPDATE, DELETE ON teams, api_keys, filesystems TO holdfast_server;
