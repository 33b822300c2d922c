//! Each kind of failure of the port reaches the client as its own status and code, without its cause.

use holdfast_api::files::{FilesError, Resource};

use crate::support::Bench;

const F: &str = "/filesystems/data/files";

fn secret() -> Box<dyn std::error::Error + Send + Sync> {
    "bucket secret-bucket of another team".into()
}

#[tokio::test]
async fn every_kind_has_its_status() {
    let bench = Bench::new().await;
    bench.filesystem("data").await;
    let no_space = |resource| FilesError::NoSpace { resource, limit: 10, used: 9 };
    for (error, status, code) in [
        (FilesError::NoVolume, 404, "filesystem_not_found"),
        (FilesError::NotFound, 404, "path_not_found"),
        (FilesError::NotADirectory, 400, "not_a_directory"),
        (FilesError::IsADirectory, 400, "is_a_directory"),
        (FilesError::NotRegular, 400, "not_a_regular_file"),
        (FilesError::Exists, 409, "path_exists"),
        (FilesError::NotEmpty, 409, "directory_not_empty"),
        (no_space(Resource::Bytes), 507, "quota_exceeded"),
        (no_space(Resource::Inodes), 507, "quota_exceeded"),
        (FilesError::FileTooLarge, 413, "body_too_large"),
        (FilesError::NameTooLong, 400, "name_too_long"),
        (FilesError::AccessDenied, 403, "access_denied"),
        (FilesError::TooManySymlinks, 400, "too_many_symlinks"),
        (FilesError::PreconditionFailed, 412, "precondition_failed"),
        (FilesError::Changed, 503, "unavailable"),
        (FilesError::Busy, 409, "busy"),
        (FilesError::Unavailable(secret()), 503, "unavailable"),
        (FilesError::Locked(secret()), 503, "unavailable"),
        (FilesError::Io(secret()), 500, "internal"),
    ] {
        bench.files.fail_next("put", error);
        let reply = bench.put(&format!("{F}/f"), "x").await;
        let message = reply.refused(status, code);
        assert!(!message.contains("secret"), "{message}");
        assert_eq!(reply.header("retry-after").is_some(), status == 503);
        if code == "quota_exceeded" {
            let body = reply.json();
            assert_eq!((body["limit"].as_u64(), body["used"].as_u64()), (Some(10), Some(9)));
        }
    }
}

#[tokio::test]
async fn every_operation_reports_its_failure() {
    let bench = Bench::new().await;
    bench.filesystem("data").await;
    bench.put(&format!("{F}/f"), "x").await.ok(201);
    for (operation, method, path) in [
        ("open", "GET", format!("{F}/f")),
        ("stat", "GET", format!("{F}/f?stat=true")),
        ("list", "GET", format!("{F}?list=true")),
        ("put", "PUT", format!("{F}/f")),
        ("remove", "DELETE", format!("{F}/f")),
        ("make_directory", "POST", format!("{F}/d?op=mkdir")),
        ("usage", "GET", "/filesystems/data/usage".to_owned()),
    ] {
        bench.files.fail_next(operation, FilesError::Unavailable(secret()));
        bench.call(method, &path).send().await.refused(503, "unavailable");
    }
}

#[tokio::test]
async fn a_download_that_fails_half_way_is_cut_off() {
    use axum::body::to_bytes;
    use axum::http::Request;
    use tower::ServiceExt;

    let bench = Bench::new().await;
    bench.filesystem("data").await;
    bench.put(&format!("{F}/f"), vec![7; 200_000]).await.ok(201);
    bench.files.fail_next("read", FilesError::Changed);
    let request = Request::get(format!("{F}/f")).header("x-api-key", &bench.key);
    let response =
        bench.router.clone().oneshot(request.body(axum::body::Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(to_bytes(response.into_body(), usize::MAX).await.is_err());
}

#[tokio::test]
async fn unknown_routes_and_methods_answer_in_json() {
    let bench = Bench::new().await;
    for path in ["/", "/nothing", "/filesystems/", "/filesystems/a/b", "/files", "/filesystems/data/files2/x"]
    {
        bench.get(path).await.refused(404, "route_not_found");
    }
    for (method, path) in [("PUT", "/filesystems"), ("POST", "/healthz"), ("TRACE", "/filesystems/a/files/x")]
    {
        let reply = bench.call(method, path).send().await;
        reply.refused(405, "method_not_allowed");
        assert!(reply.header("allow").is_some());
    }
}

#[tokio::test]
async fn a_catalogue_that_is_gone_is_unavailable_and_not_ready() {
    let bench = Bench::new().await;
    bench.bare("GET", "/readyz").send().await.ok(200);
    bench.catalogue.close().await;
    bench.get("/filesystems").await.refused(503, "unavailable");
    bench.bare("GET", "/readyz").send().await.refused(503, "unavailable");
    bench.bare("GET", "/healthz").send().await.ok(200);
    assert_eq!(bench.bare("GET", "/metrics").send().await.ok(200).body, b"metrics 1\n");
}

#[tokio::test]
async fn every_answer_has_a_request_id() {
    let bench = Bench::new().await;
    let ids: Vec<String> = [bench.get("/filesystems").await, bench.get("/x").await]
        .iter()
        .map(|reply| reply.header("x-request-id").unwrap().to_owned())
        .collect();
    assert!(ids[0].len() == 16 && ids[0] != ids[1], "{ids:?}");
}
