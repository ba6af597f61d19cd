use crate::Interest;
/// placeholder
pub fn probe_script(_interest: &Interest) -> String {
    String::new()
}
