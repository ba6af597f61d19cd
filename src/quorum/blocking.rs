use tokio::task::JoinError;

/// Does what may wait for the disk on a thread that may.
///
/// # Errors
/// It panicked, or the service is ending.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, JoinError> {
    // A simulation must do the same in the same order each time.
    #[cfg(test)]
    if crate::simulation::is_running() {
        return Ok(work());
    }
    tokio::task::spawn_blocking(work).await
}
