use crate::load::Load;
use mesoform_benches::Sample;
use std::collections::BTreeMap;
use std::time::Duration;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Ours,
    Etcd,
    ZooKeeper,
}

/// What was measured, by row and kind.
#[derive(Default)]
pub struct Score {
    order: Vec<String>,
    rows: BTreeMap<(String, Kind), Vec<f64>>,
    units: BTreeMap<String, Unit>,
    remarks: BTreeMap<(String, Kind), Vec<String>>,
    disk: Sample,
}

#[derive(Clone, Copy, PartialEq)]
enum Unit {
    PerSecond,
    Milliseconds,
    Megabytes,
}

impl Score {
    pub fn disk(&mut self, flushes: &Sample) {
        self.disk = flushes.clone();
    }

    pub fn rate(&mut self, row: &str, kind: Kind, per_second: f64) {
        self.add(row, kind, Unit::PerSecond, per_second);
    }

    pub fn time(&mut self, row: &str, kind: Kind, took: Duration) {
        self.add(row, kind, Unit::Milliseconds, took.as_secs_f64() * 1e3);
    }

    pub fn size(&mut self, row: &str, kind: Kind, bytes: u64) {
        self.add(row, kind, Unit::Megabytes, bytes as f64 / 1e6);
    }

    pub fn load(&mut self, row: &str, kind: Kind, load: &Load) {
        self.rate(row, kind, load.per_second);
        let remark = format!("{:.1?}/{:.1?}/{:.0?}", load.median, load.late, load.cpu);
        self.remarks.entry((row.to_owned(), kind)).or_default().push(remark);
    }

    fn add(&mut self, row: &str, kind: Kind, unit: Unit, value: f64) {
        if !self.order.iter().any(|known| known == row) {
            self.order.push(row.to_owned());
        }
        self.units.insert(row.to_owned(), unit);
        self.rows.entry((row.to_owned(), kind)).or_default().push(value);
    }

    pub fn print(&self) {
        println!(
            "\nappend 4 KiB and flush: {:.2?} (median), {:.2?} (slowest)\n",
            self.disk.median(),
            self.disk.slowest()
        );
        println!(
            "{:<38} {:>9} {:>9} {:>7} {:>9} {:>7}  median/99 %/CPU per answer",
            "", "ours", "etcd", "better", "ZooKeeper", "better"
        );
        for row in &self.order {
            self.print_row(row);
        }
    }

    fn print_row(&self, row: &str) {
        let cells = [Kind::Ours, Kind::Etcd, Kind::ZooKeeper].map(|kind| self.cell(row, kind));
        let remarks: Vec<&str> = [Kind::Ours, Kind::Etcd, Kind::ZooKeeper]
            .into_iter()
            .filter_map(|kind| self.remarks.get(&(row.to_owned(), kind))?.last())
            .map(String::as_str)
            .collect();
        let [(ours, _), (etcd, than_etcd), (zookeeper, than_zookeeper)] = cells;
        let remarks = remarks.join(", ");
        println!(
            "{row:<38} {ours:>9} {etcd:>9} {than_etcd:>7} {zookeeper:>9} {than_zookeeper:>7}  {remarks}"
        );
    }

    /// What was measured, and how much better ours is: above 1 it is, whatever is measured. A dash:
    /// it was not measured, or there is no such thing.
    fn cell(&self, row: &str, kind: Kind) -> (String, String) {
        let unit = self.units[row];
        let (Some(ours), Some(value)) = (self.median(row, Kind::Ours), self.median(row, kind))
        else {
            return ("-".to_owned(), "-".to_owned());
        };
        let better = match unit {
            Unit::PerSecond => ours / value,
            Unit::Milliseconds | Unit::Megabytes => value / ours,
        };
        let show = match unit {
            Unit::PerSecond => format!("{value:.0}/s"),
            Unit::Milliseconds => format!("{value:.1} ms"),
            Unit::Megabytes => format!("{value:.1} MB"),
        };
        (show, format!("{better:.2}x"))
    }

    fn median(&self, row: &str, kind: Kind) -> Option<f64> {
        let mut values = self.rows.get(&(row.to_owned(), kind)).cloned().unwrap_or_default();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied()
    }
}
