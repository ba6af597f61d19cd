use std::net::IpAddr;

/// The name that a machine is given: the inventory's without its domain, which would leak into the
/// look-up of services. None where the inventory calls it by an address or by no name that a machine
/// can have: then it keeps the name that it has.
pub fn hostname(name: &str) -> Option<String> {
    if name.parse::<IpAddr>().is_ok() {
        return None;
    }
    let label = name.split('.').next().unwrap_or_default();
    let inside = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let fits = (1..=63).contains(&label.len())
        && label.chars().all(inside)
        && !label.starts_with('-')
        && !label.ends_with('-');
    fits.then(|| label.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_and_an_address_are_no_name() {
        assert_eq!(hostname("M1.example.org").as_deref(), Some("m1"));
        assert_eq!(hostname("h1").as_deref(), Some("h1"));
        for none in ["10.0.0.1", "fe80::1", "a_b", "-a", "", ".org"] {
            assert_eq!(hostname(none), None, "{none}");
        }
    }
}
