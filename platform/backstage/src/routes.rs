//! Routes as Backstage's servers have them.

use axum::middleware;
use utoipa_axum::router::UtoipaMethodRouter;

use crate::answer::nowhere;
use crate::smaller::smaller;

/// A path that other methods answer as Backstage does: as if nothing were there. Its answers are
/// [`packed`].
pub fn alone<S: Clone + Send + Sync + 'static>(
    routes: UtoipaMethodRouter<S>,
) -> UtoipaMethodRouter<S> {
    let (schemas, paths, methods) = routes;
    packed((schemas, paths, methods.fallback(nowhere)))
}

/// Routes whose answers are compressed where the client takes it.
pub fn packed<S: Clone + Send + Sync + 'static>(
    routes: UtoipaMethodRouter<S>,
) -> UtoipaMethodRouter<S> {
    let (schemas, paths, methods) = routes;
    (schemas, paths, methods.layer(middleware::from_fn(smaller)))
}
