-- Keeps updated_at, in microseconds, whoever changes a row.
CREATE FUNCTION holdfast_touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.updated_at <= OLD.updated_at THEN
        NEW.updated_at :=
            greatest(OLD.updated_at + 1, (extract(epoch FROM clock_timestamp()) * 1000000)::BIGINT);
    END IF;
    RETURN NEW;
END
$$;

-- A row that only takes the team's lock is written unchanged.
CREATE TRIGGER teams_touch BEFORE UPDATE ON teams
FOR EACH ROW WHEN (OLD IS DISTINCT FROM NEW) EXECUTE FUNCTION holdfast_touch();

CREATE TRIGGER filesystems_touch BEFORE UPDATE ON filesystems
FOR EACH ROW EXECUTE FUNCTION holdfast_touch();
