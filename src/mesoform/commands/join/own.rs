//! What a host knows about itself that nobody else does yet.

use std::io::{Error, Result};
use std::net::{IpAddr, Ipv6Addr, SocketAddr, ToSocketAddrs as _, UdpSocket};

/// The machine's name without its domain, and its address on the way to one of `places`.
pub fn name_and_address(places: &[String]) -> Result<(String, IpAddr)> {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname")?;
    let name = name.trim().split('.').next().unwrap_or_default().to_ascii_lowercase();
    if matches!(name.as_str(), "" | "localhost" | "(none)") {
        return Err(Error::other("this machine has no name yet"));
    }
    let mut last = Error::other("nobody is named who could be asked");
    for place in places {
        match address_to(place.trim_start_matches("https://").trim_end_matches('/')) {
            Ok(address) => return Ok((name, address)),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Nothing is sent: the system only says from where it would be.
fn address_to(place: &str) -> Result<IpAddr> {
    let place = place.to_socket_addrs()?.next();
    let place = place.ok_or_else(|| Error::other("its name has no address"))?;
    let any: SocketAddr = match place {
        SocketAddr::V4(_) => ([0, 0, 0, 0], 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any)?;
    socket.connect(place)?;
    Ok(socket.local_addr()?.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_reaches_itself_from_itself() {
        let local = IpAddr::from([127, 0, 0, 1]);
        assert_eq!(address_to("127.0.0.1:8000").unwrap(), local);
        assert!(address_to("nobody").is_err());
        assert!(name_and_address(&[]).is_err());
    }
}
