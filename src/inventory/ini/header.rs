use crate::Mistake;

/// `[group]`, `[group:children]` or `[group:vars]`.
pub(super) struct Header<'a> {
    pub group: &'a str,
    pub kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Hosts,
    Children,
    Vars,
}

/// The header that a line is, or meant to be; none for another line.
pub(super) fn parse(line: &str) -> Option<Result<Header<'_>, Mistake>> {
    let inner_and_rest = line.strip_prefix('[')?.split_once(']');
    let Some((inner, rest)) = inner_and_rest else { return Some(Err(section(line))) };
    // An address in brackets with its port, or a range that a name begins with.
    if rest.starts_with(|c: char| c != '#' && c != ';' && !c.is_whitespace()) {
        return line.ends_with(']').then(|| Err(section(line)));
    }
    let rest = rest.trim_start();
    if !rest.is_empty() && !rest.starts_with('#') {
        // `[a:c] x=1` is a line of hosts; `[web] ; c` was meant as a header.
        let range = inner.contains(':') && !inner.contains(char::is_whitespace);
        return (rest.starts_with(';') || !range).then(|| Err(section(line)));
    }
    let (group, kind) = match inner.split_once(':') {
        Some((group, kind)) => (group, kind),
        None => (inner, "hosts"),
    };
    if !is_name(group) || !kind.chars().all(|c| c.is_alphanumeric() || c == '_') || kind.is_empty()
    {
        return Some(Err(section(line)));
    }
    let kind = match kind {
        "hosts" => Kind::Hosts,
        "children" => Kind::Children,
        "vars" => Kind::Vars,
        other => {
            let (group, kind) = (group.to_owned(), other.to_owned());
            return Some(Err(Mistake::SectionKind { group, kind }));
        }
    };
    Some(Ok(Header { group, kind }))
}

/// The group's name in a `:children` section, without a comment after it.
pub(super) fn child_name(line: &str) -> Option<&str> {
    let end = line.find(char::is_whitespace);
    let (name, rest) = line.split_at(end.unwrap_or(line.len()));
    let rest = rest.trim_start();
    // A `#` right after the name belongs to the name, as in Ansible.
    (is_name(name) && (rest.is_empty() || rest.starts_with('#'))).then_some(name)
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && !text.contains(|c: char| c == ':' || c == ']' || c.is_whitespace())
}

fn section(line: &str) -> Mistake {
    Mistake::Section { text: line.to_owned() }
}
