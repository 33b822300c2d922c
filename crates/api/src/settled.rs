//! What happens between a change of the catalogue and its answer: the composition root makes the change safe.

use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;

use crate::state::ApiState;

/// Waits after a request that may have changed the catalogue. Requests about files never do.
pub(crate) async fn settle(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let changes = changes_catalogue(request.method(), request.uri().path());
    let response = next.run(request).await;
    if changes && response.status().is_success() {
        (state.settle)().await;
    }
    response
}

fn changes_catalogue(method: &Method, path: &str) -> bool {
    let mut segments = path.split('/').skip(1);
    let is_content = match segments.next() {
        Some("filesystems") => segments.nth(1) == Some("files"),
        Some("volumecontent") => true,
        _ => false,
    };
    !method.is_safe() && !is_content
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_and_files_change_no_catalogue() {
        for (method, path, changes) in [
            (Method::POST, "/filesystems", true),
            (Method::DELETE, "/filesystems/files", true),
            (Method::GET, "/filesystems", false),
            (Method::PATCH, "/filesystems/a", true),
            (Method::PUT, "/filesystems/a/files/b", false),
            (Method::POST, "/filesystems/a/files", false),
            (Method::POST, "/filesystems/a/snapshots", true),
            (Method::POST, "/keys", true),
            (Method::PUT, "/volumecontent/a/file", false),
        ] {
            assert_eq!(changes_catalogue(&method, path), changes, "{method} {path}");
        }
    }
}
