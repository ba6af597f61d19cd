use uuid::Uuid;

/// Xoroshiro128++: quick, and the same again from the same seed, for tests.
#[derive(Debug)]
pub struct Dice {
    a: u64,
    b: u64,
}

impl Dice {
    /// `seed` must be random where ids are to be unique.
    pub fn new(seed: u128) -> Self {
        Self { a: seed as u64, b: (seed >> 64) as u64 | 1 }
    }

    fn next(&mut self) -> u64 {
        let (a, b) = (self.a, self.b);
        let result = a.wrapping_add(b).rotate_left(17).wrapping_add(a);
        let b = b ^ a;
        self.a = a.rotate_left(49) ^ b ^ (b << 21);
        self.b = b.rotate_left(28);
        result
    }

    /// A number below `bound`, which is not 0.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % (bound.max(1) as u64)) as usize
    }

    /// A random (version 4) UUID.
    pub fn uuid(&mut self) -> Uuid {
        let bits = u128::from(self.next()) << 64 | u128::from(self.next());
        uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid()
    }
}
