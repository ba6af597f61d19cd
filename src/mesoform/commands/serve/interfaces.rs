use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// More than these no certificate names: on a host with thousands of containers it would get too long.
const MANY: usize = 64;

/// Where this machine can be reached, as far as the kernel tells.
pub fn addresses() -> Vec<IpAddr> {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let (v4, v6) = (read("/proc/net/fib_trie"), read("/proc/net/if_inet6"));
    of_ipv4(&v4).into_iter().chain(of_ipv6(&v6)).take(MANY).collect()
}

/// What this machine is called, if a certificate can say it.
pub fn host_name() -> Option<String> {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?.trim().to_owned();
    let fine = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    (!name.is_empty() && name != "(none)" && name.chars().all(fine)).then_some(name)
}

/// Its leaves are an address, and behind it what the address is.
fn of_ipv4(trie: &str) -> BTreeSet<IpAddr> {
    let (mut found, mut last) = (BTreeSet::new(), None::<Ipv4Addr>);
    for line in trie.lines().map(str::trim) {
        if let Some(address) = line.strip_prefix("|-- ") {
            last = address.parse().ok();
        } else if line.starts_with("/32 host LOCAL") {
            found.extend(last.map(IpAddr::from));
        }
    }
    found
}

/// Nobody writes an address into a document that holds on one link only.
fn of_ipv6(table: &str) -> BTreeSet<IpAddr> {
    let words = table.lines().filter_map(|line| line.split_whitespace().next());
    let addresses = words.filter_map(|hex| u128::from_str_radix(hex, 16).ok());
    let addresses = addresses.map(Ipv6Addr::from_bits);
    addresses.filter(|address| !address.is_unicast_link_local()).map(IpAddr::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_tells_is_read() {
        let trie = "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 0.0.0.0\n        /0 universe UNICAST\n     \
            |-- 192.0.2.7\n        /32 host LOCAL\n     |-- 192.0.2.255\n        /32 link BROADCAST\n     \
            |-- 127.0.0.1\n        /32 host LOCAL\n";
        let texts = |found: BTreeSet<IpAddr>| {
            found.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(texts(of_ipv4(trie)), "127.0.0.1 192.0.2.7");
        let table = "00000000000000000000000000000001 01 80 10 80       lo\n\
            fe80000000000000020c29fffe000001 02 40 20 80     eth0\n\
            20010db8000000000000000000000005 02 40 00 80     eth0\n";
        assert_eq!(texts(of_ipv6(table)), "::1 2001:db8::5");
    }

    #[test]
    fn this_machine_has_addresses() {
        assert!(addresses().contains(&IpAddr::from([127, 0, 0, 1])));
    }
}
