use super::{ArtifactUrl, JoinUrl, Mistakes};
use mesoform_inventory::{Host, Origin, Var};
use std::ops::RangeInclusive;

/// Reads variables that must be the same on all hosts of a cluster.
pub(super) struct Reader<'a, 'm> {
    pub hosts: &'a [&'a Host],
    pub mistakes: &'m mut Mistakes,
}

impl<'a> Reader<'a, '_> {
    /// The variable as the hosts have it; a mistake where they differ.
    pub fn get(&mut self, name: &str) -> Option<&'a Var> {
        let (first, others) = self.hosts.split_first()?;
        let wanted = first.var(name);
        let value = |var: Option<&'a Var>| var.map(|var| &var.value);
        let differs = |host: &&&'a Host| value(host.var(name)) != value(wanted);
        let Some(other) = others.iter().find(differs) else { return wanted };
        let set = other.var(name).or(wanted);
        self.mistakes.add(
            set.map_or(other.origin(), |var| &var.origin),
            format!("{name} is not the same for {} and {}", first.name(), other.name()),
            "it holds for the whole cluster: set it in [all:vars]",
        );
        None
    }

    /// Where the first of `names` that is set anywhere stands.
    pub fn origin(&self, names: &[&str]) -> Origin {
        let set = |name: &&str| self.hosts.iter().find_map(|host| host.var(name));
        let var = names.iter().find_map(set);
        var.map_or_else(|| Origin::option("-i"), |var| var.origin.clone())
    }

    pub fn port(&mut self, name: &str, port: &mut u16) {
        let Some(var) = self.get(name) else { return };
        match var.whole().and_then(|n| u16::try_from(n).ok()).filter(|n| *n > 0) {
            Some(value) => *port = value,
            None => self.wrong(name, var, "a port from 1 to 65535"),
        }
    }

    pub fn number(&mut self, name: &str, range: RangeInclusive<u64>, value: &mut u64) {
        let Some(var) = self.get(name) else { return };
        match var.whole().filter(|n| range.contains(n)) {
            Some(number) => *value = number,
            None => {
                let wanted = format!("a whole number from {} to {}", range.start(), range.end());
                self.wrong(name, var, &wanted);
            }
        }
    }

    pub fn word<T: Copy>(&mut self, name: &str, words: &[(&str, T)], value: &mut T) {
        let Some(var) = self.get(name) else { return };
        let text = var.text();
        match words.iter().find(|(word, _)| text.as_deref() == Some(word)) {
            Some((_, meaning)) => *value = *meaning,
            None => {
                let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
                self.wrong(name, var, &words.join(" or "));
            }
        }
    }

    /// The name of a user of the hosts.
    pub fn user(&mut self, name: &str, value: &mut String) {
        let Some(var) = self.get(name) else { return };
        let fits = |text: &String| {
            (1..=32).contains(&text.len())
                && text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && text.chars().all(|c| c.is_ascii_alphanumeric() || "_.-@".contains(c))
        };
        match var.text().filter(fits) {
            Some(user) => *value = user,
            None => self.wrong(name, var, "the name of a user of the agents' hosts"),
        }
    }

    pub fn artifact_url(&mut self, name: &str) -> Option<ArtifactUrl> {
        let var = self.get(name)?;
        let url = ArtifactUrl::of(var);
        if url.is_none() {
            self.wrong(name, var, ArtifactUrl::WANTED);
        }
        url
    }

    pub fn join_url(&mut self, name: &str) -> Option<JoinUrl> {
        let var = self.get(name)?;
        let url = JoinUrl::of(var);
        if url.is_none() {
            self.wrong(name, var, JoinUrl::WANTED);
        }
        url
    }

    fn wrong(&mut self, name: &str, var: &Var, wanted: &str) {
        let cause = format!("{name} is {}", var.value);
        self.mistakes.add(&var.origin, cause, format!("set it to {wanted}"));
    }
}
