/// How much room a disk has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Room {
    #[default]
    Plenty,
    /// The reserve is touched: only what makes room may still be done.
    Scarce,
    /// Half of the reserve is gone: not even that, except forgetting old revisions.
    None,
}

impl Room {
    /// As voters tell each other.
    pub fn as_number(self) -> u32 {
        match self {
            Self::Plenty => 0,
            Self::Scarce => 1,
            Self::None => 2,
        }
    }

    /// What a newer version may call otherwise is at least scarce.
    pub fn from_number(number: u32) -> Self {
        match number {
            0 => Self::Plenty,
            2 => Self::None,
            _ => Self::Scarce,
        }
    }
}

/// Judges how much room there is. Knows no disk.
#[derive(Debug)]
pub struct Gauge {
    reserve: u64,
    room: Room,
}

impl Gauge {
    /// For a reserve of so many bytes.
    pub fn new(reserve: u64) -> Self {
        Self { reserve, room: Room::Plenty }
    }

    /// The room with so many bytes free. A level is left for a better one only when there is a
    /// quarter more than it takes, so that it does not come and go with each write.
    pub fn judge(&mut self, free: u64) -> Room {
        let half = self.reserve / 2;
        let now = |slack: u64| {
            let enough = |wanted: u64| free >= wanted.saturating_add(wanted / 4 * slack);
            match (enough(self.reserve), enough(half)) {
                (true, _) => Room::Plenty,
                (false, true) => Room::Scarce,
                (false, false) => Room::None,
            }
        };
        self.room = if now(0) >= self.room { now(0) } else { now(1).min(self.room) };
        self.room
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_entered_at_once_and_left_with_some_slack() {
        let mut gauge = Gauge::new(100);
        let levels: Vec<Room> =
            [200, 100, 99, 110, 124, 125, 60, 49, 55, 62, 63, 110, 130, 0, 1000]
                .into_iter()
                .map(|free| gauge.judge(free))
                .collect();
        use Room::{None, Plenty, Scarce};
        let wanted = [
            Plenty, Plenty, Scarce, Scarce, Scarce, Plenty, Scarce, None, None, Scarce, Scarce,
            Scarce, Plenty, None, Plenty,
        ];
        assert_eq!(levels, wanted);
    }

    #[test]
    fn voters_tell_it_by_number() {
        for room in [Room::Plenty, Room::Scarce, Room::None] {
            assert_eq!(Room::from_number(room.as_number()), room);
        }
        assert_eq!(Room::from_number(9), Room::Scarce);
    }
}
