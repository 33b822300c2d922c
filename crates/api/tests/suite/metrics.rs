//! What file operations over HTTP count.

use std::collections::BTreeMap;

use metrics_util::debugging::{DebugValue, DebuggingRecorder};

use crate::support::Bench;

/// Counters by name and labels, and the number of samples of histograms.
fn recorded(work: impl Future<Output = ()>) -> BTreeMap<String, u64> {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    metrics::with_local_recorder(&recorder, || runtime.block_on(work));
    let mut values = BTreeMap::new();
    for (key, _, _, value) in snapshotter.snapshot().into_vec() {
        let labels: Vec<String> =
            key.key().labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        let count = match value {
            DebugValue::Counter(count) => count,
            DebugValue::Histogram(samples) => samples.len() as u64,
            DebugValue::Gauge(_) => continue,
        };
        values.insert(format!("{}{{{}}}", key.key().name(), labels.join(",")), count);
    }
    values
}

#[test]
fn file_operations_are_counted_with_their_outcome() {
    let values = recorded(async {
        let bench = Bench::new().await;
        bench.filesystem("data").await;
        let file = "/filesystems/data/files/f";
        bench.put(file, vec![7; 200_000]).await.ok(201);
        bench.get(file).await.ok(200);
        bench.call("GET", file).header("range", "bytes=0-99").send().await.ok(206);
        bench.call("HEAD", file).send().await.ok(200);
        bench.get("/filesystems/data/files/none").await.ok(404);
        bench.get("/filesystems/data/files?list=true").await.ok(200);
        bench.get(&format!("{file}?stat=true")).await.ok(200);
        bench.call("POST", "/filesystems/data/files/d?op=mkdir").send().await.ok(201);
        bench.delete(file).await.ok(204);
    });
    let expected = [
        ("filesystem_bytes_read_total{}", 200_100),
        ("filesystem_bytes_written_total{}", 200_000),
        ("filesystem_operation_duration_seconds{operation=list}", 1),
        ("filesystem_operation_duration_seconds{operation=mkdir}", 1),
        ("filesystem_operation_duration_seconds{operation=read}", 4),
        ("filesystem_operation_duration_seconds{operation=remove}", 1),
        ("filesystem_operation_duration_seconds{operation=stat}", 1),
        ("filesystem_operation_duration_seconds{operation=write}", 1),
        ("filesystem_operations_total{operation=list,status=ok}", 1),
        ("filesystem_operations_total{operation=mkdir,status=ok}", 1),
        ("filesystem_operations_total{operation=read,status=ok}", 3),
        ("filesystem_operations_total{operation=read,status=path_not_found}", 1),
        ("filesystem_operations_total{operation=remove,status=ok}", 1),
        ("filesystem_operations_total{operation=stat,status=ok}", 1),
        ("filesystem_operations_total{operation=write,status=ok}", 1),
    ];
    let expected: BTreeMap<String, u64> = expected.into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
    assert_eq!(values, expected);
}

#[test]
fn a_download_that_nobody_finishes_counts_as_aborted() {
    let values = recorded(async {
        use axum::http::Request;
        use tower::ServiceExt;
        let bench = Bench::new().await;
        bench.filesystem("data").await;
        bench.put("/filesystems/data/files/f", vec![7; 200_000]).await.ok(201);
        let request = Request::get("/filesystems/data/files/f").header("x-api-key", &bench.key);
        let request = request.body(axum::body::Body::empty()).unwrap();
        drop(bench.router.clone().oneshot(request).await.unwrap());
    });
    assert_eq!(values["filesystem_operations_total{operation=read,status=aborted}"], 1);
}
