//! The OpenAPI document, made from the handlers. `docs/openapi.json` is a copy that a test compares.

use utoipa::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{IntoResponses, Modify};

use crate::error::ErrorBody;
use crate::router::{open_routes, protected_routes, token_routes};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Holdfast",
        description = "Persistent filesystems for sandboxes. Sizes are bytes; `sizeGB` means 10^9 of them. \
                       Every error has the body `Error`, whose field `error` is stable.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    modifiers(&KeyScheme),
    tags(
        (name = "filesystems", description = "Filesystems of the key's team"),
        (name = "snapshots", description = "Filesystems as they were, and new ones that begin there"),
        (name = "attachments", description = "Who may mount a filesystem, and what of it"),
        (name = "files", description = "The files in a filesystem, with or without a sandbox that mounts it"),
        (name = "volumes", description = "E2B's volume API over the same filesystems, for its SDKs"),
        (name = "administration", description = "Teams and keys; for an administrator's key"),
        (name = "server", description = "The server itself; no key needed"),
    )
)]
struct Document;

struct KeyScheme;

impl Modify for KeyScheme {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("X-API-Key")));
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("apiKey", scheme);
        let token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        components.add_security_scheme("volumeToken", SecurityScheme::Http(token));
    }
}

/// The answers that every route with a key can give.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "only described, never made")]
pub(crate) enum Refusals {
    /// A field, parameter, header or path breaks its rule; the message says which.
    #[response(status = 400)]
    Malformed(ErrorBody),
    /// The key or token is missing or opens nothing.
    #[response(status = 401)]
    Unauthorized(ErrorBody),
    /// The key or token may not do this.
    #[response(status = 403)]
    Forbidden(ErrorBody),
    /// The key asks more often than it may; `Retry-After` says how long to wait.
    #[response(status = 429)]
    TooManyRequests(ErrorBody),
    /// The server or its storage failed.
    #[response(status = 500)]
    Internal(ErrorBody),
    /// Something behind the server does not answer; try again.
    #[response(status = 503)]
    Unavailable(ErrorBody),
    /// The answer took too long; the operation may still be carried out.
    #[response(status = 504)]
    TimedOut(ErrorBody),
}

/// Bytes of a file.
#[derive(utoipa::ToSchema)]
#[schema(value_type = String, format = Binary)]
#[allow(dead_code, reason = "only described, never made")]
pub(crate) struct FileContent(Vec<u8>);

/// The document. Wildcards of the router are plain parameters in it.
pub fn document() -> utoipa::openapi::OpenApi {
    let routes = utoipa_axum::router::OpenApiRouter::with_openapi(Document::openapi())
        .merge(protected_routes())
        .merge(token_routes())
        .merge(open_routes());
    let mut document = routes.into_openapi();
    let paths = std::mem::take(&mut document.paths.paths);
    document.paths.paths = paths.into_iter().map(|(path, item)| (path.replace("{*", "{"), item)).collect();
    document
}

/// The document as it is served and checked in.
pub(crate) fn document_text() -> Result<String, serde_json::Error> {
    let mut text = document().to_pretty_json()?;
    text.push('\n');
    Ok(text)
}
