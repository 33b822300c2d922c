CREATE TRIGGER attachments_touch BEFORE UPDATE ON attachments
FOR EACH ROW EXECUTE FUNCTION holdfast_touch();

-- As 0012_row_security does it for the other tables of tenants.
ALTER TABLE attachments ENABLE ROW LEVEL SECURITY;
ALTER TABLE attachments FORCE ROW LEVEL SECURITY;
CREATE POLICY own_team ON attachments TO holdfast_tenant
    USING (current_user = 'holdfast_tenant' AND team_id = current_setting('holdfast.team_id', true));
CREATE POLICY every_team ON attachments TO holdfast_server USING (current_user = 'holdfast_server');
GRANT SELECT, INSERT, UPDATE, DELETE ON attachments TO holdfast_tenant, holdfast_server;
