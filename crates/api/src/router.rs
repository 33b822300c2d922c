//! All routes in one place, those that need a key apart from those that do not.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::{ApiError, ErrorCode};
use crate::state::ApiState;
use crate::{admin, auth, content, docs, drain, e2b, health, resources, settled, tar, trace};

/// Routes that need a key.
pub(crate) fn protected_routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(resources::create::create, resources::list::list))
        .routes(routes!(resources::one::show, resources::one::patch, resources::one::delete))
        .routes(routes!(resources::one::usage))
        .routes(routes!(resources::snapshots::create, resources::snapshots::list))
        .routes(routes!(resources::snapshots::delete))
        .routes(routes!(resources::undelete::undelete))
        .routes(routes!(resources::attachments::create, resources::attachments::list))
        .routes(routes!(resources::attachments::show, resources::attachments::delete))
        .routes(routes!(resources::branch::fork))
        .routes(routes!(resources::branch::restore))
        .routes(routes!(
            content::read::get,
            content::write::put,
            content::remove::delete,
            content::make::post,
            content::change::patch
        ))
        .routes(routes!(tar::import))
        .routes(routes!(tar::export))
        .routes(routes!(admin::teams::create, admin::teams::list))
        .routes(routes!(admin::teams::show, admin::teams::delete))
        .routes(routes!(admin::keys::create, admin::keys::list))
        .routes(routes!(admin::keys::revoke))
        .merge(e2b::keyed_routes())
}

/// Routes that need a token of their volume, each by itself.
pub(crate) fn token_routes() -> OpenApiRouter<ApiState> {
    e2b::token_routes()
}

/// Routes that need none.
pub(crate) fn open_routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(health::metrics))
        .routes(routes!(health::openapi))
        .routes(routes!(docs::docs))
        .routes(routes!(e2b::public_keys))
}

/// The whole HTTP front end.
pub fn router(state: ApiState) -> Router {
    // The router's wildcard wants at least one byte; these are the root directory's other spellings.
    let root = || {
        get(content::read::get)
            .put(content::write::put)
            .delete(content::remove::delete)
            .post(content::make::post)
            .patch(content::change::patch)
    };
    let (protected, _) = protected_routes().split_for_parts();
    let (open, _) = open_routes().merge(token_routes()).split_for_parts();
    protected
        .route("/filesystems/{id}/files", root())
        .route("/filesystems/{id}/files/", root())
        .route_layer(from_fn_with_state(state.clone(), auth::require_key))
        .merge(open)
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
        .layer(DefaultBodyLimit::max(state.limits.json_body_max_bytes))
        .layer(from_fn_with_state(state.clone(), settled::settle))
        .layer(from_fn_with_state(state.clone(), drain::drain))
        .layer(from_fn_with_state(state.clone(), trace::time_out))
        .layer(from_fn_with_state(state.clone(), trace::trace))
        .with_state(state)
}

async fn no_route() -> ApiError {
    ApiError::new(ErrorCode::RouteNotFound, "no such route; /openapi.json describes them all")
}

async fn no_method() -> ApiError {
    ApiError::new(ErrorCode::MethodNotAllowed, "this route does not take this method; see the header `Allow`")
}
