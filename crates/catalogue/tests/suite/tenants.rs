//! Row-level security, asked at the level of SQL with two teams: what a statement could reach that forgot its team,
//! or that an attacker got to choose.

use holdfast_base::TeamId;
use holdfast_catalogue::{CatalogueError, NewAttachment, Scope};
use sqlx::{Any, AnyPool, AssertSqlSafe, Transaction};

use crate::suite::support::{Bench, ROOMY, new};

/// Tables without rows of tenants. Every other one must be among [`tenant_tables`].
const SHARED_TABLES: [&str; 1] = ["_sqlx_migrations"];

/// Every table that holds rows of teams, and its column that names the team.
async fn tenant_tables(pool: &AnyPool) -> Vec<(String, &'static str)> {
    let names: Vec<String> = sqlx::query_scalar(
        "SELECT CAST(tablename AS TEXT) FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    let column = |name: &str| if name == "teams" { "id" } else { "team_id" };
    let tables: Vec<_> = names
        .into_iter()
        .filter(|name| !SHARED_TABLES.contains(&name.as_str()))
        .map(|name| (name.clone(), column(&name)))
        .collect();
    assert!(tables.len() >= 4, "{tables:?}");
    tables
}

/// Two teams with a key and a filesystem each.
async fn two_teams() -> (Bench, TeamId) {
    let bench = Bench::new().await;
    let other = bench.catalogue.create_team("other").await.unwrap().id;
    for team in [bench.team, other] {
        bench.catalogue.create_key(Scope::Team(team), "k").await.unwrap();
        let made = bench.catalogue.create_filesystem(team, new("data"), ROOMY).await.unwrap();
        bench.catalogue.activate_filesystem(made.id).await.unwrap();
        let attachment = NewAttachment::default();
        bench.catalogue.create_attachment(team, made.id, attachment, 1).await.unwrap();
    }
    (bench, other)
}

/// A transaction as the server's login begins it, with the tenant's role and this team.
async fn as_tenant(pool: &AnyPool, team: &str) -> Transaction<'static, Any> {
    let mut tx = pool.begin().await.unwrap();
    sqlx::query(
        "SELECT set_config('holdfast.team_id', $1, true), set_config('role', 'holdfast_tenant', true)",
    )
    .bind(team.to_owned())
    .execute(&mut *tx)
    .await
    .unwrap();
    tx
}

async fn count(tx: &mut Transaction<'static, Any>, table: &str, condition: &str) -> i64 {
    let sql = format!("SELECT COUNT(*) FROM {table} WHERE {condition}");
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut **tx).await.unwrap()
}

#[tokio::test]
async fn in_every_table_a_tenant_sees_its_own_rows_only() {
    let (bench, other) = two_teams().await;
    let pool = bench.login().await;
    for (table, column) in tenant_tables(&bench.raw().await).await {
        let mut tx = as_tenant(&pool, &bench.team.to_string()).await;
        let foreign = format!("{column} IS DISTINCT FROM '{}'", bench.team);
        assert_eq!(count(&mut tx, &table, &foreign).await, 0, "{table}");
        drop(tx);
        let mut tx = as_tenant(&pool, &other.to_string()).await;
        if ["teams", "api_keys", "filesystems", "attachments"].contains(&table.as_str()) {
            assert_eq!(count(&mut tx, &table, "true").await, 1, "{table}: its own is there");
        }
    }
}

#[tokio::test]
async fn in_every_table_a_tenant_changes_nothing_of_another() {
    let (bench, other) = two_teams().await;
    let pool = bench.login().await;
    for (table, column) in tenant_tables(&bench.raw().await).await {
        for statement in [
            format!("DELETE FROM {table} WHERE {column} = '{other}'"),
            format!("UPDATE {table} SET {column} = '{}' WHERE {column} = '{other}'", bench.team),
        ] {
            let mut tx = as_tenant(&pool, &bench.team.to_string()).await;
            // Either the role may not do that at all, or it finds no row.
            let done = sqlx::query(AssertSqlSafe(statement.clone())).execute(&mut *tx).await;
            assert!(done.as_ref().map_or(true, |done| done.rows_affected() == 0), "{statement}: {done:?}");
        }
        let mut tx = as_tenant(&pool, &bench.team.to_string()).await;
        let give = format!("UPDATE {table} SET {column} = '{other}'");
        let done = sqlx::query(AssertSqlSafe(give.clone())).execute(&mut *tx).await;
        assert!(done.as_ref().map_or(true, |done| done.rows_affected() == 0), "{give}: {done:?}");
    }
}

#[tokio::test]
async fn a_statement_without_a_team_finds_nothing() {
    let (bench, _) = two_teams().await;
    let pool = bench.login().await;
    for (table, _) in tenant_tables(&bench.raw().await).await {
        let mut bare = pool.begin().await.unwrap();
        assert_eq!(count(&mut bare, &table, "true").await, 0, "{table}: the owner is bound as well");
        drop(bare);
        let mut tx = as_tenant(&pool, "").await;
        assert_eq!(count(&mut tx, &table, "true").await, 0, "{table}: no team is no rows");
    }
}

#[tokio::test]
async fn security_is_forced_on_every_table_and_no_role_of_the_server_passes_it() {
    let bench = Bench::new().await;
    let pool = bench.raw().await;
    for (table, _) in tenant_tables(&pool).await {
        let forced: bool = sqlx::query_scalar(
            "SELECT relrowsecurity AND relforcerowsecurity FROM pg_class WHERE relname = $1",
        )
        .bind(table.clone())
        .fetch_one(&pool)
        .await
        .unwrap();
        assert!(forced, "{table}");
        let policies: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM pg_policies WHERE tablename = $1 AND policyname IN ('own_team', 'every_team')",
        )
        .bind(table.clone())
        .fetch_one(&pool)
        .await
        .unwrap();
        assert_eq!(policies, 2, "{table}");
    }
    let strong: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM pg_roles WHERE rolname LIKE 'holdfast%' AND (rolsuper OR rolbypassrls)",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(strong, 0);
}

#[tokio::test]
async fn two_servers_that_start_together_migrate_once() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = tokio::join!(Bench::in_folder(folder.path(), 1), Bench::in_folder(folder.path(), 2));
    assert_eq!(one.team, two.team);
    assert!(matches!(one.catalogue.create_team("default").await, Err(CatalogueError::Conflict { .. })));
}
