//! Entries in words.

use std::fmt;

use sorter_core::clearance::Clearance;
use sorter_core::ids::{ItemId, SorterId};
use sorter_core::journal::{Note, Record, RecordKind, RecordSeq};
use sorter_core::state_word::StateWord;
use sorter_core::units::Micros;

use super::query::{Line, Story, Told};

/// A time of the hub as hours, minutes, seconds and milliseconds.
struct Clock(Micros);

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.get() / 1_000;
        let (seconds, minutes) = (millis / 1_000, millis / 60_000);
        write!(f, "{:02}:{:02}:{:02}.{:03}", minutes / 60, minutes % 60, seconds % 60, millis % 1_000)
    }
}

/// What is there, after a space and a word.
struct And<T>(&'static str, Option<T>);

impl<T: fmt::Display> fmt::Display for And<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.1 {
            Some(value) => write!(f, "{}{value}", self.0),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>10}  {}  ", self.seq.get(), Clock(self.at))?;
        match &self.told {
            Told::Record(record) => row(f, record),
            Told::Note { kind, body } => match scanned(body) {
                Some((sorter, words)) => write!(f, "{kind:<18}{sorter} {words}"),
                None => write!(f, "{kind:<18}{body}"),
            },
            Told::Damaged => f.write_str("damaged: it does not fit its checksum"),
        }
    }
}

/// What a note says that an item is half read: its sorter, and the rest.
fn scanned(body: &str) -> Option<(SorterId, String)> {
    let Ok(Note::Scanned(note)) = Note::from_json(body) else { return None };
    let codes: Vec<String> = note.codes.iter().map(|code| code.escape_debug().to_string()).collect();
    let codes = if codes.is_empty() { "no code yet".to_owned() } else { codes.join(", ") };
    let (item, next, missing) = (note.item, note.next, note.missing);
    Some((note.sorter, format!("{item} read in part: {codes} ({next} records, {missing} to come)")))
}

fn row(f: &mut fmt::Formatter<'_>, record: &Record) -> fmt::Result {
    let sorter = (record.sorter != Record::HUB).then_some(record.sorter);
    let item = (record.item != ItemId::NONE).then_some(record.item);
    let plan = (record.plan.get() != 0).then_some(record.plan);
    write!(f, "{:<18}{}{}{}", record.kind.key(), And("", sorter), And(" ", item), And(" ", record.parcel))?;
    write!(f, "{}{}{}", And(" ", record.chute), And(" ", record.container), And(" ", plan))?;
    if matches!(record.kind, RecordKind::Decided | RecordKind::Discharged | RecordKind::Left) {
        write!(f, " for {}", record.reason.key())?;
    }
    write!(f, "{}", And("; then ", record.word.map(StateWord::life)))
}

impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.before != RecordSeq::NONE {
            writeln!(f, "  what was before is in a file that is not here: it ends with {}", self.before)?;
        }
        for line in &self.lines {
            write!(f, "  {}  ", Clock(line.at))?;
            match &line.told {
                Told::Record(record) => sentence(f, record)?,
                Told::Note { kind, body } => match scanned(body) {
                    Some((sorter, words)) => write!(f, "{sorter}: {words}")?,
                    None => write!(f, "{kind}")?,
                },
                Told::Damaged => write!(f, "damaged")?,
            }
            writeln!(f, " ({})", line.seq)?;
        }
        let last = self.lines.iter().rev().find_map(|line| match &line.told {
            Told::Record(record) => record.word,
            _ => None,
        });
        match last {
            Some(word) => write!(f, "now: {}", word.life()),
            None => f.write_str("now: as it was announced"),
        }
    }
}

fn sentence(f: &mut fmt::Formatter<'_>, record: &Record) -> fmt::Result {
    if record.sorter != Record::HUB {
        write!(f, "{}: ", record.sorter)?;
    }
    let (item, reason) = (record.item, record.reason.text());
    let status = || Clearance::ALL.get(usize::from(record.flags)).map_or("unknown", |status| status.key());
    let (chute, container) = (And("", record.chute), And(", ", record.container));
    match record.kind {
        RecordKind::Decided => {
            write!(f, "{item} decided{} by {}: {reason}", And(" for ", record.chute), record.plan)
        }
        RecordKind::Committed => write!(f, "{item} committed to {chute}"),
        RecordKind::Discharged => write!(f, "{item} slid into {chute}{container}: {reason}"),
        RecordKind::Left => write!(f, "{item} left at the end of the belt: {reason}"),
        RecordKind::Lost => write!(f, "{item} was lost by tracking"),
        RecordKind::OrderEnded => {
            write!(f, "the order of {item} for {chute} ended, and it is still on the belt")
        }
        RecordKind::Forgotten => write!(f, "it is not known where {item} went"),
        RecordKind::Recalled => write!(f, "customs: to be taken out again{container}"),
        RecordKind::Withdrawn => write!(f, "customs: may stay where it is"),
        RecordKind::Ruled => write!(f, "customs: {}", status()),
        RecordKind::Announced => write!(f, "announced"),
        RecordKind::Fetched => write!(f, "fetched from its hold chute"),
        RecordKind::DeclaredLost => write!(f, "did not turn up since a restart and is declared lost"),
        kind => write!(f, "{}", kind.key()),
    }
}
