//! Takes the figures of the PLC link and prints them, for people and as JSON.

#![forbid(unsafe_code)]

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use sorter_benches::figures::{Effort, Figure, Sheet, serve_plants, take};

#[derive(Parser)]
#[command(about = "Takes the figures of the PLC link", subcommand_negates_reqs = true)]
struct Arguments {
    #[command(subcommand)]
    other: Option<Other>,
    /// Which figures
    #[arg(value_enum, default_value = "all")]
    figure: Figure,
    /// Seconds of each leg of a figure that takes time
    #[arg(long, default_value = "60", value_parser = clap::value_parser!(u64).range(1..=3_600))]
    seconds: u64,
    /// Cuts of the link
    #[arg(long, default_value = "200", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    cuts: u32,
    /// Nice value of the processes with the sorters, -20 to 19: below 0 on a machine that has other things to do
    #[arg(long, default_value = "0", allow_hyphen_values = true, value_name = "N",
        value_parser = clap::value_parser!(i8).range(-20..=19))]
    plants_nice: i8,
    /// Write the figures as one flat JSON object
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Other {
    /// The process with the sorters, started by this program itself
    #[command(hide = true)]
    Plants {
        #[arg(long)]
        sorters: u8,
        #[arg(long)]
        profile: String,
    },
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if let Some(Other::Plants { sorters, profile }) = arguments.other {
        return serve_plants(sorters, &profile);
    }
    let mut sheet = Sheet::new();
    let Arguments { seconds, cuts, plants_nice, .. } = arguments;
    let effort = Effort { seconds, cuts, plants_nice };
    take(arguments.figure, effort, &mut sheet)?;
    if let Some(path) = arguments.json {
        std::fs::write(&path, sheet.to_json())
            .with_context(|| format!("the figures cannot be written to {}", path.display()))?;
    }
    Ok(())
}
