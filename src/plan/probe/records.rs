use crate::PlanError;

/// One answer: `@word rest`, and the encoded lines that follow it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record<'a> {
    /// The line's number, from 1.
    pub line: usize,
    pub word: &'a str,
    pub rest: &'a str,
    pub body: String,
}

impl Record<'_> {
    pub fn wrong(&self, cause: impl Into<String>) -> PlanError {
        PlanError::Probe { line: self.line, cause: cause.into() }
    }

    /// The rest as numbers of paths.
    pub fn numbers(&self) -> Result<Vec<usize>, PlanError> {
        let number = |word: &str| word.parse().map_err(|_| self.wrong("numbers are expected"));
        self.rest.split_whitespace().map(number).collect()
    }
}

/// Splits an answer; what stands before its first line is not ours.
///
/// # Errors
/// No first line, or no last one.
pub fn records(text: &str) -> Result<Vec<Record<'_>>, PlanError> {
    let mut all: Vec<Record<'_>> = Vec::new();
    let mut lines = text.lines().enumerate();
    let head = lines.by_ref().find(|(_, line)| line.starts_with("@mesoform-probe "));
    let Some((number, head)) = head else { return Err(cut(text)) };
    if head != "@mesoform-probe 1" {
        let cause = format!("{head:?} is of a version that is not known here");
        return Err(PlanError::Probe { line: number + 1, cause });
    }
    for (number, line) in lines {
        if line == "@end" {
            return Ok(all);
        }
        match line.strip_prefix('@') {
            Some(line_rest) => {
                let (word, rest) = line_rest.split_once(' ').unwrap_or((line_rest, ""));
                all.push(Record { line: number + 1, word, rest, body: String::new() });
            }
            None => {
                if let Some(last) = all.last_mut() {
                    last.body.push_str(line.trim());
                }
            }
        }
    }
    Err(cut(text))
}

fn cut(text: &str) -> PlanError {
    let said: String =
        text.lines().next_back().unwrap_or("it said nothing").chars().take(200).collect();
    PlanError::ProbeCut { lines: text.lines().count(), said }
}
