use super::parser::Parser;
use serde_json::Value;

/// Takes a string, or several that stand side by side, from the front; else takes nothing.
pub(super) fn parse(parser: &mut Parser) -> Option<Value> {
    let before = parser.rest;
    let mut text = String::new();
    let mut bytes = None;
    while let Some((piece, is_bytes, rest)) = one(parser.rest) {
        if *bytes.get_or_insert(is_bytes) != is_bytes {
            parser.rest = before;
            return None;
        }
        text.push_str(&piece);
        parser.rest = rest.trim_start_matches([' ', '\t', '\x0c']);
    }
    bytes.map(|_| Value::String(text))
}

/// One quoted string: its text, whether it is bytes, and what comes after it.
fn one(text: &str) -> Option<(String, bool, &str)> {
    let quote_at = text.find(['\'', '"']).filter(|at| *at <= 2)?;
    let (prefix, quoted) = text.split_at(quote_at);
    let (raw, bytes) = match prefix.to_ascii_lowercase().as_str() {
        "" | "u" => (false, false),
        "r" => (true, false),
        "b" => (false, true),
        "br" | "rb" => (true, true),
        _ => return None,
    };
    let quote = quoted.get(..3).filter(|q| matches!(*q, "'''" | "\"\"\"")).or(quoted.get(..1))?;
    let body = &quoted[quote.len()..];
    let end = closing(body, quote)?;
    let inner = &body[..end];
    let text = if raw { inner.to_owned() } else { unescape(inner, bytes)? };
    if bytes && !inner.is_ascii() {
        return None;
    }
    Some((text, bytes, &body[end + quote.len()..]))
}

/// Where the closing quote begins; a backslash protects what follows it.
fn closing(body: &str, quote: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in body.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if body[at..].starts_with(quote) => return Some(at),
            _ => {}
        }
    }
    None
}

/// The text with its escapes worked out; unknown escapes stay as they are.
pub(crate) fn unescape(text: &str, bytes: bool) -> Option<String> {
    if !text.contains('\\') {
        return Some(text.to_owned());
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.extend_from_slice(&rest.as_bytes()[..at]);
        rest = &rest[at + 1..];
        let c = rest.chars().next()?;
        rest = escape(c, &rest[c.len_utf8()..], bytes, &mut out)?;
    }
    out.extend_from_slice(rest.as_bytes());
    String::from_utf8(out).ok()
}

/// Works out the escape of `c`, and gives back what follows it.
fn escape<'a>(c: char, rest: &'a str, bytes: bool, out: &mut Vec<u8>) -> Option<&'a str> {
    let simple = match c {
        '\\' | '\'' | '"' => c as u8,
        'a' => 7,
        'b' => 8,
        'f' => 12,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 11,
        '0'..='7' => return octal(c, rest, bytes, out),
        'x' => return code(rest, 2, bytes, out),
        'u' if !bytes => return code(rest, 4, false, out),
        'U' if !bytes => return code(rest, 8, false, out),
        'N' if !bytes => return None,
        other => {
            out.push(b'\\');
            push(other, out);
            return Some(rest);
        }
    };
    out.push(simple);
    Some(rest)
}

fn octal<'a>(first: char, rest: &'a str, bytes: bool, out: &mut Vec<u8>) -> Option<&'a str> {
    let more = rest.bytes().take(2).take_while(|b| (b'0'..=b'7').contains(b)).count();
    let number = u32::from_str_radix(&format!("{first}{}", &rest[..more]), 8).ok()?;
    put(number, bytes, out)?;
    Some(&rest[more..])
}

fn code<'a>(rest: &'a str, digits: usize, bytes: bool, out: &mut Vec<u8>) -> Option<&'a str> {
    let hex = rest.get(..digits).filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))?;
    put(u32::from_str_radix(hex, 16).ok()?, bytes, out)?;
    Some(&rest[digits..])
}

fn put(number: u32, bytes: bool, out: &mut Vec<u8>) -> Option<()> {
    match bytes {
        true => out.push((number & 0xff) as u8),
        false => push(char::from_u32(number)?, out),
    }
    Some(())
}

fn push(c: char, out: &mut Vec<u8>) {
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}
