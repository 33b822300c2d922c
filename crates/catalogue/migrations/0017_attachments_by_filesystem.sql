CREATE INDEX attachments_by_filesystem ON attachments (filesystem_id, created_at);
