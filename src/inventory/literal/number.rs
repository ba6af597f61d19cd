use serde_json::{Number, Value};

/// Takes a number from the front of `rest`.
pub(super) fn parse(rest: &mut &str, negative: bool) -> Option<Value> {
    let end = token_end(rest);
    let (token, after) = rest.split_at(end);
    let value = match radix(token) {
        Some((digits, radix)) => whole(digits, radix, negative)?,
        None => decimal(token, negative)?,
    };
    *rest = after;
    Some(value)
}

/// Digits, letters, dots, and the sign of an exponent.
fn token_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let based = radix(text).is_some();
    let mut end = 0;
    while let Some(byte) = bytes.get(end) {
        let exponent = end > 0 && matches!(bytes[end - 1], b'e' | b'E') && !based;
        match byte {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'.' => end += 1,
            b'+' | b'-' if exponent => end += 1,
            _ => break,
        }
    }
    end
}

fn radix(token: &str) -> Option<(&str, u32)> {
    let radix = match token.get(..2)? {
        "0x" | "0X" => 16,
        "0o" | "0O" => 8,
        "0b" | "0B" => 2,
        _ => return None,
    };
    Some((&token[2..], radix))
}

fn decimal(token: &str, negative: bool) -> Option<Value> {
    if token.bytes().all(|b| b.is_ascii_digit() || b == b'_') {
        let digits = joined(token)?;
        let leading_zero = digits.len() > 1 && digits.starts_with('0');
        if leading_zero && digits.bytes().any(|b| b != b'0') {
            return None;
        }
        return whole(token, 10, negative);
    }
    float(token, negative)
}

/// The digits without underscores, which stand single and between digits (after `0x` also first).
fn joined(token: &str) -> Option<String> {
    let misplaced =
        token.is_empty() || token.starts_with('_') || token.ends_with('_') || token.contains("__");
    (!misplaced).then(|| token.replace('_', ""))
}

fn whole(digits: &str, radix: u32, negative: bool) -> Option<Value> {
    let digits = match radix {
        10 => digits,
        _ => digits.strip_prefix('_').unwrap_or(digits),
    };
    let magnitude = i128::from_str_radix(&joined(digits)?, radix).ok()?;
    Number::from_i128(if negative { -magnitude } else { magnitude }).map(Value::Number)
}

fn float(token: &str, negative: bool) -> Option<Value> {
    let well_formed = token.split(['.', 'e', 'E', '+', '-']).all(|part| {
        part.is_empty()
            || (part.bytes().all(|b| b.is_ascii_digit() || b == b'_') && joined(part).is_some())
    });
    if !well_formed {
        return None;
    }
    // Rust reads the same forms as Python here: `1.`, `.5`, `1e3`, `007.5`.
    let magnitude: f64 = token.replace('_', "").parse().ok()?;
    Number::from_f64(if negative { -magnitude } else { magnitude }).map(Value::Number)
}
