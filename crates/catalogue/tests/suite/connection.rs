//! Losing the database server and getting it back.

use holdfast_catalogue::CatalogueError;

use crate::suite::support::Bench;

#[tokio::test]
async fn connections_that_were_cut_are_replaced() {
    let bench = Bench::new().await;
    let made = bench.filesystem("data").await;
    let onlooker = bench.raw().await;
    for round in 0..3 {
        let cut: i64 = sqlx::query_scalar(
            "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity \
             WHERE usename = 'holdfast' AND datname = current_database()",
        )
        .fetch_one(&onlooker)
        .await
        .unwrap();
        assert!(cut > 0, "round {round}");
        assert_eq!(bench.catalogue.get_filesystem_any_team(made.id).await.unwrap(), made);
    }
}

#[tokio::test]
async fn a_database_that_refuses_is_unavailable_until_it_accepts_again() {
    let bench = Bench::new().await;
    let made = bench.filesystem("data").await;
    let onlooker = bench.raw().await;
    let allow = |limit: &'static str| {
        let onlooker = onlooker.clone();
        async move {
            let sql = format!(
                "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I {limit}', current_database()); END $$"
            );
            sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&onlooker).await.unwrap();
        }
    };
    allow("CONNECTION LIMIT 0").await;
    sqlx::query("SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'holdfast' AND datname = current_database()")
        .execute(&onlooker)
        .await
        .unwrap();
    let lost = bench.catalogue.get_filesystem_any_team(made.id).await;
    assert!(matches!(lost, Err(CatalogueError::Unavailable(_))), "{lost:?}");
    assert!(bench.catalogue.ping().await.is_err());
    allow("CONNECTION LIMIT -1").await;
    assert_eq!(bench.catalogue.get_filesystem_any_team(made.id).await.unwrap(), made);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_an_error_and_not_a_hang() {
    use std::sync::Arc;

    use holdfast_base::{ManualClock, SeededRandom};
    let url = "postgres://holdfast@localhost/none?host=/nonexistent";
    let opened = holdfast_catalogue::Catalogue::open(
        url,
        Arc::new(ManualClock::default()),
        Arc::new(SeededRandom::new(1)),
    );
    let opened = tokio::time::timeout(std::time::Duration::from_secs(20), opened).await.unwrap();
    assert!(matches!(opened, Err(CatalogueError::Unavailable(_))));
}
