//! Takes the figures of the journal and prints them, for people and as JSON.

#![forbid(unsafe_code)]

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Parser;
use sorter_benches::figures::Sheet;
use sorter_benches::journal::{Effort, Figure, take};

#[derive(Parser)]
#[command(about = "Takes the figures of the journal")]
struct Arguments {
    /// Which figures
    #[arg(value_enum, default_value = "all")]
    figure: Figure,
    /// Only see that everything works: few records and short legs
    #[arg(long)]
    quick: bool,
    /// Folder for the files, on the disk that is meant [default: that for temporary files]
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Write the figures as one flat JSON object
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let mut sheet = Sheet::new();
    let effort = if arguments.quick { Effort::QUICK } else { Effort::FULL };
    let folder = arguments.folder.unwrap_or_else(std::env::temp_dir);
    take(arguments.figure, effort, &folder, &mut sheet)?;
    if let Some(path) = arguments.json {
        std::fs::write(&path, sheet.to_json())
            .with_context(|| format!("the figures cannot be written to {}", path.display()))?;
    }
    Ok(())
}
