/// What it lies about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lie {
    /// Nothing: to see that it is the lie that is caught.
    Nothing,
    /// Now and then a read shows what the key held some time ago.
    StaleRead,
    /// As it, but with the head of a read that is fresh.
    StaleReadWithFreshHead,
    /// Now and then a put is acknowledged and not carried out.
    LostWrite,
    /// Now and then a put is carried out twice.
    DoubledWrite,
    /// Now and then a put is refused, and carried out all the same.
    FailedWriteIsThere,
    /// Guards are not looked at.
    Unguarded,
    /// Now and then an event is left out.
    SkippedEvent,
    /// Now and then an event is told again.
    DoubledEvent,
    /// Now and then two responses change places.
    SwappedResponses,
    /// The changes of a transaction come one by one.
    SplitRevision,
    /// A watch begins one revision too late.
    LateStart,
    /// What was there before is not told.
    NoPrevious,
    /// Word of progress comes before the events.
    EarlyProgress,
    /// Leases end after half of their time.
    EarlyExpiry,
    /// Leases never end.
    NoExpiry,
    /// Leases end early, and guards are not looked at: who was deposed goes on.
    NoFence,
}
