//! Host names, addresses, and the port that may follow them.

use crate::Mistake;
use std::net::Ipv6Addr;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ranges {
    Allowed,
    Refused,
}

/// Whether the whole text is one host (or range of hosts), perhaps with a port, as Ansible's
/// `parse_address` decides it.
pub(crate) fn is_address(text: &str) -> bool {
    let (host, _) = split_port(text);
    is_host(host, Ranges::Allowed)
}

/// A host and its port. Names that are no addresses pass as they are, as in Ansible, unless they
/// hold what can only be a slip.
pub(crate) fn host_and_port(text: &str, ranges: Ranges) -> Result<(&str, Option<u16>), Mistake> {
    let (host, port) = split_port(text);
    let (host, port) = if is_host(host, ranges) { (host, port) } else { (text, None) };
    let port = match port {
        None => None,
        Some(port) => match port.parse() {
            Ok(0) | Err(_) => return Err(Mistake::Port { port: port.to_owned() }),
            Ok(port) => Some(port),
        },
    };
    check_name(host, ranges)?;
    Ok((host, port))
}

/// What stands before the last colon and the digits after it; else the text as it is.
fn split_port(text: &str) -> (&str, Option<&str>) {
    let Some((host, port)) = text.rsplit_once(':') else { return (text, None) };
    if port.is_empty() || !port.bytes().all(|b| b.is_ascii_digit()) {
        return (text, None);
    }
    if let Some(inner) = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')) {
        // `[::1]:22`, but not the range in `[1:3]:22`.
        if !inner.contains(['[', ']']) && !is_range(inner) {
            return (inner, Some(port));
        }
    }
    match without_brackets(host) {
        Some(rest) if !rest.contains(':') => (host, Some(port)),
        _ => (text, None),
    }
}

/// The text without its bracketed parts; none when brackets do not pair.
fn without_brackets(text: &str) -> Option<String> {
    let mut rest = String::new();
    let mut inside = false;
    for c in text.chars() {
        match (c, inside) {
            ('[', false) => inside = true,
            (']', true) => inside = false,
            ('[' | ']', _) => return None,
            (c, false) => rest.push(c),
            (_, true) => {}
        }
    }
    (!inside).then_some(rest)
}

fn is_host(text: &str, ranges: Ranges) -> bool {
    if ranges == Ranges::Refused && text.contains('[') {
        return false;
    }
    is_ipv6(text) || is_hostname(text)
}

/// Ranges may stand in for a component of an address: `fd00::[1:9]`.
fn is_ipv6(text: &str) -> bool {
    if !text.contains(':') {
        return false;
    }
    let mut plain = String::new();
    let mut rest = text;
    while let Some(open) = rest.find('[') {
        let Some(close) = rest[open..].find(']').map(|at| open + at) else { return false };
        if !is_hexadecimal_range(&rest[open + 1..close]) {
            return false;
        }
        plain.push_str(&rest[..open]);
        plain.push('0');
        rest = &rest[close + 1..];
    }
    plain.push_str(rest);
    plain.parse::<Ipv6Addr>().is_ok()
}

/// Labels of letters, digits, `_` and `-` with ranges in them, joined by dots.
fn is_hostname(text: &str) -> bool {
    let mut rest = text;
    let mut label_begins = true;
    let mut last = None;
    while let Some(c) = rest.chars().next() {
        if c == '[' {
            let Some(close) = rest.find(']') else { return false };
            if !is_range(&rest[1..close]) {
                return false;
            }
            (last, label_begins) = (Some(']'), false);
            rest = &rest[close + 1..];
            continue;
        }
        match c {
            '.' if label_begins || matches!(last, Some('-' | '_')) => return false,
            '.' => label_begins = true,
            '-' if label_begins => return false,
            c if c.is_alphanumeric() || c == '_' || c == '-' => label_begins = false,
            _ => return false,
        }
        last = Some(c);
        rest = &rest[c.len_utf8()..];
    }
    !label_begins && !matches!(last, Some('-' | '_'))
}

/// `1:3`, `a:c`, `01:10:2`: what may stand between brackets in a host's name.
fn is_range(text: &str) -> bool {
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let letter = |s: &str| s.len() == 1 && s.bytes().all(|b| b.is_ascii_alphabetic());
    let parts: Vec<&str> = text.split(':').collect();
    let (begin, end) = match parts[..] {
        [begin, end] => (begin, end),
        [begin, end, step] if digits(step) => (begin, end),
        _ => return false,
    };
    (digits(begin) && digits(end)) || (letter(begin) && letter(end))
}

fn is_hexadecimal_range(text: &str) -> bool {
    let hex = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_hexdigit());
    let parts: Vec<&str> = text.split(':').collect();
    matches!(parts[..], [b, e] if hex(b) && hex(e))
        || matches!(parts[..], [b, e, s] if hex(b) && hex(e) && s.bytes().all(|b| b.is_ascii_digit()))
}

/// Refuses what Ansible takes as a name but nobody means as one.
fn check_name(name: &str, ranges: Ranges) -> Result<(), Mistake> {
    let mistake = |cure| Err(Mistake::HostName { name: name.to_owned(), cure });
    if name.is_empty() {
        return mistake("a line begins with the host's name");
    }
    if name.starts_with('=') || name.contains('=') {
        return mistake("a line begins with the host's name, and key=value comes after it");
    }
    let Some(plain) = without_brackets(name) else {
        return mistake("a [ and its ] belong together");
    };
    if ranges == Ranges::Refused && name.contains('[') {
        return mistake("ranges are for inventory files; name each host, with commas between");
    }
    let address = name.split('%').next().unwrap_or(name);
    if plain.contains(':') && !is_ipv6(address) {
        return mistake(
            "after a colon comes a port; an IPv6 address with a port is written [address]:port, \
             and a range with a port needs its begin: web[0:2]:22",
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Ranges, host_and_port, is_address};

    #[test]
    fn ports() {
        let parse = |text| host_and_port(text, Ranges::Allowed).ok();
        assert_eq!(parse("h:22"), Some(("h", Some(22))));
        assert_eq!(parse("web[1:2]:22"), Some(("web[1:2]", Some(22))));
        assert_eq!(parse("[::1]:22"), Some(("::1", Some(22))));
        assert_eq!(parse("fd00::1"), Some(("fd00::1", None)));
        assert_eq!(parse("fd00::[1:3]"), Some(("fd00::[1:3]", None)));
        assert_eq!(parse("10.0.0.1:2222"), Some(("10.0.0.1", Some(2222))));
        assert_eq!(parse("user@host"), Some(("user@host", None)));
        for slip in ["h:", "h:70000", "h:0", "", "h:ssh", "web[:2]:22", "a[1:2", "x=1"] {
            assert!(host_and_port(slip, Ranges::Allowed).is_err(), "{slip}");
        }
    }

    #[test]
    fn addresses() {
        for yes in ["a", "a.b-c", "web[1:3].x", "[a:c]x", "1.2.3.4", "::1", "_a", "a[0:9:3]:80"] {
            assert!(is_address(yes), "{yes}");
        }
        for no in ["a:b", "web*", "a-", "a..b", "web[0]", "web[:2]", "~x", "!a", "-a", "", "a."] {
            assert!(!is_address(no), "{no}");
        }
    }
}
