use regex::Regex;

/// Whether an expression can mean several names.
pub(super) fn is_glob(expression: &str) -> bool {
    expression.starts_with('~') || expression.contains(['*', '?', '['])
}

/// Finds the names that an expression means.
pub(super) enum Matcher<'a> {
    Exact(&'a str),
    Pattern(Regex),
}

impl<'a> Matcher<'a> {
    /// `~regex` matches at the start of a name; a glob matches all of it.
    pub fn new(expression: &'a str) -> Result<Self, String> {
        let pattern = match expression.strip_prefix('~') {
            Some(regex) => format!("^(?:{regex})"),
            None if is_glob(expression) => format!(r"(?s)\A(?:{})\z", translate(expression)),
            None => return Ok(Self::Exact(expression)),
        };
        Regex::new(&pattern).map(Self::Pattern).map_err(|e| {
            let cause = e.to_string();
            // The last line says what is wrong, the others draw it.
            cause.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
        })
    }

    pub fn positions<'n>(
        &self,
        names: impl Iterator<Item = &'n String>,
        exact: impl Fn(&str) -> Option<usize>,
    ) -> Vec<usize> {
        match self {
            Self::Exact(name) => exact(name).into_iter().collect(),
            Self::Pattern(regex) => {
                let hit = |(at, name): (usize, &String)| regex.is_match(name).then_some(at);
                names.enumerate().filter_map(hit).collect()
            }
        }
    }
}

/// A shell's glob as a regular expression, as Python's `fnmatch` translates it.
fn translate(glob: &str) -> String {
    let mut regex = String::new();
    let mut rest = glob;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '*' => regex.push_str(".*"),
            '?' => regex.push('.'),
            '[' => match set(rest) {
                Some((set, after)) => {
                    regex.push_str(&set);
                    rest = after;
                }
                None => regex.push_str(r"\["),
            },
            c => regex.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    regex
}

/// A set of characters whose bracket has been read: `a-c]`, `!x]`, `]]`.
fn set(text: &str) -> Option<(String, &str)> {
    let (negated, body) = match text.strip_prefix('!') {
        Some(body) => (true, body),
        None => (false, text),
    };
    // A `]` right at the begin belongs to the set.
    let first = body.chars().next().map_or(0, char::len_utf8);
    let end = body.get(first..)?.find(']')? + first;
    let mut set = String::from(if negated { "[^" } else { "[" });
    let chars: Vec<char> = body[..end].chars().collect();
    let mut at = 0;
    let mut any = false;
    while at < chars.len() {
        let (low, high) = match chars[at..] {
            [low, '-', high, ..] => (low, high),
            [c, ..] => (c, c),
            [] => break,
        };
        at += if low == high && chars.get(at + 1) != Some(&'-') { 1 } else { 3 };
        if low <= high {
            any = true;
            set.push_str(&format!(r"\x{{{:x}}}-\x{{{:x}}}", low as u32, high as u32));
        }
    }
    set.push(']');
    let after = &body[end + 1..];
    // A set of nothing matches nothing, or with `!` everything.
    match (any, negated) {
        (true, _) => Some((set, after)),
        (false, true) => Some((".".to_owned(), after)),
        (false, false) => Some((r"[^\s\S]".to_owned(), after)),
    }
}

#[cfg(test)]
mod tests {
    use super::Matcher;

    fn hits(expression: &str, names: &str) -> String {
        let names: Vec<String> = names.split(' ').map(String::from).collect();
        let exact = |name: &str| names.iter().position(|n| n == name);
        let hits = Matcher::new(expression).unwrap().positions(names.iter(), exact);
        hits.into_iter().map(|at| names[at].as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn globs_as_fnmatch() {
        assert_eq!(hits("web*", "web web1 aweb"), "web web1");
        assert_eq!(hits("web?", "web web1"), "web1");
        assert_eq!(hits("w[a-c1]", "wa wd w1 w-"), "wa w1");
        assert_eq!(hits("w[!a]", "wa wd"), "wd");
        assert_eq!(hits("w[]x]", "w] wx wy"), "w] wx");
        assert_eq!(hits("w[-a]", "w- wa wb"), "w- wa");
        assert_eq!(hits("w[z-a]", "wa wz"), "");
        assert_eq!(hits("a.b*", "a.bc axbc"), "a.bc");
        assert_eq!(hits("w[*", "w[1 w1"), "w[1");
        assert_eq!(hits("~we|x", "web aweb x1"), "web x1");
        assert!(Matcher::new("~(").is_err());
    }
}
