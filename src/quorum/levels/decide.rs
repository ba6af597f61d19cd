use super::Levels;

/// The level to which a cluster at `level` is to be raised: the highest that all members know, of which
/// each says its own. None: nothing is to be done, or somebody has not said it lately.
///
/// As etcd's leader decides the cluster's version: by the lowest of its members'.
pub fn next_level(level: u32, members: impl IntoIterator<Item = Option<Levels>>) -> Option<u32> {
    let mut newest = members.into_iter().map(|known| known.map(Levels::newest));
    let first = newest.next()??;
    let lowest = newest.try_fold(first, |lowest, next| next.map(|next| lowest.min(next)))?;
    (lowest > level).then_some(lowest)
}
