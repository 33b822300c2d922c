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
        let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
        if reads || route.contains("/files") || route == IMPORT_ROUTE {
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
