//! The files that a test run leaves: JUnit, Markdown, and what failed.
//!
//! Each is written beside and renamed. That they can be written is proved before the tests run.

use std::path::Path;

use super::super::failure::Failure;
use super::super::terminal::Terminal;
use super::{Test, last};
use crate::campaign::whole_file::{self, WholeFile};
use crate::report::suite::{self, Told};

/// Fails before the run if a file could not be written after it.
pub(super) fn prove_writable(args: &Test) -> Result<(), Failure> {
    if !args.no_report {
        std::fs::create_dir_all(&args.out).map_err(|e| cannot(&args.out, &e))?;
        let probe = args.out.join("probe");
        drop(WholeFile::begin(&probe).map_err(|e| cannot(&args.out, &e))?);
    }
    if args.bless {
        let probe = args.goldens.join("probe");
        std::fs::create_dir_all(&args.goldens).map_err(|e| cannot(&args.goldens, &e))?;
        drop(WholeFile::begin(&probe).map_err(|e| cannot(&args.goldens, &e))?);
    }
    for file in [&args.junit, &args.markdown].into_iter().flatten() {
        if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|e| cannot(file, &e))?;
        }
        drop(WholeFile::begin(file).map_err(|e| cannot(file, &e))?);
    }
    Ok(())
}

/// Writes what was asked for.
pub(super) fn write(args: &Test, told: &[Told], terminal: Terminal) -> Result<(), Failure> {
    if !args.no_report {
        let outcomes = told.iter().map(|told| &told.outcome);
        write_whole(&last::path(&args.out), &last::text(outcomes))?;
    }
    if let Some(file) = &args.junit {
        write_whole(file, &suite::junit(told))?;
        terminal.detail(&format!("wrote {}", file.display()));
    }
    if let Some(file) = &args.markdown {
        write_whole(file, &suite::markdown(told))?;
        terminal.detail(&format!("wrote {}", file.display()));
    }
    if args.github {
        let text = suite::annotations(told);
        text.lines().for_each(|line| terminal.error(line));
    }
    Ok(())
}

/// Writes a file so that it is complete or as it was.
pub(in crate::cli) fn write_whole(file: &Path, text: &str) -> Result<(), Failure> {
    whole_file::write(file, text).map_err(|error| cannot(file, &error))
}

fn cannot(file: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(format!("cannot write {}: {error}", file.display()))
}
