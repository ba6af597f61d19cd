use super::Stock;
use crate::Limits;
use crate::guard::{Guard, Watch, stand_guard};
use crate::speech::Speech;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// What all connections of a door have in common.
#[derive(Debug, Clone)]
pub(crate) struct Common {
    pub(crate) speech: Speech,
    pub(crate) guard: Arc<Guard>,
    /// The routes, behind the guard.
    pub(crate) router: Router,
    pub(crate) limits: Arc<Limits>,
    pub(crate) shutdown: CancellationToken,
}

impl Common {
    pub(crate) fn new(
        speech: Speech,
        guard: Guard,
        router: Router,
        limits: Limits,
        shutdown: CancellationToken,
    ) -> Self {
        let (guard, limits) = (Arc::new(guard), Arc::new(limits));
        let stock = Stock::new(limits.bodies);
        let watch = Watch { guard: guard.clone(), limits: limits.clone(), stock };
        let router = router
            // Ours bounds every body, also those that no extractor reads.
            .layer(DefaultBodyLimit::disable())
            .layer(from_fn_with_state(watch, stand_guard));
        Self { speech, guard, router, limits, shutdown }
    }
}
