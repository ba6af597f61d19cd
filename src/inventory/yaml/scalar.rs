//! The types of plain scalars in YAML 1.1: `yes` is true, 0777 is 511, 1e3 is a string.

use serde_json::{Number, Value};

/// The value of a plain scalar. Dates stay strings, as they leave Ansible.
pub fn resolve(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            return true.into();
        }
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return false.into();
        }
        _ => {}
    }
    let number = whole(text).map(Value::Number).or_else(|| float(text));
    number.unwrap_or_else(|| Value::String(text.to_owned()))
}

fn split_sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

fn whole(text: &str) -> Option<Number> {
    let (negative, body) = split_sign(text);
    let magnitude = match body.as_bytes() {
        [b'0', b'b', ..] => radix(&body[2..], 2)?,
        [b'0', b'x', ..] => radix(&body[2..], 16)?,
        [b'0'] => 0,
        [b'0', ..] => radix(&body[1..], 8)?,
        [b'1'..=b'9', ..] if body.contains(':') => sixties(body)?,
        [b'1'..=b'9', ..] => radix(body, 10)?,
        _ => return None,
    };
    Number::from_i128(if negative { -magnitude } else { magnitude })
}

fn radix(digits: &str, radix: u32) -> Option<i128> {
    let well_formed = !digits.is_empty() && digits.chars().all(|c| c == '_' || c.is_digit(radix));
    let digits = digits.replace('_', "");
    if !well_formed {
        return None;
    }
    if digits.is_empty() { Some(0) } else { i128::from_str_radix(&digits, radix).ok() }
}

/// `1:30` is 90: YAML 1.1 counts in sixties.
fn sixties(text: &str) -> Option<i128> {
    let (first, rest) = text.split_once(':')?;
    let mut total = radix(first, 10)?;
    for part in rest.split(':') {
        let short = (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        let part: i128 = part.parse().ok().filter(|part| short && *part < 60)?;
        total = total.checked_mul(60)?.checked_add(part)?;
    }
    Some(total)
}

/// A float needs a dot, and its exponent a sign. Infinities stay strings: JSON has none.
fn float(text: &str) -> Option<Value> {
    let (negative, body) = split_sign(text);
    let (mantissa, exponent) = match body.find(['e', 'E']) {
        Some(at) => (&body[..at], Some(&body[at + 1..])),
        None => (body, None),
    };
    let (before, after) = mantissa.split_once('.')?;
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    let begins = before.starts_with(|c: char| c.is_ascii_digit())
        || (before.is_empty() && after.starts_with(|c: char| c.is_ascii_digit()));
    let signed = exponent.is_none_or(|e| {
        e.strip_prefix(['+', '-']).is_some_and(|e| !e.is_empty() && digits(e) && !e.contains('_'))
    });
    if !begins || !digits(before) || !digits(after) || !signed {
        return None;
    }
    let magnitude: f64 = body.replace('_', "").parse().ok()?;
    Number::from_f64(if negative { -magnitude } else { magnitude }).map(Value::Number)
}
