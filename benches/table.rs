use crate::Sample;

/// Rows of measurements, in seconds.
#[derive(Debug, Default)]
pub struct Table(Vec<(String, Sample, String)>);

impl Table {
    pub fn row(&mut self, what: impl Into<String>, sample: &Sample, remark: impl Into<String>) {
        self.0.push((what.into(), sample.clone(), remark.into()));
    }

    pub fn print(&self) {
        println!("{:<44} {:>8} {:>8} {:>8}", "", "median", "fastest", "slowest");
        for (what, sample, remark) in &self.0 {
            let seconds = |d: std::time::Duration| format!("{:.2} s", d.as_secs_f64());
            let (median, fastest) = (seconds(sample.median()), seconds(sample.fastest()));
            let slowest = seconds(sample.slowest());
            println!("{what:<44} {median:>8} {fastest:>8} {slowest:>8}  {remark}");
        }
    }
}
