//! A weekly schedule as it is written: one row for each truck and flight.

use super::{Arrival, Capacity, Mode, check, fields};
use crate::csv_rows;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::units::Micros;

/// The columns, and whether a file must have them.
const COLUMNS: [(&str, bool); 13] = [
    ("kind", true),
    ("id", true),
    ("day", true),
    ("time_local", true),
    ("origin", true),
    ("destination", true),
    ("road_km_est", false),
    ("vehicle", false),
    ("tonnes", false),
    ("parcels_full", false),
    ("parcels_matched", false),
    ("cutoff_min", false),
    ("closing_min", false),
];

/// A weekly schedule of one hub, read and free of problems.
///
/// `docs/schedule-format.md` is about the file, [`crate::departure`] has the codes of its problems.
#[derive(Clone, Debug)]
pub struct ScheduleSource {
    pub(super) leaving: Vec<Leaving>,
    pub(super) arriving: Vec<Arrival>,
}

/// A row that leaves the hub.
#[derive(Clone, Debug)]
pub(super) struct Leaving {
    pub(super) line: u32,
    pub(super) name: String,
    pub(super) mode: Mode,
    pub(super) lane: String,
    pub(super) departs: Micros,
    pub(super) cut_off_lead: Micros,
    pub(super) closing_lead: Micros,
    pub(super) capacity: Capacity,
}

impl ScheduleSource {
    /// Rows of one schedule. It keeps the numbers of lanes and connections far inside 16 bits.
    pub const MAX_ROWS: usize = 4_096;

    /// The minutes from the cut-off of a truck to its departure, when the row does not say.
    pub const TRUCK_CUT_OFF_MIN: u64 = 45;

    /// The minutes from the cut-off of a flight to its departure, when the row does not say.
    pub const FLIGHT_CUT_OFF_MIN: u64 = 120;

    /// The minutes from the closing of a departure to its cut-off, when the row does not say.
    pub const CLOSING_MIN: u64 = 15;

    /// Reads a schedule. Rows whose origin is `hub` leave, rows whose destination is `hub` arrive. `file` is the
    /// name that problems are reported under.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its line and code. The rows of a text with a missing column
    /// are not looked at.
    pub fn from_csv(file: &str, text: &str, hub: &str) -> Result<Self, Diagnostics> {
        let mut reader = Reader { file, hub, line: 1, problems: Diagnostics::default() };
        let mut rows = csv_rows::rows(text);
        let header = rows.next();
        let Some(header) = reader.header(header) else { return Err(reader.problems) };
        let mut source = Self { leaving: Vec::new(), arriving: Vec::new() };
        let mut names = check::Names::default();
        for (count, (line, row)) in rows.enumerate() {
            reader.line = line;
            if count == Self::MAX_ROWS {
                reader.report("DS0017", format!("the schedule has more than {} rows", Self::MAX_ROWS));
                break;
            }
            reader.row(&header, row, &mut names, &mut source);
        }
        let mut problems = reader.problems;
        check::cut_offs(file, &source.leaving, &mut problems);
        // The sort is stable, so problems of one line stay in the order of its columns.
        problems.0.sort_by_key(|problem| problem.line);
        problems.into_result(source)
    }

    /// How many rows leave the hub.
    pub fn leaving_count(&self) -> usize {
        self.leaving.len()
    }

    /// How many rows arrive at the hub.
    pub fn arriving_count(&self) -> usize {
        self.arriving.len()
    }
}

/// Where each of [`COLUMNS`] stands in a row.
struct Header {
    places: [Option<usize>; COLUMNS.len()],
    width: usize,
}

impl Header {
    /// The field of a column; empty when the file does not have the column.
    fn field<'a>(&self, fields: &[&'a str], column: &str) -> &'a str {
        let number = COLUMNS.iter().position(|(name, _)| *name == column);
        let place = number.and_then(|number| self.places[number]);
        place.and_then(|place| fields.get(place).copied()).unwrap_or_default()
    }
}

/// Reads row after row and gathers what is wrong.
struct Reader<'a> {
    file: &'a str,
    hub: &'a str,
    line: u32,
    problems: Diagnostics,
}

impl Reader<'_> {
    fn report(&mut self, code: &'static str, message: String) {
        self.problems.push(Diagnostic::at(code, self.file, self.line, message));
    }

    /// The value of a field, or `None` when it has been reported.
    fn take<T>(&mut self, field: Result<T, fields::Refusal>) -> Option<T> {
        field.map_err(|(code, message)| self.report(code, message)).ok()
    }

    /// The header, or `None` when a column is missing without which no row can be read.
    fn header(&mut self, row: Option<(u32, &str)>) -> Option<Header> {
        let (line, row) = row.unwrap_or((1, ""));
        self.line = line;
        let mut header = Header { places: [None; COLUMNS.len()], width: 0 };
        for (place, name) in csv_rows::fields(row).enumerate() {
            header.width = place + 1;
            match COLUMNS.iter().position(|(known, _)| *known == name) {
                // An empty row has one empty field, which is not a column of a wrong name.
                None if row.is_empty() => {}
                None => {
                    let message = format!("column `{}` is not known", fields::shown(name));
                    self.report("DS0002", message);
                }
                Some(number) if header.places[number].is_some() => {
                    self.report("DS0003", format!("column {name} is there twice"));
                }
                Some(number) => header.places[number] = Some(place),
            }
        }
        let mut complete = true;
        for (place, (name, required)) in header.places.iter().zip(COLUMNS) {
            if required && place.is_none() {
                self.report("DS0001", format!("column {name} is missing"));
                complete = false;
            }
        }
        complete.then_some(header)
    }

    fn row(&mut self, header: &Header, row: &str, names: &mut check::Names, source: &mut ScheduleSource) {
        let cells: Vec<&str> = csv_rows::fields(row).collect();
        if cells.len() != header.width {
            let message = format!("{} fields, the header has {}", cells.len(), header.width);
            return self.report("DS0004", message);
        }
        let field = |column| header.field(&cells, column);
        let mode = self.take(fields::mode(field("kind")));
        let name = self.take(fields::id(field("id")).and_then(|name| names.add(self.line, name)));
        let day = self.take(fields::day(field("day")));
        let time = self.take(fields::time(field("time_local")));
        let leaves = self.direction(field("origin"), field("destination"));
        let pieces_full = self.take(fields::pieces("parcels_full", field("parcels_full")));
        let pieces_matched = self.take(fields::pieces("parcels_matched", field("parcels_matched")));
        let mass = self.take(fields::tonnes(field("tonnes")));
        let what = format!("{} {}", fields::shown(field("kind")), fields::shown(field("id")));
        let default = match mode {
            Some(Mode::Flight) => ScheduleSource::FLIGHT_CUT_OFF_MIN,
            _ => ScheduleSource::TRUCK_CUT_OFF_MIN,
        };
        let cut_off_lead = self.take(fields::cut_off_lead(field("cutoff_min"), default, &what));
        let closing_lead = self.take(fields::closing_lead(field("closing_min"), ScheduleSource::CLOSING_MIN));

        let (Some(mode), Some(name), Some(day), Some(time), Some(leaves)) = (mode, name, day, time, leaves)
        else {
            return;
        };
        let (Some(pieces_full), Some(pieces_matched), Some(mass), Some(cut_off_lead), Some(closing_lead)) =
            (pieces_full, pieces_matched, mass, cut_off_lead, closing_lead)
        else {
            return;
        };
        let at = Micros::from_secs(day + time);
        if leaves {
            source.leaving.push(Leaving {
                line: self.line,
                name,
                mode,
                lane: field("destination").to_owned(),
                departs: at,
                cut_off_lead,
                closing_lead,
                capacity: Capacity { pieces: pieces_full, mass },
            });
        } else {
            let origin = field("origin").to_owned();
            source.arriving.push(Arrival { name, mode, origin, at, pieces_full, pieces_matched });
        }
    }

    /// Whether a row leaves the hub or arrives at it. `None` when it does neither or both, or names no place.
    fn direction(&mut self, origin: &str, destination: &str) -> Option<bool> {
        let named = [("origin", origin), ("destination", destination)]
            .map(|(column, text)| self.take(fields::place(column, text)).is_some());
        if named != [true, true] {
            return None;
        }
        let (from, to) = (fields::shown(origin), fields::shown(destination));
        match (origin == self.hub, destination == self.hub) {
            (true, false) => Some(true),
            (false, true) => Some(false),
            (starts, _) => {
                let how = if starts { "both starts and ends" } else { "neither starts nor ends" };
                let hub = fields::shown(self.hub);
                self.report("DS0010", format!("the row from `{from}` to `{to}` {how} at the hub `{hub}`"));
                None
            }
        }
    }
}
