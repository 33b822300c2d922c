CREATE TRIGGER attachments_touch AFTER UPDATE ON attachments
FOR EACH ROW WHEN NEW.updated_at <= OLD.updated_at
BEGIN
    UPDATE attachments
    SET updated_at = max(OLD.updated_at + 1, CAST(unixepoch('subsec') * 1000000 AS INTEGER))
    WHERE id = NEW.id;
END;
