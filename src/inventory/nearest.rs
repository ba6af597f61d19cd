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

/// Levenshtein's distance in which two letters that changed places are one slip; `-` and `_`, and upper
/// and lower case, count as the same.
fn distance(word: &[char], candidate: &str) -> usize {
    let same = |a: char, b: char| a == b || matches!((a, b), ('-', '_') | ('_', '-'));
    let candidate: Vec<char> = candidate.to_lowercase().chars().take(LONGEST).collect();
    // Two rows before, and one.
    let mut rows = [Vec::new(), (0..=word.len()).collect::<Vec<usize>>()];
    for (i, c) in candidate.iter().enumerate() {
        let [earlier, last] = &rows;
        let mut row = vec![i + 1];
        for (j, w) in word.iter().enumerate() {
            let replace = last[j] + usize::from(!same(*w, *c));
            let mut best = replace.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && same(*w, candidate[i - 1]) && same(word[j - 1], *c) {
                best = best.min(earlier[j - 1] + 1);
            }
            row.push(best);
        }
        let [_, last] = rows;
        rows = [last, row];
    }
    rows[1][word.len()]
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
        assert_eq!(near("wbe").as_deref(), Some("web"));
        assert_eq!(near("database"), None);
        assert_eq!(near("bwe"), None);
        assert_eq!(nearest("hots", ["host", "port"].into_iter()).as_deref(), Some("host"));
    }
}
