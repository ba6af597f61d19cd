//! `https://10.0.0.1:2379`, one per member.

use mesoform_inventory::{Value, Var};
use std::collections::BTreeSet;

/// The members, and whether TLS is spoken with them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Endpoints {
    pub addresses: Vec<String>,
    pub tls: bool,
}

/// Words for each part that cannot be understood.
pub(super) fn read(var: &Var) -> Result<Endpoints, Vec<String>> {
    let Some(texts) = texts(&var.value).filter(|texts| !texts.is_empty()) else {
        return Err(vec!["names no endpoint".into()]);
    };
    let (mut wrong, mut addresses, mut schemes) = (Vec::new(), Vec::new(), BTreeSet::new());
    for text in &texts {
        match one(text) {
            Err(words) => wrong.push(words),
            Ok((_, address)) if addresses.contains(&address) => {
                wrong.push(format!("names {address} twice"));
            }
            Ok((scheme, address)) => {
                schemes.insert(scheme);
                addresses.push(address);
            }
        }
    }
    if schemes.len() > 1 {
        wrong.push("mixes https and http".into());
    }
    if wrong.is_empty() {
        return Ok(Endpoints { addresses, tls: schemes.contains("https") });
    }
    Err(wrong)
}

/// A list, or a text with commas, as `--etcd-servers` has it.
fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => {
            let inner = text.trim().trim_start_matches('[').trim_end_matches(']');
            // A list in an INI file, and an address in brackets at the end of a text.
            let inner = if text.trim().starts_with('[') { inner } else { text.trim() };
            let word = |word: &str| word.trim().trim_matches(['"', '\'']).to_owned();
            Some(inner.split(',').map(word).filter(|word| !word.is_empty()).collect())
        }
        Value::Array(values) => {
            values.iter().map(|v| Some(v.as_str()?.trim().to_owned())).collect()
        }
        _ => None,
    }
}

/// Scheme and `host:port`.
fn one(text: &str) -> Result<(&'static str, String), String> {
    let (scheme, rest) = match text.split_once("://") {
        Some(("https", rest)) => ("https", rest),
        Some(("http", rest)) => ("http", rest),
        _ => return Err(format!("has {:?}, which is no https:// URL", without_password(text))),
    };
    if rest.contains('@') {
        let why = "who this cluster is says its certificate";
        return Err(format!("has {:?} with a user's name: {why}", without_password(text)));
    }
    let address = rest.strip_suffix('/').unwrap_or(rest);
    if let Some((_, path)) = address.split_once('/') {
        return Err(format!(
            "has {text:?} with the path /{path}, and an endpoint of etcd has none"
        ));
    }
    let Some((host, port)) = address.rsplit_once(':').filter(|(_, port)| !port.ends_with(']'))
    else {
        return Err(format!("has {text:?}, which names no port (etcd's own is 2379)"));
    };
    if port.parse::<u16>().ok().filter(|port| *port > 0).is_none() {
        return Err(format!("has {text:?}, whose port is none"));
    }
    if !is_host(host) {
        return Err(format!("has {text:?}, whose host is no name and no address"));
    }
    Ok((scheme, address.to_owned()))
}

fn is_host(host: &str) -> bool {
    if let Some(inner) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return inner.parse::<std::net::Ipv6Addr>().is_ok();
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    !host.is_empty() && host.chars().all(plain)
}

fn without_password(text: &str) -> String {
    match (text.split_once("://"), text.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, rest))) => format!("{scheme}://…@{rest}"),
        (None, Some((_, rest))) => format!("…@{rest}"),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mesoform_inventory::Origin;
    use serde_json::json;

    fn told(value: serde_json::Value) -> Result<Endpoints, Vec<String>> {
        read(&Var { value, origin: Origin::option("-e x") })
    }

    #[test]
    fn lists_and_texts_are_understood() {
        let both = Endpoints { addresses: vec!["a:2379".into(), "[fd00::1]:1".into()], tls: true };
        for value in [
            json!(["https://a:2379", "https://[fd00::1]:1/"]),
            json!("https://a:2379, https://[fd00::1]:1"),
            json!("['https://a:2379', \"https://[fd00::1]:1\"]"),
        ] {
            assert_eq!(told(value.clone()).as_ref(), Ok(&both), "{value}");
        }
        let plain = Endpoints { addresses: vec!["127.0.0.1:2379".into()], tls: false };
        assert_eq!(told(json!("http://127.0.0.1:2379")), Ok(plain));
    }

    #[test]
    fn all_that_is_wrong_is_told_and_no_password() {
        let wrong = told(json!(
            "a:2379,ftp://a:1,https://a,https://[::1],https://a:0,https://a b:1,http://c:1,https://c:1,\
             https://me:geheim@d:1,https://:1,https://e:1,https://f:1/v3"
        ))
        .unwrap_err();
        insta::assert_snapshot!(wrong.join("\n"), @r#"
        has "a:2379", which is no https:// URL
        has "ftp://a:1", which is no https:// URL
        has "https://a", which names no port (etcd's own is 2379)
        has "https://[::1]", which names no port (etcd's own is 2379)
        has "https://a:0", whose port is none
        has "https://a b:1", whose host is no name and no address
        names c:1 twice
        has "https://…@d:1" with a user's name: who this cluster is says its certificate
        has "https://:1", whose host is no name and no address
        has "https://f:1/v3" with the path /v3, and an endpoint of etcd has none
        mixes https and http
        "#);
        for none in [json!(""), json!([]), json!(5), json!([5]), json!(",")] {
            assert_eq!(told(none), Err(vec!["names no endpoint".into()]));
        }
    }
}
