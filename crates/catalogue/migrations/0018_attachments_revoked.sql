CREATE INDEX attachments_revoked ON attachments (revoked_at) WHERE revoked_at IS NOT NULL;
