use crate::draft::HostId;

/// `[0]`, `[-1]`, `[1:2]` (inclusive) or `[1:]` at the end of a pattern.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Subscript {
    One(i64),
    Span(usize, Option<usize>),
}

/// The pattern without its subscript, and the subscript. Regular expressions have none.
pub(super) fn split(pattern: &str) -> Result<(&str, Option<Subscript>), String> {
    let whole = Ok((pattern, None));
    let Some((expression, inner)) = pattern.strip_suffix(']').and_then(|p| p.rsplit_once('['))
    else {
        return whole;
    };
    if pattern.starts_with('~') || expression.is_empty() {
        return whole;
    }
    let number = |text: &str| -> Result<usize, String> {
        text.parse().map_err(|_| format!("{text} is too large a number"))
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let one = inner.strip_prefix('-').unwrap_or(inner);
    if digits(one) {
        let one = inner.parse().map_err(|_| format!("{inner} is too large a number"))?;
        return Ok((expression, Some(Subscript::One(one))));
    }
    match inner.split_once([':', '-']) {
        Some((start, "")) if digits(start) => {
            Ok((expression, Some(Subscript::Span(number(start)?, None))))
        }
        Some((start, end)) if digits(start) && digits(end) => {
            Ok((expression, Some(Subscript::Span(number(start)?, Some(number(end)?)))))
        }
        _ => whole,
    }
}

impl Subscript {
    pub fn apply(&self, hosts: Vec<HostId>) -> Result<Vec<HostId>, String> {
        let count = hosts.len();
        if count == 0 {
            return Ok(hosts);
        }
        let one = |at: Option<usize>| match at.and_then(|at| hosts.get(at)) {
            Some(id) => Ok(vec![*id]),
            None => Err(format!("it asks for a host beyond the {count} that match")),
        };
        match *self {
            Self::One(at) if at < 0 => one(count.checked_sub(at.unsigned_abs() as usize)),
            Self::One(at) => one(usize::try_from(at).ok()),
            // As in Ansible, an end of 0 counts as none given.
            Self::Span(start, Some(0)) => one(Some(start)),
            Self::Span(start, end) => {
                let end = end.map_or(count, |end| end.saturating_add(1).min(count));
                Ok(hosts.get(start..end).unwrap_or_default().to_vec())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Subscript, split};

    #[test]
    fn subscripts() {
        assert_eq!(split("web[0]"), Ok(("web", Some(Subscript::One(0)))));
        assert_eq!(split("web[-1]"), Ok(("web", Some(Subscript::One(-1)))));
        assert_eq!(split("web[1:2]"), Ok(("web", Some(Subscript::Span(1, Some(2))))));
        assert_eq!(split("web*[1:]"), Ok(("web*", Some(Subscript::Span(1, None)))));
        assert_eq!(split("web[:2]"), Ok(("web[:2]", None)));
        assert_eq!(split("~web[0]"), Ok(("~web[0]", None)));
        assert_eq!(split("web0[12]"), Ok(("web0", Some(Subscript::One(12)))));
        assert_eq!(split("[0]"), Ok(("[0]", None)));
        assert_eq!(Subscript::Span(1, None).apply(vec![4, 5, 6]), Ok(vec![5, 6]));
        assert_eq!(Subscript::Span(5, Some(9)).apply(vec![4]), Ok(vec![]));
        assert_eq!(Subscript::One(-2).apply(vec![4, 5]), Ok(vec![4]));
        assert!(Subscript::One(2).apply(vec![4, 5]).is_err());
        assert!(Subscript::One(i64::MIN).apply(vec![4, 5]).is_err());
    }
}
