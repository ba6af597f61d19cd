//! Splitting a line into words as Python's `shlex.split(line, comments=True)` does.

use crate::Mistake;

/// A word without its quotes, and the column (from 1) that it begins in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub text: String,
    pub column: usize,
}

/// The words of a line. A `#` outside quotes ends the line, even inside a word.
pub(super) fn split(line: &str) -> Result<Vec<Word>, Mistake> {
    let mut words = Vec::new();
    let mut word: Option<Word> = None;
    let mut chars = line.chars().zip(1..);
    while let Some((c, column)) = chars.next() {
        match c {
            ' ' | '\t' | '\r' | '\n' => words.extend(word.take()),
            '#' => break,
            '\'' | '"' | '\\' => {
                let word = word.get_or_insert_with(|| Word { text: String::new(), column });
                let mut rest = chars.by_ref().map(|(c, _)| c);
                match c {
                    '\'' => single_quoted(&mut rest, &mut word.text)?,
                    '"' => double_quoted(&mut rest, &mut word.text)?,
                    _ => word.text.push(rest.next().ok_or(Mistake::OpenEscape)?),
                }
            }
            c => word.get_or_insert_with(|| Word { text: String::new(), column }).text.push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

fn single_quoted(rest: &mut impl Iterator<Item = char>, text: &mut String) -> Result<(), Mistake> {
    loop {
        match rest.next().ok_or(Mistake::OpenQuote)? {
            '\'' => return Ok(()),
            c => text.push(c),
        }
    }
}

/// Between double quotes a backslash escapes only itself and the quote.
fn double_quoted(rest: &mut impl Iterator<Item = char>, text: &mut String) -> Result<(), Mistake> {
    loop {
        match rest.next().ok_or(Mistake::OpenQuote)? {
            '"' => return Ok(()),
            '\\' => match rest.next().ok_or(Mistake::OpenQuote)? {
                c @ ('"' | '\\') => text.push(c),
                c => text.extend(['\\', c]),
            },
            c => text.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    fn words(line: &str) -> Vec<String> {
        split(line).unwrap().into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn splits_as_a_posix_shell() {
        assert_eq!(words(r#"h a="b c" d='"5"' e=f\ g"#), ["h", "a=b c", r#"d="5""#, "e=f g"]);
        assert_eq!(words("h d=x#y z=1"), ["h", "d=x"]);
        assert_eq!(words("h '#' \"#\" \\#"), ["h", "#", "#", "#"]);
        assert_eq!(words(r#"h a="\d\"\\""#), ["h", r#"a=\d"\"#]);
        assert_eq!(words("h ''"), ["h", ""]);
        assert_eq!(words("# only"), Vec::<String>::new());
        assert!(split("h a='").is_err());
        assert!(split("h \\").is_err());
    }

    #[test]
    fn columns_count_characters() {
        let columns: Vec<_> = split("ä  b='x y'  c").unwrap().iter().map(|w| w.column).collect();
        assert_eq!(columns, [1, 4, 13]);
    }
}
