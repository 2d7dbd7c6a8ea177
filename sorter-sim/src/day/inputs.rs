//! The files that a run stands on.

use std::path::Path;
use std::sync::Arc;

use sorter_core::address::Country;
use sorter_core::departure::{Mode, ScheduleSource, Timetable};
use sorter_core::layout::Layout;
use sorter_core::plan::{PlanReadError, PlanSource};

use super::RunError;
use crate::check::RouteOracle;
use crate::data::{
    Postcodes, STANDARD_HUB, STANDARD_SCHEDULE_NAME, schedule_from, standard_plan_texts,
    standard_schedule_text,
};
use crate::load::{Onward, OnwardConnection, WeeklyArrival};
use crate::scenario::{Scenario, Weekday};

/// The files that a run stands on.
pub(super) struct Inputs {
    pub(super) layout: Arc<Layout>,
    pub(super) plan: PlanSource,
    pub(super) plan_toml: String,
    pub(super) plan_csv: String,
    /// The schedule with the first day of the run as its first day.
    pub(super) schedule: String,
    /// The same in the week of the calendar, from which the load is drawn.
    weekly: Timetable,
}

impl Inputs {
    /// Reads what the scenario names, and what is built in for the rest.
    ///
    /// # Errors
    /// A file that cannot be read, and every problem of layout, plan and schedule.
    pub(super) fn read(scenario: &Scenario) -> Result<Self, RunError> {
        let layout = match &scenario.layout_file {
            None => Ok(Layout::line_100()),
            Some(path) => Layout::from_toml(&path.display().to_string(), &read(path)?),
        };
        let layout = match (layout, &scenario.plan_file) {
            (Ok(layout), _) => Arc::new(layout),
            (Err(problems), None) => return Err(problems.into()),
            (Err(mut problems), Some(path)) => {
                // What can be said about the plan without a layout is said at once too.
                if let Err(PlanReadError::Content(more)) = PlanSource::read(path) {
                    problems.0.extend(more.0);
                }
                return Err(problems.into());
            }
        };
        let (schedule, weekly) = read_schedule(scenario)?;
        let (plan, plan_toml, plan_csv) = match &scenario.plan_file {
            None => {
                let texts = standard_plan_texts();
                let plan = PlanSource::from_texts(texts.toml_name, texts.toml, texts.csv_name, texts.csv)?;
                (plan, texts.toml.to_owned(), texts.csv.to_owned())
            }
            Some(path) => {
                let plan_toml = read(path)?;
                let rules = RouteOracle::rules_file(&plan_toml);
                let plan = PlanSource::read(path)?;
                let plan_csv = read(&path.parent().unwrap_or(Path::new(".")).join(rules?))?;
                (plan, plan_toml, plan_csv)
            }
        };
        Ok(Self { layout, plan, plan_toml, plan_csv, schedule, weekly })
    }

    /// The timetable of the run.
    pub(super) fn timetable(&self) -> Result<Timetable, RunError> {
        let source = ScheduleSource::from_csv(STANDARD_SCHEDULE_NAME, &self.schedule, STANDARD_HUB)?;
        Ok(Timetable::compile(&source, None))
    }

    /// What arrives in a week.
    pub(super) fn arrivals(&self) -> Vec<WeeklyArrival> {
        let arrivals = self.weekly.arrivals().iter();
        let weekly = arrivals.filter_map(|arrival| {
            Some(WeeklyArrival { at: arrival.at, pieces: arrival.pieces()?, mode: arrival.mode })
        });
        weekly.collect()
    }

    /// Where export and transit parcels go on to: the flights whose lane the plan has an outlet for. `None`
    /// when there is no such flight.
    pub(super) fn onward(&self, postcodes: &Postcodes) -> Result<Option<Onward>, RunError> {
        let flights = self.weekly.connections().filter(|connection| connection.mode == Mode::Flight);
        let flights = flights.filter_map(|connection| {
            let lane = self.weekly.lane_name(connection.lane)?;
            let served = self.plan.lanes().any(|known| known == lane);
            let countries = lane.split(':').next().unwrap_or_default().split('+');
            served.then(|| OnwardConnection {
                id: connection.name.clone(),
                countries: countries.filter_map(Country::parse).collect(),
                departs: connection.departs,
            })
        });
        let flights: Vec<OnwardConnection> = flights.collect();
        if flights.iter().all(|flight| flight.countries.is_empty()) {
            return Ok(None);
        }
        let weights = postcodes.rows.iter().map(|row| (row.country, row.weight));
        Ok(Some(Onward::new(weights, flights)?))
    }
}

/// The schedule of a scenario: as a text that begins with the first day of the run, and as a week.
fn read_schedule(scenario: &Scenario) -> Result<(String, Timetable), RunError> {
    let (name, text) = match &scenario.schedule_file {
        None => (STANDARD_SCHEDULE_NAME.to_owned(), standard_schedule_text().to_owned()),
        Some(path) => (path.display().to_string(), read(path)?),
    };
    let source = ScheduleSource::from_csv(&name, &text, STANDARD_HUB)?;
    let first = Weekday::ALL[usize::try_from(scenario.begins().get() / 86_400_000_000).unwrap_or(0) % 7];
    Ok((schedule_from(&text, first)?, Timetable::compile(&source, None)))
}

fn read(path: &Path) -> Result<String, RunError> {
    std::fs::read_to_string(path).map_err(|source| RunError::File { path: path.to_owned(), source })
}
