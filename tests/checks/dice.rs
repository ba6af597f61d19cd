/// Chance that can be repeated: the same seed throws the same.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The seed that `MESOFORM_SEED` names; else one that nobody chose.
    pub fn seed() -> u64 {
        let named = std::env::var("MESOFORM_SEED").ok().and_then(|seed| seed.parse().ok());
        named.unwrap_or_else(|| {
            let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
            // Short enough to be typed.
            Self(now.as_nanos() as u64 ^ u64::from(std::process::id())).number() % 1_000_000_000
        })
    }

    /// Dice of their own for a part of the test, so that the others' throws do not depend on it.
    pub fn split(&mut self) -> Self {
        Self(self.number())
    }

    /// Any number (splitmix64).
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From `low` to `high`, which is left out.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.number() % (high - low).max(1)
    }

    /// A place in a list of so many.
    pub fn place(&mut self, length: usize) -> usize {
        (self.number() % length.max(1) as u64) as usize
    }

    pub fn one_of<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.place(list.len())]
    }

    /// True in so many of a hundred cases.
    pub fn percent(&mut self, cases: u64) -> bool {
        self.between(0, 100) < cases
    }

    /// A time between two others, in milliseconds.
    pub fn millis(&mut self, low: u64, high: u64) -> std::time::Duration {
        std::time::Duration::from_millis(self.between(low, high))
    }
}
