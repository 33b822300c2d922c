CREATE TRIGGER teams_touch AFTER UPDATE ON teams
FOR EACH ROW WHEN NEW.name <> OLD.name AND NEW.updated_at <= OLD.updated_at
BEGIN
    UPDATE teams
    SET updated_at = max(OLD.updated_at + 1, CAST(unixepoch('subsec') * 1000000 AS INTEGER))
    WHERE id = NEW.id;
END;
