use mesoform_benches::Sample;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

/// How long it takes to append a block to a file and to flush it.
pub fn flush_times(dir: &Path) -> Sample {
    let mut file = File::create(dir.join("flushed")).unwrap();
    let mut sample = Sample::default();
    for _ in 0..200 {
        file.write_all(&[7; 4096]).unwrap();
        let begin = Instant::now();
        file.sync_data().unwrap();
        sample.add(begin.elapsed());
    }
    sample
}
