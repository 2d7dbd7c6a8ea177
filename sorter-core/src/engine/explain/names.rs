//! Times, plans, chutes, containers and departures by the names that people know them by.

use std::fmt;
use std::sync::Arc;

use super::Engine;
use crate::clearance::{Recall, Ruling};
use crate::container::{ContainerRecord, Place, Yard};
use crate::departure::{Departure, Timetable, WEEK};
use crate::ids::{ChuteId, ConnectionId, ContainerId, PlanVersion};
use crate::plan::{ChuteRole, Plan};
use crate::units::Micros;

/// A time as people say it, with the week only where it is not the first one.
pub(super) struct Moment {
    at: Micros,
    exact: bool,
}

impl Moment {
    /// To the millisecond.
    pub(super) const fn exact(at: Micros) -> Self {
        Self { at, exact: true }
    }

    /// To the minute, with seconds where there are some: for what is planned.
    const fn planned(at: Micros) -> Self {
        Self { at, exact: false }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
        let (week, rest) = (self.at.get() / WEEK.get(), self.at.get() % WEEK.get());
        let (seconds, millis) = (rest / 1_000_000, rest / 1_000 % 1_000);
        let day = DAYS[(seconds / 86_400) as usize];
        write!(f, "{day} {:02}:{:02}", seconds / 3_600 % 24, seconds / 60 % 60)?;
        if self.exact {
            write!(f, ":{:02}.{millis:03}", seconds % 60)?;
        } else if seconds % 60 != 0 {
            write!(f, ":{:02}", seconds % 60)?;
        }
        if week > 0 {
            write!(f, " of week {week}")?;
        }
        Ok(())
    }
}

/// What names come from.
pub(super) struct Names {
    present: Arc<Plan>,
    /// Plans that were replaced and are still remembered.
    earlier: Vec<Arc<Plan>>,
    timetable: Arc<Timetable>,
}

impl Names {
    pub(super) fn of(engine: &Engine) -> Self {
        let write = engine.write();
        Self { present: engine.plan(), earlier: write.retired.clone(), timetable: engine.timetable() }
    }

    pub(super) fn present_plan(&self) -> &Plan {
        &self.present
    }

    /// A plan by its version, unless it was forgotten.
    pub(super) fn plan(&self, version: PlanVersion) -> Option<&Plan> {
        std::iter::once(&self.present)
            .chain(&self.earlier)
            .map(|plan| &**plan)
            .find(|plan| plan.version() == version)
    }

    /// A chute with what it is for in a plan, where that is not a destination.
    pub(super) fn chute(&self, chute: ChuteId, version: PlanVersion) -> String {
        let role = self.plan(version).map_or(ChuteRole::Unused, |plan| plan.role_of(chute));
        match role {
            ChuteRole::Outbound | ChuteRole::Unused => chute.to_string(),
            ChuteRole::Overflow => format!("overflow {chute}"),
            ChuteRole::Exception => format!("exception {chute}"),
            ChuteRole::Hold => format!("hold {chute}"),
            ChuteRole::NoRead => format!("no-read {chute}"),
        }
    }

    /// A connection with where it goes.
    pub(super) fn connection(&self, id: ConnectionId) -> String {
        let Some(connection) = self.timetable.connection(id) else { return id.to_string() };
        let lane = self.timetable.lane_name(connection.lane).unwrap_or("an unknown lane");
        format!("{} to {lane}", connection.name)
    }

    fn departure(&self, departure: &Departure) -> String {
        format!(
            "{}, cut-off {}, departs {}",
            self.connection(departure.connection),
            Moment::planned(departure.cut_off),
            Moment::planned(departure.departs)
        )
    }

    /// What a message of customs says.
    pub(super) fn ruling(&self, ruling: &Ruling) -> String {
        match ruling.onward {
            Some(onward) => format!("{}, onward by {}", ruling.status, self.connection(onward)),
            None => ruling.status.to_string(),
        }
    }

    /// What a recall says; `at` is when it is told.
    pub(super) fn recall(&self, recall: &Recall, yard: &Yard, at: Micros) -> String {
        let from = recall.container.map(|container| format!(" from {}", container_text(yard, container)));
        let from = from.unwrap_or_default();
        if at == recall.at {
            return format!("recalled{from}: {}", recall.status);
        }
        let written = Moment::exact(recall.at);
        format!("recalled{from}: {}, as customs wrote on {written}", recall.status)
    }

    /// What became of a container after it was taken from its chute.
    pub(super) fn life_of(&self, record: &ContainerRecord) -> Vec<(Micros, String)> {
        let ContainerRecord { id, chute, count, .. } = record;
        let items = if *count == 1 { "item" } else { "items" };
        let sealed = record.sealed.map(|at| (at, format!("{id} taken from {chute} with {count} {items}")));
        let left = record.left.map(|at| match &record.departure {
            Some(departure) => (at, format!("{id} left with {}", self.connection(departure.connection))),
            None => (at, format!("{id} emptied")),
        });
        sealed.into_iter().chain(left).collect()
    }

    /// A container and where it is.
    pub(super) fn whereabouts(&self, record: &ContainerRecord) -> String {
        let container = plated(record);
        match (record.place(), &record.departure) {
            (Place::Gone { .. }, Some(departure)) => {
                format!("{container}, gone with {}", self.connection(departure.connection))
            }
            (Place::OnVehicle { .. }, Some(departure)) => {
                format!("{container}, loaded on {}", self.departure(departure))
            }
            (place, Some(departure)) => format!("{container}, {place}, for {}", self.departure(departure)),
            (place, None) => format!("{container}, {place}"),
        }
    }
}

/// A container with its plate.
pub(super) fn container_text(yard: &Yard, id: ContainerId) -> String {
    yard.get(id).map_or_else(|| id.to_string(), plated)
}

fn plated(record: &ContainerRecord) -> String {
    match record.plate {
        Some(plate) => format!("{} (plate {plate})", record.id),
        None => format!("{} (without plate)", record.id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_names_its_week_where_it_is_not_the_first() {
        let at = Micros::new((2 * 86_400 + 4_500) * 1_000_000 + 7_999);
        assert_eq!(Moment::exact(at).to_string(), "Wed 01:15:00.007");
        assert_eq!(Moment::planned(at).to_string(), "Wed 01:15");
        assert_eq!(Moment::planned(at + WEEK + Micros::from_secs(9)).to_string(), "Wed 01:15:09 of week 1");
    }
}
