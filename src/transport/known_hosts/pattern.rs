use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;

/// The first field of a known_hosts line: which names it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Names {
    /// Comma-separated patterns with `*`, `?` and `!`.
    Patterns(Vec<Pattern>),
    /// `|1|salt|HMAC-SHA1(salt, name)`, both in base64.
    Hashed { salt: Vec<u8>, hash: Vec<u8> },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    negated: bool,
    text: String,
}

impl Names {
    /// None for what OpenSSH skips: a hash it cannot read.
    pub fn parse(field: &str) -> Option<Self> {
        if let Some(rest) = field.strip_prefix("|1|") {
            let (salt, hash) = rest.split_once('|')?;
            let (salt, hash) = (STANDARD.decode(salt).ok()?, STANDARD.decode(hash).ok()?);
            return (hash.len() == 20 && salt.len() == 20).then_some(Self::Hashed { salt, hash });
        }
        if field.starts_with('|') {
            return None;
        }
        Some(Self::Patterns(field.split(',').filter_map(Pattern::parse).collect()))
    }

    /// Whether the line is about this name (lower case, `[host]:port` where the port is not 22).
    /// A negated pattern that matches rules the line out, whatever else it has.
    pub fn match_name(&self, name: &str) -> bool {
        match self {
            Self::Hashed { salt, hash } => {
                let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, salt);
                hmac::verify(&key, name.as_bytes(), hash).is_ok()
            }
            Self::Patterns(patterns) => {
                let mut hit = false;
                for pattern in patterns.iter().filter(|pattern| pattern.covers(name)) {
                    if pattern.negated {
                        return false;
                    }
                    hit = true;
                }
                hit
            }
        }
    }
}

/// A name as `HashKnownHosts` writes it.
pub(super) fn hashed(name: &str, salt: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, salt);
    let hash = hmac::sign(&key, name.as_bytes());
    format!("|1|{}|{}", STANDARD.encode(salt), STANDARD.encode(hash.as_ref()))
}

impl Pattern {
    fn parse(text: &str) -> Option<Self> {
        let (negated, text) = match text.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        (!text.is_empty()).then(|| Self { negated, text: text.to_lowercase() })
    }

    fn covers(&self, name: &str) -> bool {
        wildcard(self.text.as_bytes(), name.as_bytes())
    }
}

/// `*` for any run of bytes, `?` for one. Linear in both lengths but for one remembered star, so a
/// hostile pattern costs no more than their product.
pub(super) fn wildcard(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(&byte) if byte == b'?' || byte == name[n] => {
                p += 1;
                n += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    n = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&byte| byte == b'*')
}
