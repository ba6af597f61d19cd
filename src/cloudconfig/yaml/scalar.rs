//! Which texts need quotes, and which can stand as a block of lines.

/// A text in one line: as it is where no reader can take it for anything else, else in double quotes.
pub(super) fn scalar(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

/// Letters, digits and a few marks, and nothing that begins as a number, a date or a word of YAML would.
fn is_plain(text: &str) -> bool {
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '_'))
        || is_option(text);
    let inside = |c: char| c.is_ascii_alphanumeric() || "/._-+=@".contains(c);
    begins && text.chars().all(inside) && !is_word(text)
}

/// `-d`, `--no-block`: a dash before a letter is no list.
fn is_option(text: &str) -> bool {
    let name = text.trim_start_matches('-');
    let dashes = text.len() - name.len();
    (1..=2).contains(&dashes) && name.starts_with(|c: char| c.is_ascii_alphabetic())
}

/// What YAML 1.1 or 1.2 takes for a truth, for nothing, or for a number that is none.
fn is_word(text: &str) -> bool {
    const WORDS: [&str; 10] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan"];
    let lower = text.to_ascii_lowercase();
    WORDS.contains(&lower.as_str()) || lower.ends_with("inf")
}

/// JSON's quotes, and what YAML does not allow to stand for itself is escaped as well.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if !is_printable(c) => escape(c, &mut out),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn escape(c: char, out: &mut String) {
    let code = u32::from(c);
    out.push_str(&match code {
        0..=0xff => format!("\\x{code:02x}"),
        0x100..=0xffff => format!("\\u{code:04x}"),
        _ => format!("\\U{code:08x}"),
    });
}

/// YAML's printable characters, without those that some readers take for the end of a line.
fn is_printable(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{a0}'..='\u{2027}' | '\u{202a}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}'
        | '\u{ff00}'..='\u{fffd}' | '\u{10000}'..)
}

/// A text of several lines as a block below its key, `depth` levels deep; none where a block could not
/// say it.
pub(super) fn block(text: &str, depth: usize) -> Option<String> {
    let body = text.trim_end_matches('\n');
    let fits = |c: char| matches!(c, '\n' | '\t') || is_printable(c);
    // The first line's own spaces would be taken for the block's.
    let begins = |c: char| !matches!(c, ' ' | '\t' | '\n');
    if !text.contains('\n') || !body.starts_with(begins) || !text.chars().all(fits) {
        return None;
    }
    let ends = match text.len() - body.len() {
        0 => "|-",
        1 => "|",
        _ => "|+",
    };
    let mut out = format!("{ends}\n");
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        if !line.is_empty() {
            out.extend(std::iter::repeat_n("  ", depth));
        }
        out.push_str(line);
        out.push('\n');
    }
    Some(out)
}
