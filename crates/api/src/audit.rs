//! The audit log: one line for each request that may change what a team has (filesystems, volumes, teams, keys), with who
//! asked and what came of it. Files are not in it, and no line holds a key, a token or content. The lines have the target
//! `holdfast::audit` and go where all logs go; an operator keeps them by that name.

use axum::extract::{MatchedPath, Request};
use axum::http::{Method, StatusCode};
use holdfast_catalogue::Principal;

use crate::tar::IMPORT_ROUTE;

/// A request that is to be told of.
pub(crate) struct Audit {
    principal: Principal,
    method: Method,
    route: String,
    /// The resource that the path names; names and ids only, because routes of files are left out.
    path: String,
}

impl Audit {
    /// The entry of a request; `None` where it changes nothing that is told of.
    pub fn of(request: &Request, principal: Principal) -> Option<Self> {
        let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str).to_owned();
        if !is_told(request.method(), &route) {
            return None;
        }
        let path = request.uri().path().chars().filter(|c| !c.is_control()).take(300).collect();
        Some(Self { principal, method: request.method().clone(), route, path })
    }

    /// Writes the line.
    pub fn tell(self, status: StatusCode) {
        let Self { principal, method, route, path } = self;
        let team = principal.team().map_or_else(|| "-".to_owned(), |team| team.to_string());
        tracing::info!(
            target: "holdfast::audit",
            key_id = %principal.key_id,
            team_id = team,
            %method,
            route,
            path,
            status = status.as_u16(),
            "a control operation"
        );
    }
}

/// Whether requests of this method to this route are told of.
fn is_told(method: &Method, route: &str) -> bool {
    let reads = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    let of_files = route.ends_with("/files") || route.contains("/files/") || route == IMPORT_ROUTE;
    !reads && !of_files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_operations_are_told_of_and_files_are_not() {
        for (method, route, told) in [
            (Method::POST, "/filesystems", true),
            (Method::PATCH, "/filesystems/{id}", true),
            (Method::DELETE, "/filesystems/{id}", true),
            (Method::DELETE, "/volumes/{volume}", true),
            (Method::POST, "/keys", true),
            (Method::GET, "/filesystems", false),
            (Method::HEAD, "/teams", false),
            (Method::PUT, "/filesystems/{id}/files/{*path}", false),
            (Method::DELETE, "/filesystems/{id}/files", false),
            (Method::POST, IMPORT_ROUTE, false),
        ] {
            assert_eq!(is_told(&method, route), told, "{method} {route}");
        }
    }
}
