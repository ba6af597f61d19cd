//! The executor as a program of its own, for tests: `executor --dir DIR`, after an optional word.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [.., flag, dir] = &arguments[..] else { return ExitCode::from(5) };
    if flag != "--dir" {
        return ExitCode::from(5);
    }
    match mesoform_agent::executor::run(Path::new(dir)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the executor ends");
            let _ = std::fs::write(Path::new(dir).join("error"), error.to_string());
            ExitCode::FAILURE
        }
    }
}
