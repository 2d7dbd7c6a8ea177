//! `sorter-sim journal`.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use sorter_core::ids::{ItemId, ParcelId};
use sorter_core::journal::RecordKind;
use sorter_core::units::Micros;
use sorter_plc::journal::{self, Filter};

use super::{BAD_INPUT, refuse};

#[derive(Debug, Subcommand)]
pub(super) enum JournalCommand {
    /// Print entries of a journal file, one a line
    #[command(
        after_help = "Example:\n  sorter-sim journal show hub-1-2026-03-14.journal --parcel LP263072004SG\n  \
                            sorter-sim journal show hub-1-2026-03-14.journal --kind decided --from 08:15 --to 08:16\n  \
                            sorter-sim journal show hub-1-2026-03-14.journal --last 20"
    )]
    Show(ShowArguments),
    /// Check a journal file, or all journals and snapshots in a folder, and print all that is wrong
    #[command(after_help = "Example:\n  sorter-sim journal verify hub-1-2026-03-14.journal\n  \
                            sorter-sim journal verify /var/lib/sorter\n\n\
                            Nothing is repaired. Exit code 0 when nothing is wrong, 2 when anything is.")]
    Verify(VerifyArguments),
    /// Tell the story of a parcel from the records about it
    #[command(
        after_help = "Example:\n  sorter-sim journal explain LP263072004SG hub-1-2026-03-14.journal\n  \
                            sorter-sim journal explain 81234 hub-1-2026-03-14.journal\n\n\
                            Records in earlier files of the same folder are told too."
    )]
    Explain(ExplainArguments),
}

#[derive(Args, Debug)]
pub(super) struct ShowArguments {
    /// The journal
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Only records about this parcel: one of its codes, or its number
    #[arg(long, value_name = "PARCEL")]
    parcel: Option<String>,
    /// Only records about items with this number
    #[arg(long, value_name = "NUMBER")]
    item: Option<u16>,
    /// Only records or notes of this kind
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// Nothing before this time of the hub
    #[arg(long, value_name = "HH:MM[:SS]", value_parser = time)]
    from: Option<Micros>,
    /// Nothing after this time of the hub
    #[arg(long, value_name = "HH:MM[:SS]", value_parser = time)]
    to: Option<Micros>,
    /// Only the last so many
    #[arg(long, value_name = "N")]
    last: Option<usize>,
}

#[derive(Args, Debug)]
pub(super) struct VerifyArguments {
    /// A journal, or a folder with journals and snapshots
    #[arg(value_name = "PATH")]
    path: PathBuf,
}

#[derive(Args, Debug)]
pub(super) struct ExplainArguments {
    /// One of its codes, or its number
    #[arg(value_name = "PARCEL")]
    parcel: String,
    /// The journal
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Runs one of the commands and gives the exit code.
pub(super) fn run(command: &JournalCommand) -> u8 {
    let done = match command {
        JournalCommand::Show(arguments) => show(arguments),
        JournalCommand::Verify(arguments) => verify(arguments),
        JournalCommand::Explain(arguments) => explain(arguments),
    };
    done.unwrap_or_else(|error| refuse(&error))
}

fn show(arguments: &ShowArguments) -> anyhow::Result<u8> {
    let parcel = match &arguments.parcel {
        Some(parcel) => Some(named(parcel, &arguments.file)?),
        None => None,
    };
    let filter = Filter {
        parcel,
        item: arguments.item.map(ItemId::new),
        kind: arguments.kind.clone(),
        from: arguments.from,
        to: arguments.to,
        last: arguments.last,
    };
    let lines = journal::show(&arguments.file, &filter)?;
    if let (true, Some(kind)) = (lines.is_empty(), &arguments.kind) {
        known(kind, &arguments.file)?;
    }
    for line in lines {
        println!("{line}");
    }
    Ok(0)
}

fn verify(arguments: &VerifyArguments) -> anyhow::Result<u8> {
    let verdict = journal::verify(&arguments.path)?;
    for file in &verdict.files {
        println!(
            "{}: {}, {} to {}, {} records and {} notes",
            file.path.display(),
            file.hub,
            file.begins,
            file.last,
            file.records,
            file.notes
        );
    }
    for snapshot in &verdict.snapshots {
        println!("{}: sound", snapshot.display());
    }
    for finding in &verdict.findings {
        eprintln!("{finding}");
    }
    Ok(if verdict.is_sound() { 0 } else { BAD_INPUT })
}

fn explain(arguments: &ExplainArguments) -> anyhow::Result<u8> {
    let parcel = named(&arguments.parcel, &arguments.file)?;
    let story = journal::story(&arguments.file, parcel)?;
    if story.lines.is_empty() {
        bail!("{} has no record about {parcel}", arguments.file.display());
    }
    println!("{parcel}\n{story}");
    Ok(0)
}

/// The parcel with a code or a number.
fn named(name: &str, file: &Path) -> anyhow::Result<ParcelId> {
    if let Some(parcel) = journal::parcel_with(file, name)? {
        return Ok(parcel);
    }
    let number = name.parse().map(ParcelId::new);
    number.with_context(|| {
        format!(
            "{} knows no parcel with the code {name}: name it by its number, or have the codes of announced \
             parcels kept in the journal",
            file.display()
        )
    })
}

/// Refuses a kind of which there is nothing, unless it is one of records.
fn known(kind: &str, file: &Path) -> anyhow::Result<()> {
    let records: Vec<&str> = RecordKind::ALL.iter().map(|kind| kind.key()).collect();
    if !records.contains(&kind) {
        bail!(
            "{kind} is no kind of record, and {} has no note of it; kinds of records are {}",
            file.display(),
            records.join(", ")
        );
    }
    Ok(())
}

/// A time of day as hours, minutes and seconds.
fn time(text: &str) -> Result<Micros, String> {
    let wrong = || format!("{text} is no time such as 08:15 or 08:15:30.25");
    let mut parts = text.split(':');
    let number = |part: Option<&str>| part.and_then(|part| part.parse::<u32>().ok()).ok_or_else(wrong);
    let (hours, minutes) = (number(parts.next())?, number(parts.next())?);
    let seconds = match parts.next() {
        Some(seconds) => seconds.parse::<f64>().map_err(|_| wrong())?,
        None => 0.0,
    };
    if parts.next().is_some() || minutes >= 60 || !(0.0..60.0).contains(&seconds) {
        return Err(wrong());
    }
    let minutes = u64::from(hours) * 60 + u64::from(minutes);
    Ok(Micros::from_secs(minutes * 60) + Micros::new((seconds * 1e6).round() as u64))
}
