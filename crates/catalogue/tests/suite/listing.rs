//! Paging and label filters.

use std::time::Duration;

use holdfast_catalogue::{CatalogueError, ListFilesystems};

use crate::suite::support::Bench;

fn list(limit: u32) -> ListFilesystems {
    ListFilesystems { limit, ..Default::default() }
}

async fn walk(bench: &Bench, mut list: ListFilesystems) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    loop {
        let page = bench.catalogue.list_filesystems(bench.team, &list).await.unwrap();
        pages.push(page.filesystems.into_iter().map(|filesystem| filesystem.name).collect());
        list.cursor = page.next;
        if list.cursor.is_none() {
            return pages;
        }
    }
}

#[tokio::test]
async fn pages_give_every_filesystem_once_in_order() {
    let bench = Bench::new().await;
    assert_eq!(walk(&bench, list(2)).await, [Vec::<String>::new()]);
    for name in ["b", "a", "d", "c", "B"] {
        bench.filesystem(name).await;
    }
    assert_eq!(walk(&bench, list(2)).await, [vec!["B", "a"], vec!["b", "c"], vec!["d"]]);
    assert_eq!(walk(&bench, list(5)).await, [vec!["B", "a", "b", "c", "d"]]);
    let other = bench.catalogue.create_team("other").await.unwrap().id;
    assert!(bench.catalogue.list_filesystems(other, &list(5)).await.unwrap().filesystems.is_empty());
}

#[tokio::test]
async fn a_walk_survives_the_removal_of_what_its_cursor_names() {
    let bench = Bench::new().await;
    let mut last = None;
    for name in ["a", "b", "c"] {
        let made = bench.filesystem(name).await;
        last = last.or(Some(made));
    }
    let page = bench.catalogue.list_filesystems(bench.team, &list(1)).await.unwrap();
    bench.catalogue.mark_deleting(bench.team, last.unwrap().id, false, Duration::ZERO).await.unwrap();
    let next = ListFilesystems { cursor: page.next, ..list(5) };
    assert_eq!(walk(&bench, next).await, [vec!["b", "c"]]);
}

#[tokio::test]
async fn the_label_filter_is_exact_and_takes_all_labels() {
    let bench = Bench::new().await;
    bench.labelled("one", &[("env", "dev"), ("zone", "a")]).await;
    bench.labelled("two", &[("env", "dev")]).await;
    bench.labelled("three", &[("env", "DEV")]).await;
    bench.labelled("four", &[("env", "it's 100% \"dev\" \\")]).await;
    let filter = |pairs: &[(&str, &str)]| ListFilesystems {
        labels: pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        ..list(10)
    };
    assert_eq!(walk(&bench, filter(&[("env", "dev")])).await, [vec!["one", "two"]]);
    assert_eq!(walk(&bench, filter(&[("env", "dev"), ("zone", "a")])).await, [vec!["one"]]);
    assert_eq!(walk(&bench, filter(&[("env", "it's 100% \"dev\" \\")])).await, [vec!["four"]]);
    assert_eq!(walk(&bench, filter(&[("env", "de")])).await, [Vec::<String>::new()]);
    let wrong = bench.catalogue.list_filesystems(bench.team, &filter(&[("no key", "x")])).await;
    assert!(matches!(wrong, Err(CatalogueError::Invalid { field: "labels", .. })));
}

#[tokio::test]
async fn limits_and_cursors_outside_their_rule_are_refused() {
    let bench = Bench::new().await;
    for (limit, cursor, field) in [(0, None, "limit"), (1001, None, "limit"), (1, Some("a b"), "cursor")] {
        let wrong = ListFilesystems { cursor: cursor.map(str::to_owned), ..list(limit) };
        match bench.catalogue.list_filesystems(bench.team, &wrong).await {
            Err(CatalogueError::Invalid { field: found, .. }) => assert_eq!(found, field),
            other => panic!("{other:?}"),
        }
    }
}
