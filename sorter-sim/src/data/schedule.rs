//! The weekly schedule of the standard hub.

use sorter_core::departure::ScheduleSource;

use crate::scenario::Weekday;

/// The code of the standard hub in its schedule.
pub const STANDARD_HUB: &str = "LGG";

/// The name that problems of the standard schedule are reported under.
pub const STANDARD_SCHEDULE_NAME: &str = "schedule.csv";

/// The standard schedule as text: 18 freighters in, and the trucks and flights out.
pub const fn standard_schedule_text() -> &'static str {
    include_str!("../../data/schedule.csv")
}

/// The standard schedule, read for [`STANDARD_HUB`].
///
/// # Panics
/// Never: the tests read the embedded text.
pub fn standard_schedule() -> ScheduleSource {
    ScheduleSource::from_csv(STANDARD_SCHEDULE_NAME, standard_schedule_text(), STANDARD_HUB)
        .expect("the tests read the embedded schedule")
}

/// The schedule as text with `first` as its first day: what leaves on that day leaves on Monday. A run that
/// begins on another day than Monday counts its time from there.
///
/// # Errors
/// When the text is not CSV.
pub fn schedule_from(text: &str, first: Weekday) -> Result<String, csv::Error> {
    let mut reader =
        csv::ReaderBuilder::new().comment(Some(b'#')).flexible(true).from_reader(text.as_bytes());
    let header = reader.headers()?.clone();
    let column = header.iter().position(|name| name == "day");
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    writer.write_record(&header)?;
    for record in reader.records() {
        let record = record?;
        let fields = record.iter().enumerate().map(|(place, field)| {
            let day = Weekday::KEYS.iter().position(|key| *key == field).filter(|_| Some(place) == column);
            day.map_or(field, |day| Weekday::KEYS[(day + 7 - first as usize) % 7])
        });
        writer.write_record(fields)?;
    }
    let bytes = writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use sorter_core::departure::{Arrival, Mode, Timetable, WEEK};
    use sorter_core::units::Micros;

    use super::*;

    fn timetable() -> Timetable {
        let source = ScheduleSource::from_csv(STANDARD_SCHEDULE_NAME, standard_schedule_text(), STANDARD_HUB);
        Timetable::compile(&source.unwrap_or_else(|problems| panic!("{problems}")), None)
    }

    #[test]
    fn the_standard_schedule_has_its_flights_in_and_its_trucks_out() {
        let timetable = timetable();
        let flights = timetable.arrivals().iter().filter(|arrival| arrival.mode == Mode::Flight);
        assert_eq!(flights.count(), 18);
        let trucks = timetable.connections().filter(|connection| connection.mode == Mode::Truck);
        assert!(trucks.count() >= 60);
        assert!(timetable.lane_named("DE:Cologne").is_some());
    }

    #[test]
    fn a_week_that_begins_on_tuesday_has_the_departures_of_tuesday_first() {
        let text = schedule_from(standard_schedule_text(), Weekday::Tue).unwrap();
        let source = ScheduleSource::from_csv("rotated", &text, STANDARD_HUB).unwrap();
        let (from_tuesday, from_monday) = (Timetable::compile(&source, None), timetable());
        for connection in from_monday.connections() {
            let same = from_tuesday.connection_named(&connection.name).unwrap();
            let departs = from_tuesday.connection(same).unwrap().departs;
            let day = Micros::from_secs(86_400).get();
            assert_eq!((departs.get() + day) % WEEK.get(), connection.departs.get(), "{}", connection.name);
        }
    }

    #[test]
    fn the_flights_in_bring_what_the_week_takes_out() {
        let timetable = timetable();
        let flights = timetable.arrivals().iter().filter(|arrival| arrival.mode == Mode::Flight);
        let brought: u32 = flights.filter_map(Arrival::pieces).sum();
        assert!(brought.abs_diff(1_440_000) < 1_000, "{brought} parcels");
    }

    #[test]
    fn every_lane_has_an_open_departure_at_every_hour_of_the_first_week() {
        let timetable = timetable();
        for hour in 0..168 {
            let at = Micros::from_secs(hour * 3_600);
            for lane in timetable.lanes() {
                let name = timetable.lane_name(lane).unwrap();
                let next = timetable.next(lane, at).unwrap_or_else(|| panic!("{name} at hour {hour}"));
                assert!(next.opens <= at && at < next.cut_off && next.cut_off <= at + WEEK, "{name}");
            }
        }
    }
}
