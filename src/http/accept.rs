use http::{HeaderMap, header};

/// What a caller accepts as an answer (RFC 9110, 12.5.1); everything where he does not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accept(Vec<Range>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Range {
    kind: String,
    /// Thousandths.
    quality: u16,
}

impl Accept {
    /// As all `Accept` headers together say.
    pub fn of(headers: &HeaderMap) -> Self {
        let values = headers.get_all(header::ACCEPT).iter().filter_map(|v| v.to_str().ok());
        let ranges: Vec<Range> =
            values.flat_map(|v| v.split(',')).filter_map(Range::parse).collect();
        if ranges.is_empty() {
            return Self(vec![Range { kind: "*/*".to_owned(), quality: 1000 }]);
        }
        Self(ranges)
    }

    /// Whether `kind` (`type/subtype`, in lower case) is accepted.
    pub fn allows(&self, kind: &str) -> bool {
        self.rank(kind).0 > 0
    }

    /// Whether `kind` is accepted, and liked better than `other`; what is named by itself is liked
    /// better than what is only not excluded.
    pub fn prefers(&self, kind: &str, other: &str) -> bool {
        self.allows(kind) && self.rank(kind) > self.rank(other)
    }

    /// The quality, and how exactly it was named: the most exact range counts.
    fn rank(&self, kind: &str) -> (u16, u8) {
        let ranks = self.0.iter().filter_map(|range| Some((range.exactness(kind)?, range.quality)));
        ranks.max().map_or((0, 0), |(exactness, quality)| (quality, exactness))
    }
}

impl Range {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let kind = parts.next().filter(|kind| !kind.is_empty())?.to_ascii_lowercase();
        let weight = parts.find_map(|p| p.strip_prefix("q=").or_else(|| p.strip_prefix("Q=")));
        let weight = weight.and_then(|weight| weight.parse::<f32>().ok()).unwrap_or(1.0);
        let quality = (weight.clamp(0.0, 1.0) * 1000.0) as u16;
        Some(Self { kind, quality })
    }

    fn exactness(&self, kind: &str) -> Option<u8> {
        // Java's URL connections write `*` for everything.
        if self.kind == "*/*" || self.kind == "*" {
            return Some(1);
        }
        if self.kind == kind {
            return Some(3);
        }
        let family = self.kind.strip_suffix('*')?;
        (family.ends_with('/') && kind.starts_with(family)).then_some(2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    const JSON: &str = "application/json";
    const TEXT: &str = "text/plain";

    fn accept(values: &[&'static str]) -> Accept {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::ACCEPT, HeaderValue::from_static(value));
        }
        Accept::of(&headers)
    }

    #[test]
    fn what_is_accepted() {
        for yes in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/*",
            "*/*",
            "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2",
            "text/plain, application/json;q=0.1",
            "",
        ] {
            assert!(accept(&[yes]).allows(JSON), "{yes}");
        }
        assert!(accept(&[]).allows(JSON));
        assert!(accept(&["text/plain", "application/json"]).allows(JSON));
        for no in [
            "text/plain",
            "application/jsonx",
            "*/*, application/json;q=0",
            "application/x-protobuf",
        ] {
            assert!(!accept(&[no]).allows(JSON), "{no}");
        }
    }

    #[test]
    fn what_is_preferred() {
        for text in
            ["text/plain", "text/plain, */*", "text/plain, application/json;q=0.5", "text/*"]
        {
            assert!(accept(&[text]).prefers(TEXT, JSON), "{text}");
        }
        for json in ["", "*/*", "application/json", "application/json, text/plain", "text/html"] {
            assert!(!accept(&[json]).prefers(TEXT, JSON), "{json}");
        }
    }
}
