//! The names and labels of what is counted: dashboards depend on them.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use holdfast_wire::nfs3::{NfsStat3, StableHow};
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use parking_lot::Mutex;

use super::support::World;

/// Counters and gauges by their name and labels; of histograms, that they are there.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<HashMap<String, Arc<AtomicU64>>>>);

impl Seen {
    fn series(&self, key: &Key) -> Arc<AtomicU64> {
        let labels: Vec<_> = key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        self.0.lock().entry(format!("{}{{{}}}", key.name(), labels.join(","))).or_default().clone()
    }

    fn value(&self, series: &str) -> Option<u64> {
        self.0.lock().get(series).map(|value| value.load(Ordering::Relaxed))
    }
}

impl Recorder for Seen {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.series(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.series(key))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        self.series(key);
        Histogram::noop()
    }
}

#[tokio::test]
async fn operations_and_bytes_are_counted() {
    let seen = Seen::default();
    metrics::set_global_recorder(seen.clone()).expect("the only recorder of these tests");
    let world = World::start().await;
    let mount = world.one().await;
    let file = mount.create(&mount.root, "file").await;
    mount.write(&file, 0, vec![1; 1000], StableHow::FileSync).await.unwrap();
    mount.read(&file, 0, 2000).await.unwrap();
    assert_eq!(mount.lookup(&mount.root, "missing").await, Err(NfsStat3::NoEnt));
    // Other tests count beside this one.
    for (series, at_least) in [
        ("filesystem_operations_total{operation=create,status=ok}", 1),
        ("filesystem_operations_total{operation=lookup,status=noent}", 1),
        ("filesystem_operation_duration_seconds{operation=write}", 0),
        ("filesystem_bytes_written_total{}", 1000),
        ("filesystem_bytes_read_total{}", 1000),
        ("holdfast_nfs_connections{}", 1),
    ] {
        assert!(seen.value(series).is_some_and(|value| value >= at_least), "{series}");
    }
}
