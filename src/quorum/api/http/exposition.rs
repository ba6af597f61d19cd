use crate::meters::{BUCKETS, Histogram};
use std::fmt::{Display, Write};

/// The media type of what is made here.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Prometheus' text format.
#[derive(Debug, Default)]
pub struct Exposition(String);

impl Exposition {
    pub fn gauge(self, name: &str, help: &str, value: impl Display) -> Self {
        self.single(name, "gauge", help, value)
    }

    pub fn counter(self, name: &str, help: &str, value: impl Display) -> Self {
        self.single(name, "counter", help, value)
    }

    /// One gauge for each value of a label.
    pub fn gauges<V: Display>(
        self,
        name: &str,
        help: &str,
        label: &str,
        values: impl IntoIterator<Item = (String, V)>,
    ) -> Self {
        let labels = values.into_iter().map(|(of, value)| (format!("{label}=\"{of}\""), value));
        self.labelled(name, help, labels)
    }

    /// One gauge for each set of labels, as it stands in the braces.
    pub fn labelled<V: Display>(
        self,
        name: &str,
        help: &str,
        values: impl IntoIterator<Item = (String, V)>,
    ) -> Self {
        let lines = values.into_iter().map(|(labels, value)| (format!("{{{labels}}}"), value));
        self.lines(name, "gauge", help, lines)
    }

    /// Times in seconds.
    pub fn histogram(self, name: &str, help: &str, times: &Histogram) -> Self {
        let counts = times.cumulated();
        let bound = |place: usize| match place {
            BUCKETS => "+Inf".to_owned(),
            place => Histogram::bound(place).as_secs_f64().to_string(),
        };
        let bucket = |(place, count): (usize, &u64)| {
            (format!("_bucket{{le=\"{}\"}}", bound(place)), count.to_string())
        };
        let mut lines: Vec<(String, String)> = counts.iter().enumerate().map(bucket).collect();
        lines.push(("_sum".to_owned(), times.sum().as_secs_f64().to_string()));
        lines.push(("_count".to_owned(), counts.last().copied().unwrap_or(0).to_string()));
        self.lines(name, "histogram", help, lines)
    }

    pub fn text(self) -> String {
        self.0
    }

    fn single(self, name: &str, kind: &str, help: &str, value: impl Display) -> Self {
        self.lines(name, kind, help, [(String::new(), value)])
    }

    fn lines<V: Display>(
        mut self,
        name: &str,
        kind: &str,
        help: &str,
        lines: impl IntoIterator<Item = (String, V)>,
    ) -> Self {
        // Writing into a string cannot fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (suffix, value) in lines {
            let _ = writeln!(self.0, "{name}{suffix} {value}");
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn it_reads_as_prometheus_wants_it() {
        let times = Histogram::default();
        times.observe(Duration::from_millis(2));
        let text = Exposition::default()
            .gauge("a", "What a is.", 1)
            .gauges("b", "What b is.", "to", [("x".to_owned(), 2)])
            .histogram("c_seconds", "What c is.", &times)
            .text();
        let begin = "# HELP a What a is.\n# TYPE a gauge\na 1\n\
                     # HELP b What b is.\n# TYPE b gauge\nb{to=\"x\"} 2\n\
                     # HELP c_seconds What c is.\n# TYPE c_seconds histogram\n\
                     c_seconds_bucket{le=\"0.001\"} 0\nc_seconds_bucket{le=\"0.002\"} 1\n";
        assert!(text.starts_with(begin), "{text}");
        let end = "c_seconds_bucket{le=\"+Inf\"} 1\nc_seconds_sum 0.002\nc_seconds_count 1\n";
        assert!(text.ends_with(end), "{text}");
    }
}
