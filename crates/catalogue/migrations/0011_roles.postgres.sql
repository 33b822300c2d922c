-- Every transaction of the server takes one of two roles, neither of which can log in, own a table or pass by a
-- policy: holdfast_tenant sees the team that the setting holdfast.team_id names, holdfast_server sees every team.
-- Roles belong to the whole PostgreSQL server, so another database may have made them already.
DO $$
DECLARE
    wanted TEXT;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['holdfast_tenant', 'holdfast_server'] LOOP
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
                EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE', wanted);
            END IF;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL; -- made by another database at this moment
        END;
        IF NOT pg_has_role(current_user, wanted, 'MEMBER') THEN
            EXECUTE format('GRANT %I TO %I', wanted, current_user);
        END IF;
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = wanted AND (rolsuper OR rolbypassrls)) THEN
            RAISE EXCEPTION 'the role % must be neither a superuser nor have BYPASSRLS', wanted;
        END IF;
    END LOOP;
END
$$;
