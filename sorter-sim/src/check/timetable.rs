//! The departures of a week, read from the text of a schedule without the engine.
//!
//! It is slow and simple on purpose: for each question it looks at each row in each week around the time. It
//! knows no delays: a row leaves in every week at the time that is written in it.

use csv::StringRecord;
use sorter_core::units::Micros;

const MINUTE: i64 = 60_000_000;
const DAY: i64 = 24 * 60 * MINUTE;
const WEEK: i64 = 7 * DAY;

/// Minutes from the cut-off to the departure where the row does not say.
const TRUCK_LEAD: i64 = 45;
const FLIGHT_LEAD: i64 = 120;

/// Why the text of a schedule could not be read. The reader of the engine names all problems of a schedule;
/// this only says where the first is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// The CSV text.
    #[error("the schedule is not CSV: {0}")]
    Csv(String),
    /// A field that a row must have.
    #[error("row {row} of the schedule has no usable \"{column}\"")]
    Field {
        /// The row, counted from 1 behind the header.
        row: usize,
        /// The column.
        column: &'static str,
    },
}

/// One departure of one week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaving {
    /// Its row: the leaving rows of the schedule are numbered from 0 in their order.
    pub row: u16,
    /// The week in which it leaves.
    pub week: u16,
    /// From then on nothing is ordered into its containers.
    pub cut_off: Micros,
    /// When it leaves.
    pub departs: Micros,
}

#[derive(Clone, Debug)]
struct Row {
    id: String,
    lane: String,
    /// Since Monday 00:00.
    departs: i64,
    /// From the cut-off to the departure.
    lead: i64,
}

/// The leaving rows of a weekly schedule.
#[derive(Clone, Debug, Default)]
pub struct ScheduleOracle {
    rows: Vec<Row>,
}

impl ScheduleOracle {
    /// Reads the rows that leave `hub`.
    ///
    /// # Errors
    /// [`ScheduleError`].
    pub fn read(text: &str, hub: &str) -> Result<Self, ScheduleError> {
        let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(text.as_bytes());
        let not_csv = |error: csv::Error| ScheduleError::Csv(error.to_string());
        let header = reader.headers().map_err(not_csv)?.clone();
        let mut rows = Vec::new();
        for (number, record) in (1..).zip(reader.records()) {
            let fields = Fields { header: &header, record: record.map_err(not_csv)?, row: number };
            if fields.text("origin") == hub {
                rows.push(fields.leaving()?);
            }
        }
        Ok(Self { rows })
    }

    /// The first departure of a lane whose cut-off is after a time.
    pub fn next(&self, lane: &str, at: Micros) -> Option<Leaving> {
        let week = at.get() / WEEK.unsigned_abs();
        let rows = (0..).zip(&self.rows).filter(|(_, row)| row.lane == lane).map(|(number, _)| number);
        let all = rows.flat_map(|row| (week..=week + 2).map(move |week| (row, week)));
        all.filter_map(|(row, week)| self.departure(row, u16::try_from(week).ok()?))
            .filter(|leaving| leaving.cut_off > at)
            .min_by_key(|leaving| (leaving.cut_off, leaving.row))
    }

    /// The departure of a row in a week. A cut-off before the run is at its start.
    pub fn departure(&self, row: u16, week: u16) -> Option<Leaving> {
        let known = self.rows.get(usize::from(row))?;
        let departs = i64::from(week) * WEEK + known.departs;
        let micros = |at: i64| Micros::new(at.max(0).unsigned_abs());
        Some(Leaving { row, week, cut_off: micros(departs - known.lead), departs: micros(departs) })
    }

    /// The row with this id, such as `T07`.
    pub fn row(&self, id: &str) -> Option<u16> {
        (0..).zip(&self.rows).find(|(_, row)| row.id == id).map(|(number, _)| number)
    }

    /// The id of a row.
    pub fn id(&self, row: u16) -> Option<&str> {
        self.rows.get(usize::from(row)).map(|row| &*row.id)
    }

    /// The lane of a row: the text of its destination.
    pub fn lane(&self, row: u16) -> Option<&str> {
        self.rows.get(usize::from(row)).map(|row| &*row.lane)
    }
}

struct Fields<'a> {
    header: &'a StringRecord,
    record: StringRecord,
    row: usize,
}

impl Fields<'_> {
    fn text(&self, column: &str) -> &str {
        let place = self.header.iter().position(|name| name.trim() == column);
        place.and_then(|place| self.record.get(place)).unwrap_or_default().trim()
    }

    fn leaving(&self) -> Result<Row, ScheduleError> {
        let unusable = |column| ScheduleError::Field { row: self.row, column };
        let day = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
            .into_iter()
            .zip(0..)
            .find(|(name, _): &(&str, i64)| *name == self.text("day"))
            .ok_or_else(|| unusable("day"))?
            .1;
        let number = |text: &str| text.parse::<i64>().ok();
        let time = self.text("time_local").split_once(':');
        let minutes = time.and_then(|(hour, minute)| Some(number(hour)? * 60 + number(minute)?));
        let minutes = minutes.ok_or_else(|| unusable("time_local"))?;
        let lead = match (self.text("cutoff_min"), self.text("kind")) {
            ("", "truck") => TRUCK_LEAD,
            ("", "flight") => FLIGHT_LEAD,
            ("", _) => return Err(unusable("kind")),
            (text, _) => number(text).ok_or_else(|| unusable("cutoff_min"))?,
        };
        Ok(Row {
            id: self.text("id").to_owned(),
            lane: self.text("destination").to_owned(),
            departs: day * DAY + minutes * MINUTE,
            lead: lead * MINUTE,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sorter_core::departure::{ScheduleSource, Timetable};
    use sorter_core::ids::DepartureId;

    use super::*;
    use crate::data::{STANDARD_HUB, standard_schedule, standard_schedule_text};

    const TEXT: &str = "\
        # two lanes\n\
        kind,id,day,time_local,origin,destination,cutoff_min\n\
        truck,T1,Mon,00:30,LGG,PL:Lodz,\n\
        flight,F1,Mon,10:00,CGO,LGG,\n\
        truck,T2,Sun,23:00,LGG,PL:Lodz,90\n\
        flight,X1,Tue,12:00,LGG,NO:Oslo,\n";

    fn hours(hours: u64) -> Micros {
        Micros::from_secs(hours * 3_600)
    }

    #[test]
    fn leads_are_those_of_the_mode_unless_the_row_says_more() {
        let week = ScheduleOracle::read(TEXT, "LGG").unwrap();
        let cut_off = |row| week.departure(row, 1).unwrap().cut_off;
        let monday = hours(7 * 24);
        assert_eq!(cut_off(0), Micros::new(monday.get() - 15 * 60_000_000));
        assert_eq!(cut_off(1), monday + hours(6 * 24 + 21) + Micros::from_secs(30 * 60));
        assert_eq!(cut_off(2), monday + hours(24 + 10));
        assert_eq!((week.id(2), week.lane(2), week.row("T2")), (Some("X1"), Some("NO:Oslo"), Some(1)));
    }

    #[test]
    fn the_next_departure_may_leave_in_the_week_after() {
        let week = ScheduleOracle::read(TEXT, "LGG").unwrap();
        let next = |at| week.next("PL:Lodz", at).map(|leaving| (leaving.row, leaving.week));
        assert_eq!(next(Micros::ZERO), Some((1, 0)));
        let sunday = week.departure(1, 0).unwrap().cut_off;
        assert_eq!(next(sunday), Some((0, 1)));
        assert_eq!(next(hours(7 * 24)), Some((1, 1)));
        assert_eq!(week.next("SE:Malmo", Micros::ZERO), None);
    }

    #[test]
    fn a_row_that_cannot_be_read_is_named() {
        let text = TEXT.replace("Sun,23:00", "Sun,late");
        let error = ScheduleOracle::read(&text, "LGG").unwrap_err();
        assert_eq!(error.to_string(), "row 3 of the schedule has no usable \"time_local\"");
    }

    fn both() -> (ScheduleOracle, Timetable) {
        let source: ScheduleSource = standard_schedule();
        let oracle = ScheduleOracle::read(standard_schedule_text(), STANDARD_HUB).unwrap();
        (oracle, Timetable::compile(&source, None))
    }

    proptest! {
        #[test]
        fn agrees_with_the_timetable_of_the_engine(
            times in prop::collection::vec(0_u64..4 * 7 * 24 * 60, 40), shift in 0_u64..3,
        ) {
            let (oracle, timetable) = both();
            for minutes in times {
                // A cut-off is at a full minute; before, at and after it are of interest.
                let at = Micros::new((minutes * 60_000_000 + shift).saturating_sub(1));
                for lane in timetable.lanes() {
                    let theirs = timetable.next(lane, at).unwrap();
                    let ours = oracle.next(timetable.lane_name(lane).unwrap(), at).unwrap();
                    prop_assert_eq!((ours.cut_off, ours.departs), (theirs.cut_off, theirs.departs));
                    let connection = timetable.connection(theirs.connection).unwrap();
                    prop_assert_eq!(oracle.id(ours.row), Some(&*connection.name));
                    prop_assert_eq!(ours.row, theirs.connection.get());
                    prop_assert_eq!(ours.week, theirs.id.week());
                    prop_assert_eq!(DepartureId::of(ours.week, theirs.connection), theirs.id);
                }
            }
        }
    }
}
