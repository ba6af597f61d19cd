/// The candidate that a typo most likely meant, if one is near enough.
pub fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<String> {
    let word: Vec<char> = word.to_lowercase().chars().take(LONGEST).collect();
    let limit = (word.len() / 3).max(1);
    candidates
        .map(|candidate| (distance(&word, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by(|a, b| a.cmp(b))
        .map(|(_, candidate)| candidate.to_owned())
}

/// Names are short; what is longer is not compared to its end.
const LONGEST: usize = 64;

/// Levenshtein's distance, where `-` and `_`, and upper and lower case, count as the same.
fn distance(word: &[char], candidate: &str) -> usize {
    let same = |a: char, b: char| a == b || matches!((a, b), ('-', '_') | ('_', '-'));
    let mut row: Vec<usize> = (0..=word.len()).collect();
    for (i, c) in candidate.to_lowercase().chars().take(LONGEST).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, w) in word.iter().enumerate() {
            let replace = diagonal + usize::from(!same(*w, c));
            diagonal = row[j + 1];
            row[j + 1] = replace.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[word.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_typo_finds_its_word() {
        let groups = ["mesos_masters", "mesos_slaves", "web"];
        let near = |word| nearest(word, groups.iter().copied());
        assert_eq!(near("mesos-master").as_deref(), Some("mesos_masters"));
        assert_eq!(near("Web").as_deref(), Some("web"));
        assert_eq!(near("wbe"), None);
        assert_eq!(near("database"), None);
    }
}
