//! Sizes as people write them.

/// Bytes of `2G`, `.5G`, `10MB` or `512`.
pub fn bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let text = text.strip_suffix('B').unwrap_or(text);
    let units = [('K', 10), ('M', 20), ('G', 30), ('T', 40)];
    let unit = units.iter().find(|(letter, _)| text.ends_with(*letter));
    let (digits, shift) = match unit {
        Some((letter, shift)) => (text.trim_end_matches(*letter), *shift),
        None => (text, 0),
    };
    let number: f64 = digits.parse().ok()?;
    let bytes =
        number * f64::from(1_u32 << (shift % 32)) * if shift == 40 { 4_294_967_296.0 } else { 1.0 };
    (bytes.is_finite() && (0.0..9e18).contains(&bytes)).then_some(bytes as u64)
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn units_are_powers_of_two() {
        let all = ["512", "1K", "10M", ".5G", "2GB", "1T", "x", "-1"].map(bytes);
        let wanted = [
            Some(512),
            Some(1024),
            Some(10 << 20),
            Some(1 << 29),
            Some(2 << 30),
            Some(1 << 40),
            None,
            None,
        ];
        assert_eq!(all, wanted);
    }
}
