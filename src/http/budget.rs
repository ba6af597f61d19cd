use nix::sys::resource::{Resource, getrlimit};

/// Kept for files, the quorum, and what else a service opens: a quarter, and never less than this.
const RESERVE: usize = 256;
/// Where the limit cannot be read, or there is none.
const USUAL: u64 = 65_536;

/// How many connections the doors of this process may hold together: each is an open file, of which a
/// process has `RLIMIT_NOFILE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget(usize);

impl Budget {
    /// By the limit that holds now. It is not raised: programs that are started would inherit it.
    pub fn of_this_process() -> Self {
        let soft = getrlimit(Resource::RLIMIT_NOFILE).map_or(USUAL, |(soft, _)| soft);
        Self::of_files(soft)
    }

    fn of_files(files: u64) -> Self {
        let files = usize::try_from(files.min(1 << 20)).unwrap_or(1 << 20);
        let reserve = (files / 4).max(RESERVE).min(files / 2);
        Self(files - reserve)
    }

    /// What each door gets of what it wants: all of it if there is enough, and otherwise as much as
    /// the others who want that much.
    pub fn divide<const N: usize>(self, wanted: [usize; N]) -> [usize; N] {
        let mut left = self.0;
        let mut order: Vec<usize> = (0..N).collect();
        order.sort_by_key(|door| wanted[*door]);
        let mut parts = [0; N];
        for (served, door) in order.into_iter().enumerate() {
            parts[door] = wanted[door].min(left / (N - served));
            left -= parts[door];
        }
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reserve_is_always_left() {
        assert_eq!(Budget::of_files(65_536), Budget(49_152));
        assert_eq!(Budget::of_files(1024), Budget(768));
        assert_eq!(Budget::of_files(300), Budget(150));
        assert_eq!(Budget::of_files(u64::MAX), Budget(786_432));
        assert!(Budget::of_this_process().0 > 0);
    }

    #[test]
    fn doors_share_it() {
        assert_eq!(Budget(49_152).divide([4096, 65_536]), [4096, 45_056]);
        assert_eq!(Budget(768).divide([65_536, 4096]), [384, 384]);
        assert_eq!(Budget(10).divide([3]), [3]);
    }
}
