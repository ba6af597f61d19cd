/// Columns as wide as they need to be; the last one takes what is left.
#[derive(Debug)]
pub struct Table {
    header: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

const GAP: &str = "  ";
/// A column that is cut stays this wide.
const NARROWEST: usize = 6;

impl Table {
    pub fn new(header: &[&'static str]) -> Self {
        Self { header: header.to_vec(), rows: Vec::new() }
    }

    /// Words of hosts may be anything: what would move the cursor is left out.
    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells.iter().map(|cell| super::one_line(cell)).collect());
    }

    /// The lines of the table, cut at `limit` characters where there is one: the last column first,
    /// then what is widest.
    pub fn text(&self, limit: Option<usize>) -> String {
        let mut widths = self.widths();
        let columns = limit.map_or(widths.len(), |limit| narrow(&mut widths, limit));
        let header: Vec<String> = self.header.iter().map(|&title| title.to_owned()).collect();
        std::iter::once(&header)
            .chain(&self.rows)
            .map(|cells| {
                let last = widths.len().saturating_sub(1);
                let fit = |(i, cell): (usize, &String)| match widths.get(i) {
                    Some(width) if i < last => format!("{:<width$}", cut(cell, Some(*width))),
                    _ => cell.clone(),
                };
                let padded = cells.iter().take(columns).enumerate().map(fit);
                let line = padded.collect::<Vec<_>>().join(GAP);
                format!("{}\n", cut(line.trim_end(), limit))
            })
            .collect()
    }

    fn widths(&self) -> Vec<usize> {
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            let widest = cells.map(|cell| cell.chars().count()).max().unwrap_or_default();
            widest.max(self.header.get(column).map_or(0, |h| h.len()))
        };
        (0..self.header.len()).map(width).collect()
    }
}

/// Takes from the widest columns but the last until all of these fit; how many are worth showing, since
/// of the last one there may be nothing left.
fn narrow(widths: &mut [usize], limit: usize) -> usize {
    let all = widths.len();
    let Some((last, columns)) = widths.split_last_mut() else { return all };
    let gaps = GAP.len() * columns.len().saturating_sub(1);
    while columns.iter().sum::<usize>() + gaps > limit {
        match columns.iter_mut().max() {
            Some(widest) if *widest > NARROWEST => *widest -= 1,
            _ => break,
        }
    }
    let taken = columns.iter().sum::<usize>() + gaps + GAP.len();
    if taken + NARROWEST.min(*last) > limit { all - 1 } else { all }
}

fn cut(line: &str, limit: Option<usize>) -> String {
    match limit {
        Some(limit) if line.chars().count() > limit => {
            let kept: String = line.chars().take(limit.saturating_sub(1)).collect();
            format!("{}…", kept.trim_end())
        }
        _ => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(&["HOST", "WHAT IT SAYS"]);
        table.row(vec!["m1".into(), "waiting for\nm2 and\x1b[2J m3".into()]);
        table.row(vec!["longer-name".into(), String::new()]);
        table
    }

    #[test]
    fn columns_stand_below_each_other() {
        insta::assert_snapshot!(table().text(None), @r"
        HOST         WHAT IT SAYS
        m1           waiting for m2 and[2J m3
        longer-name
        ");
    }

    #[test]
    fn a_narrow_terminal_cuts_the_last_column() {
        insta::assert_snapshot!(table().text(Some(24)), @r"
        HOST         WHAT IT SA…
        m1           waiting fo…
        longer-name
        ");
        assert_eq!(table().text(Some(0)).lines().count(), 3);
    }

    #[test]
    fn a_very_narrow_one_keeps_a_part_of_each_column() {
        let mut table = Table::new(&["HOST", "SERVICE", "STATE", "WHAT IT SAYS"]);
        let cells = ["node1.rack7.example.org", "quorum", "active", "leads"];
        table.row(cells.map(str::to_owned).to_vec());
        insta::assert_snapshot!(table.text(Some(30)), @r"
        HOST           SERVICE  STATE
        node1.rack7.…  quorum   active
        ");
    }
}
