//! `GET /filesystems`.

use axum::Json;
use axum::extract::State;
use axum::http::header::LINK;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri};
use axum::response::IntoResponse;
use holdfast_catalogue::{CatalogueError, ListFilesystems};

use crate::auth::Team;
use crate::error::ApiError;
use crate::openapi::Refusals;
use crate::paths::percent_encode;
use crate::query::Query;
use crate::resources::FilesystemBody;
use crate::state::ApiState;

const NEXT_CURSOR: HeaderName = HeaderName::from_static("x-next-cursor");

/// Lists the team's filesystems by name.
///
/// The body is a plain array. Where there are more, `X-Next-Cursor` holds the cursor of the next page and `Link` its
/// address.
#[utoipa::path(
    get,
    path = "/filesystems",
    operation_id = "listFilesystems",
    tag = "filesystems",
    security(("apiKey" = [])),
    params(
        ("limit" = Option<u32>, Query, description = "Most filesystems in the answer, 1 to 1000; 100 if absent"),
        ("cursor" = Option<String>, Query, description = "`X-Next-Cursor` of the page before"),
        ("label" = Option<Vec<String>>, Query, description = "`key=value` that each must have; may repeat"),
    ),
    responses(
        (
            status = 200,
            body = Vec<FilesystemBody>,
            headers(
                ("X-Next-Cursor" = String, description = "Absent on the last page"),
                ("Link" = String, description = "`<...>; rel=\"next\"`; absent on the last page"),
            )
        ),
        Refusals,
    )
)]
pub(crate) async fn list(
    State(state): State<ApiState>,
    Team(team): Team,
    uri: Uri,
) -> Result<impl IntoResponse, ApiError> {
    let query = Query::read(&uri, &["limit", "cursor", "label"])?;
    let mut labels = Vec::new();
    for label in query.all("label") {
        let (key, value) = label
            .split_once('=')
            .ok_or_else(|| ApiError::parameter("label", "must have the form key=value"))?;
        labels.push((key.to_owned(), value.to_owned()));
    }
    let limit =
        query.number("limit", 1, state.limits.filesystems_page_max)?.unwrap_or(state.limits.page_default);
    let wanted = ListFilesystems { labels, limit, cursor: query.text("cursor")?.map(str::to_owned) };
    let page = state.catalogue.list_filesystems(team, &wanted).await.map_err(as_parameter)?;
    let mut headers = HeaderMap::new();
    if let Some(next) = page.next {
        let mut link = format!("</filesystems?limit={limit}&cursor={}", percent_encode(next.as_bytes()));
        for (key, value) in &wanted.labels {
            link.push_str(&format!("&label={}", percent_encode(format!("{key}={value}").as_bytes())));
        }
        link.push_str(">; rel=\"next\"");
        for (name, value) in [(NEXT_CURSOR, next), (LINK, link)] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
    }
    let body: Vec<FilesystemBody> = page.filesystems.into_iter().map(FilesystemBody::from).collect();
    Ok((headers, Json(body)))
}

/// What the catalogue finds wrong with a listing stood in the query.
fn as_parameter(error: CatalogueError) -> ApiError {
    match error {
        CatalogueError::Invalid { field: "labels", message } => {
            ApiError::parameter("label", &format!("must not {message}"))
        }
        CatalogueError::Invalid { field, message } => ApiError::parameter(field, &message),
        other => other.into(),
    }
}
