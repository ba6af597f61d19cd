use super::world::World;
use crate::log::{Op, Pen};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::sleep;

/// Writes a log down. What comes while it is under way waits, as it does for a real disk, and is lost when
/// the power fails.
pub async fn write(mut pen: Pen, mut ops: UnboundedReceiver<Op>) {
    while let Some(first) = ops.recv().await {
        if let Some(world) = World::here() {
            sleep(world.millis(0, 4)).await;
        }
        let mut batch = vec![first];
        while let Ok(op) = ops.try_recv() {
            batch.push(op);
        }
        pen.write(batch);
    }
}
