use crate::error::RangeMistake;

/// More hosts than this in one line are a slip, not a cluster.
const MOST: usize = 100_000;

/// The names that `web[1:3]-[a:b]` stands for, the last range running fastest.
pub(crate) fn expand(pattern: &str) -> Result<Vec<String>, RangeMistake> {
    let mut names = vec![String::new()];
    let mut rest = pattern;
    while let Some((head, after)) = rest.split_once('[') {
        let (range, tail) = after.split_once(']').ok_or(RangeMistake::Shape)?;
        let parts = sequence(range)?;
        if names.len().saturating_mul(parts.len()) > MOST {
            return Err(RangeMistake::TooMany(MOST));
        }
        let join = |name: &String| {
            let stem = format!("{name}{head}");
            parts.iter().map(move |part| format!("{stem}{part}")).collect::<Vec<_>>()
        };
        names = names.iter().flat_map(join).collect();
        rest = tail;
    }
    for name in &mut names {
        name.push_str(rest);
    }
    Ok(names)
}

/// What stands for a range: `01:03` is 01, 02, 03.
fn sequence(range: &str) -> Result<Vec<String>, RangeMistake> {
    let parts: Vec<&str> = range.split(':').collect();
    let (begin, end, step) = match parts[..] {
        [begin, end] => (begin, end, "1"),
        [begin, end, step] => (begin, end, step),
        _ => return Err(RangeMistake::Shape),
    };
    let begin = if begin.is_empty() { "0" } else { begin };
    if end.is_empty() {
        return Err(RangeMistake::NoEnd);
    }
    let step = step.parse().ok().filter(|step| *step > 0).ok_or(RangeMistake::Step)?;
    let padded = begin.len() > 1 && begin.starts_with('0');
    if padded && begin.len() != end.len() {
        return Err(RangeMistake::Width);
    }
    if let (Some(first), Some(last)) = (letter(begin), letter(end)) {
        return letters(first, last, step);
    }
    numbers(begin, end, step, if padded { begin.len() } else { 0 })
}

const LETTERS: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

fn letter(bound: &str) -> Option<usize> {
    if bound.len() == 1 { LETTERS.find(bound) } else { None }
}

fn letters(first: usize, last: usize, step: usize) -> Result<Vec<String>, RangeMistake> {
    if first > last {
        return Err(RangeMistake::Backwards);
    }
    Ok(LETTERS[first..=last].chars().step_by(step).map(String::from).collect())
}

fn numbers(begin: &str, end: &str, step: usize, width: usize) -> Result<Vec<String>, RangeMistake> {
    let number = |bound: &str| -> Result<u64, RangeMistake> {
        let digits = bound.bytes().all(|b| b.is_ascii_digit());
        bound.parse().ok().filter(|_| digits).ok_or(RangeMistake::Bounds)
    };
    let (first, last) = (number(begin)?, number(end)?);
    if last.saturating_sub(first) / step as u64 >= MOST as u64 {
        return Err(RangeMistake::TooMany(MOST));
    }
    Ok((first..=last).step_by(step).map(|number| format!("{number:0width$}")).collect())
}

#[cfg(test)]
mod tests {
    use super::{RangeMistake, expand};

    fn names(pattern: &str) -> String {
        expand(pattern).map_or_else(|mistake| format!("{mistake:?}"), |names| names.join(" "))
    }

    #[test]
    fn ranges_as_ansible_expands_them() {
        assert_eq!(names("web[1:3]"), "web1 web2 web3");
        assert_eq!(names("web[01:03].x"), "web01.x web02.x web03.x");
        assert_eq!(names("[1:03]"), "1 2 3");
        assert_eq!(names("[:2]"), "0 1 2");
        assert_eq!(names("[a:c:2]x[1:2]"), "ax1 ax2 cx1 cx2");
        assert_eq!(names("[y:B]"), "y z A B");
        assert_eq!(names("[5:2]"), "");
        assert_eq!(names("plain"), "plain");
    }

    #[test]
    fn bad_ranges() {
        assert_eq!(names("[1:]"), "NoEnd");
        assert_eq!(names("[01:3]"), "Width");
        assert_eq!(names("[c:a]"), "Backwards");
        assert_eq!(names("[1]"), "Shape");
        assert_eq!(names("[a:3]"), "Bounds");
        assert_eq!(names("[1:3:0]"), "Step");
        assert_eq!(expand("[1:4000000000]"), Err(RangeMistake::TooMany(100_000)));
        assert_eq!(expand("[1:4000][1:4000]"), Err(RangeMistake::TooMany(100_000)));
    }
}
