use mesoform_plan::{DocumentWish, Event, Outcome};

/// Who carries out documents that are no plans. The crates that can stand above this one: the command
/// line brings them together.
pub trait Documents: Send + Sync {
    /// Carries one out, or only says what that would change, and tells how it goes on.
    fn carry_out(&self, wish: &DocumentWish, tell: &mut dyn FnMut(Event)) -> Outcome;
}
