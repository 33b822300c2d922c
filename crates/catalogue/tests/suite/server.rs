//! The PostgreSQL server of a test binary: started by the first test, ended with the process.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;

use sqlx::AnyPool;
use tokio::sync::Mutex;

/// The script serves for as long as this end of its standard input is open.
struct Server {
    socket: String,
    _script: Child,
    _stdin: ChildStdin,
}

/// Where the server's socket is.
fn socket() -> &'static str {
    static SERVER: OnceLock<Server> = OnceLock::new();
    let server = SERVER.get_or_init(|| {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/postgres/start");
        let mut child = Command::new(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("starts a script");
        let mut socket = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut socket).unwrap();
        assert!(!socket.is_empty(), "no PostgreSQL for this suite: apt-get install postgresql-15");
        Server { socket: socket.trim().to_owned(), _stdin: child.stdin.take().unwrap(), _script: child }
    });
    &server.socket
}

fn url(role: &str, database: &str) -> String {
    format!("postgres://{role}@localhost/{database}?host={}", socket())
}

/// The URL of this database for the server under test, and for an onlooker to whom no policy applies. Made if
/// it is missing.
pub async fn database(name: &str) -> (String, String) {
    // One at a time: two who miss the same database must not both make it.
    static MAKING: Mutex<()> = Mutex::const_new(());
    let _guard = MAKING.lock().await;
    sqlx::any::install_default_drivers();
    let pool = AnyPool::connect(&url("postgres", "postgres")).await.unwrap();
    let there: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM pg_database WHERE datname = $1")
        .bind(name.to_owned())
        .fetch_one(&pool)
        .await
        .unwrap();
    if there == 0 {
        let make = format!("CREATE DATABASE \"{name}\" OWNER holdfast");
        sqlx::raw_sql(sqlx::AssertSqlSafe(make)).execute(&pool).await.unwrap();
    }
    pool.close().await;
    (url("holdfast", name), url("postgres", name))
}
