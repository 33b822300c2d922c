CREATE INDEX attachments_expiring ON attachments (expires_at) WHERE expires_at IS NOT NULL;
