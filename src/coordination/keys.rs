//! Keys and ranges of keys.

/// Where the candidates of all elections stand, as in etcd's recipe: `<prefix>/<lease in hex>`.
const ELECTIONS: &str = "/mesoform/election/";

/// All candidates of an election stand below this.
pub(crate) fn election_prefix(election: &str) -> String {
    format!("{ELECTIONS}{election}/")
}

pub(crate) fn candidate_key(election: &str, lease: i64) -> String {
    format!("{ELECTIONS}{election}/{lease:x}")
}

/// The end of the range of all keys that start with `prefix`; `\0` (etcd's "to the last key") where
/// there is no such end.
pub(crate) fn prefix_end(prefix: &str) -> Vec<u8> {
    let mut end = prefix.as_bytes().to_vec();
    while let Some(last) = end.pop() {
        if last < 0xff {
            end.push(last + 1);
            return end;
        }
    }
    vec![0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_ends_where_its_prefix_does() {
        assert_eq!(prefix_end("/a/"), b"/a0");
        assert_eq!(prefix_end(""), [0]);
    }

    #[test]
    fn candidates_stand_as_in_etcds_recipe() {
        assert_eq!(candidate_key("master", 0x694d), "/mesoform/election/master/694d");
    }
}
