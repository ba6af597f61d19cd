//! The suite's language: words, `"quoted"` words with `\0` and `\xff` in them, and `(lists)`.

use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Clone, PartialEq)]
pub enum Word {
    Text { bytes: Bytes, quoted: bool },
    List(Vec<Word>),
}

/// Reads a request; it may go over several lines while a list is open.
pub fn read(text: &str) -> Vec<Word> {
    let mut chars = text.chars().peekable();
    let words = list(&mut chars, text);
    assert!(chars.next().is_none(), "a `)` too many: {text}");
    words
}

/// Whether all lists are closed.
pub fn is_complete(text: &str) -> bool {
    text.matches('(').count() <= text.matches(')').count()
}

fn list(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    while let Some(next) = chars.peek().copied() {
        match next {
            ')' => return words,
            '(' => {
                chars.next();
                words.push(Word::List(list(chars, text)));
                assert_eq!(chars.next(), Some(')'), "a `)` is missing: {text}");
            }
            '"' => {
                chars.next();
                words.push(Word::Text { bytes: quoted(chars), quoted: true });
            }
            space if space.is_whitespace() => drop(chars.next()),
            _ => words.push(Word::Text { bytes: plain(chars), quoted: false }),
        }
    }
    words
}

fn plain(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Bytes {
    let mut word = String::new();
    while let Some(next) = chars.next_if(|c| !c.is_whitespace() && !"()".contains(*c)) {
        word.push(next);
    }
    // `x^1000`: a thousand of them.
    match word.split_once('^') {
        Some((one, times)) => one.repeat(times.parse().unwrap()).into(),
        None => word.into(),
    }
}

fn quoted(chars: &mut impl Iterator<Item = char>) -> Bytes {
    let mut bytes = Vec::new();
    loop {
        match chars.next().expect("a quote is not closed") {
            '"' => return bytes.into(),
            '\\' => match chars.next() {
                Some('0') => bytes.push(0),
                Some('x') => {
                    let hex: String = chars.take(2).collect();
                    bytes.push(u8::from_str_radix(&hex, 16).unwrap());
                }
                other => panic!("unknown: \\{other:?}"),
            },
            char => bytes.extend(char.to_string().bytes()),
        }
    }
}

/// The words after a verb, sorted: plain ones, `name=value`, `-flag` and lists.
#[derive(Debug, Default)]
pub struct Args {
    pub plain: Vec<Bytes>,
    options: BTreeMap<String, String>,
    flags: BTreeSet<String>,
    /// What `+3` is counted from.
    base: i64,
}

impl Args {
    pub fn new(words: &[Word], base: i64) -> Self {
        let mut args = Self { base, ..Self::default() };
        for word in words {
            let Word::Text { bytes, quoted } = word else {
                panic!("no place for a list: {words:?}")
            };
            let text = String::from_utf8_lossy(bytes);
            let flag = text.strip_prefix('-').filter(|f| f.starts_with(char::is_alphabetic));
            match (text.split_once('='), flag) {
                (Some((name, value)), _) if !quoted => {
                    args.options.insert(name.to_owned(), value.to_owned());
                }
                (_, Some(flag)) if !quoted => drop(args.flags.insert(flag.to_owned())),
                _ => args.plain.push(bytes.clone()),
            }
        }
        args
    }

    /// The plain word at a place; empty: there is none.
    pub fn at(&self, place: usize) -> Bytes {
        self.plain.get(place).cloned().unwrap_or_default()
    }

    pub fn text(&self, place: usize) -> String {
        String::from_utf8_lossy(&self.at(place)).into_owned()
    }

    pub fn number_at(&self, place: usize) -> i64 {
        number(&self.text(place), self.base)
    }

    /// A number that was named; 0 without it.
    pub fn number(&self, name: &str) -> i64 {
        self.options.get(name).map_or(0, |text| number(text, self.base))
    }

    pub fn option(&self, name: &str) -> &str {
        self.options.get(name).map_or("", String::as_str)
    }

    pub fn has(&self, flag: &str) -> bool {
        self.flags.contains(flag)
    }
}

/// `+3` is the third revision of the case; others are meant as they are.
pub fn number(text: &str, base: i64) -> i64 {
    match text.strip_prefix('+') {
        Some(relative) => base + relative.parse::<i64>().unwrap(),
        None if text.is_empty() => 0,
        None => text.parse().unwrap_or_else(|_| panic!("no number: {text}")),
    }
}
