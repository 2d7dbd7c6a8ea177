//! What a record costs the worker that pushes it.

use sorter_core::ids::SorterId;
use sorter_core::journal::{Book, BookConfig, CommitError, Entry, Journal, Scribe, ScribeConfig};
use sorter_core::units::Micros;

use super::stream::Stream;
use super::{Effort, median};
use crate::figures::Sheet;
use crate::now;

/// Takes everything and keeps nothing.
struct Nowhere;

impl Journal for Nowhere {
    fn commit(&mut self, now: Micros, _batch: &[Entry]) -> Result<Micros, CommitError> {
        Ok(now)
    }
}

pub(super) fn take(effort: Effort, sheet: &mut Sheet) {
    sheet.title("push");
    let (image, records) = Stream::records(8_192);
    let mut rounds = Vec::new();
    for _ in 0..effort.rounds * 20 {
        let (book, drain) = Book::new(BookConfig::default());
        let Some(mut lane) = book.lane(SorterId::new(0)) else { continue };
        let config = ScribeConfig { period: Micros::ZERO, most: records.len(), ..ScribeConfig::default() };
        let mut scribe = Scribe::new(drain, Nowhere, image.clone(), false, config);
        // The first time round the pages of the lane are fetched from the system.
        records.iter().for_each(|record| lane.push(record));
        scribe.turn(Micros::ZERO);
        let begin = now();
        records.iter().for_each(|record| lane.push(record));
        rounds.push(begin.elapsed().as_nanos() as f64 / records.len() as f64);
    }
    sheet.put_rounded("journal.push_ns", median(rounds), 2);
}
