//! DNS rebinding: a page of a foreign site whose name suddenly means 127.0.0.1 reaches a local port
//! from the user's browser. Its requests still carry the foreign name as Host or Origin.

use http::request::Parts;
use http::{HeaderMap, Uri, Version, header};
use std::net::IpAddr;

/// Why a request to a loopback address was not meant for it; `None` where it was.
pub(crate) fn foreign(parts: &Parts) -> Option<&'static str> {
    let named = host(&parts.uri, &parts.headers);
    // Browsers always name a host; simple health checks, which speak HTTP/1.0, name none.
    let simple = parts.version < Version::HTTP_11 && names_none(parts);
    if !simple && !named.is_some_and(|host| is_local(&host)) {
        return Some("its Host is not this machine; call it as 127.0.0.1 or localhost");
    }
    let mut origins = parts.headers.get_all(header::ORIGIN).iter();
    if !origins.all(|origin| origin.to_str().is_ok_and(origin_is_local)) {
        return Some("its Origin is a foreign site");
    }
    None
}

fn names_none(parts: &Parts) -> bool {
    !parts.headers.contains_key(header::HOST) && parts.uri.authority().is_none()
}

/// The one authority that the request names, with its port.
fn host(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    let mut named = headers.get_all(header::HOST).iter();
    match (named.next(), named.next(), uri.authority()) {
        (Some(one), None, None) => one.to_str().ok().map(str::to_owned),
        (Some(one), None, Some(in_uri)) if one.as_bytes() == in_uri.as_str().as_bytes() => {
            Some(in_uri.as_str().to_owned())
        }
        // HTTP/2 has `:authority` instead of Host.
        (None, None, Some(in_uri)) => Some(in_uri.as_str().to_owned()),
        _ => None,
    }
}

fn origin_is_local(origin: &str) -> bool {
    let rest = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    rest.is_some_and(is_local)
}

/// Whether `authority` (`host` or `host:port`) is this machine. A name is compared, an address must
/// be a loopback one: an address cannot be rebound.
fn is_local(authority: &str) -> bool {
    let Some(host) = without_port(authority) else { return false };
    if host.eq_ignore_ascii_case("localhost") {
        return true;
    }
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// `None` where what follows the host is no port.
fn without_port(authority: &str) -> Option<&str> {
    let end_of_host = authority.rfind(']').unwrap_or(0);
    match authority[end_of_host..].split_once(':') {
        None => Some(authority),
        Some((_, port)) if !port.bytes().all(|byte| byte.is_ascii_digit()) => None,
        Some((_, port)) => Some(&authority[..authority.len() - port.len() - 1]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    fn asked(host: &str, origin: Option<&str>) -> bool {
        let mut request = Request::get("/").header("host", host);
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        foreign(&request.body(()).unwrap().into_parts().0).is_none()
    }

    #[test]
    fn local_names_pass_with_any_port() {
        for host in ["localhost", "LOCALHOST:5050", "127.0.0.1:1", "127.0.0.2", "[::1]", "[::1]:80"]
        {
            assert!(asked(host, None), "{host}");
            assert!(asked(host, Some(&format!("http://{host}"))), "{host}");
        }
    }

    #[test]
    fn foreign_names_do_not() {
        for host in [
            "",
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "10.0.0.1",
            "0.0.0.0",
            "evil.example:80@127.0.0.1",
            "localhost:80:80",
            "[::1",
            "[::1]x",
        ] {
            assert!(!asked(host, None), "{host}");
        }
        for origin in
            ["null", "http://evil.example", "http://localhost.evil.example", "file://", ""]
        {
            assert!(!asked("localhost", Some(origin)), "{origin}");
        }
    }

    #[test]
    fn a_second_host_or_none_is_foreign() {
        let two = Request::get("/").header("host", "localhost").header("host", "evil.example");
        assert!(foreign(&two.body(()).unwrap().into_parts().0).is_some());
        assert!(foreign(&Request::get("/").body(()).unwrap().into_parts().0).is_some());
        let differ = Request::get("http://evil.example/").header("host", "localhost");
        assert!(foreign(&differ.body(()).unwrap().into_parts().0).is_some());
        let old = |request: http::request::Builder| {
            let request = request.version(Version::HTTP_10).body(()).unwrap();
            foreign(&request.into_parts().0).is_none()
        };
        assert!(old(Request::get("/")));
        assert!(!old(Request::get("/").header("host", "evil.example")));
        assert!(!old(Request::get("http://evil.example/")));
        assert!(!old(Request::get("/").header("origin", "http://evil.example")));
    }
}
