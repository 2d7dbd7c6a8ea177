//! From the manifest of a container to its departure.

use std::collections::BTreeSet;
use std::fmt;

use sorter_core::container::{LicencePlate, Manifest};
use sorter_core::ids::{ChuteId, ContainerId, SorterId};
use sorter_core::units::{Grams, Micros};

use super::ContainerChecker;
use super::spot::{Bodies, Entry, Sealed};
use crate::check::timetable::Leaving;
use crate::check::{Condition, Findings};

/// Where the container with a plate is.
#[derive(Clone, Debug)]
pub(super) enum Whereabouts {
    AtChute(SorterId, ChuteId),
    /// Sealed, bound to a departure, with so many entries in its manifest once that has come.
    InYard {
        lane: Option<Box<str>>,
        departure: Option<Leaving>,
        /// Whether goods in transit may be in it, which leave with their own connection only.
        bonded: bool,
        listed: Option<u32>,
    },
    /// On the vehicle of a departure, with so many entries in its manifest.
    Loaded {
        row: u16,
        week: u16,
        listed: u32,
    },
}

impl fmt::Display for Whereabouts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtChute(sorter, chute) => write!(f, "at {chute} of {sorter}"),
            Self::InYard { .. } => f.write_str("in the yard"),
            Self::Loaded { row, week, .. } => write!(f, "on the vehicle of row {row} in week {week}"),
        }
    }
}

/// What the controller says about a departure that leaves.
#[derive(Clone, Copy, Debug, Default)]
pub struct VehicleLoad<'a> {
    /// The plates of the containers that it takes along.
    pub containers: &'a [&'a str],
    /// The parcels in them.
    pub pieces: u32,
    /// The plates of those that were sealed for it and are not loaded.
    pub left_behind: &'a [&'a str],
}

/// The last discharge of a parcel by the manifests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The sorter of its chute.
    pub sorter: SorterId,
    /// The chute at which the container stood.
    pub chute: ChuteId,
    /// The container.
    pub container: ContainerId,
    /// The number of the discharge in the hub, from 0.
    pub number: u64,
}

impl ContainerChecker<'_> {
    /// The controller handed out a manifest.
    pub fn manifest(&mut self, findings: &mut Findings, manifest: &Manifest, at: Micros) {
        let (sorter, chute) = (manifest.sorter, manifest.chute);
        let view = self.sorters.get_mut(sorter.index());
        let spot = view.and_then(|view| view.spots.get_mut(chute.index()));
        let taken = spot.and_then(|spot| {
            let sealed = spot.sealed.pop_front()?;
            let bodies = spot.taken.pop_front().filter(|_| !spot.is_blind);
            Some((sealed, bodies, spot.is_blind))
        });
        let problem = match &taken {
            None => Some("and no container was taken away there".to_owned()),
            Some((sealed, bodies, is_blind)) => difference(manifest, sealed)
                .or_else(|| (!is_blind).then(|| miscounted(manifest, bodies.as_ref()))?),
        };
        if findings.check(Condition::Departure, problem.is_none()) {
            let problem = problem.unwrap_or_default();
            findings.tell(Condition::Departure, at, sorter, || {
                format!("the manifest of {chute} came, {problem}")
            });
        }
        self.entries += manifest.entries.len() as u64;
        if let Some((sealed, ..)) = &taken {
            self.list(manifest, &sealed.container.log);
        }
        let plate = taken.and_then(|(sealed, ..)| sealed.container.plate);
        if let Some(Whereabouts::InYard { listed, .. }) = plate.and_then(|plate| self.plates.get_mut(&plate))
        {
            *listed = Some(u32::try_from(manifest.entries.len()).unwrap_or(u32::MAX));
        }
    }

    /// Notes where each parcel of a manifest was put. A container that is sealed late may list what was taken out
    /// of it long ago, as in a hold chute, so the later discharge counts.
    fn list(&mut self, manifest: &Manifest, log: &[Entry]) {
        let (sorter, chute, container) = (manifest.sorter, manifest.chute, manifest.container);
        for (entry, known) in manifest.entries.iter().zip(log) {
            let Some(parcel) = entry.parcel else { continue };
            if self.listed.len() <= parcel.index() {
                self.listed.resize(parcel.index() + 1, None);
            }
            let listed = &mut self.listed[parcel.index()];
            let number = known.number;
            if listed.is_none_or(|other| other.number < number) {
                *listed = Some(Listed { sorter, chute, container, number });
            }
        }
    }

    /// A container was put on the vehicle of a connection that leaves in this week.
    pub fn loaded(&mut self, findings: &mut Findings, plate: &str, connection: &str, week: u16, at: Micros) {
        let schedule = self.rules.schedule;
        let leaving = schedule.row(connection).and_then(|row| schedule.departure(row, week));
        let problem = match (self.plates.get(plate), leaving) {
            (_, None) => Some("the schedule does not have it".to_owned()),
            (None, _) => Some("no container has this plate".to_owned()),
            (Some(Whereabouts::InYard { lane, departure, listed, .. }), Some(leaving)) => {
                let own = schedule.lane(leaving.row);
                if lane.as_deref() != own {
                    let lane = lane.as_deref().unwrap_or("no lane");
                    Some(format!("the container is for {lane}"))
                } else if at >= leaving.departs {
                    Some(format!("it left at {}", leaving.departs))
                } else if *departure != Some(leaving) {
                    Some(format!("the container is for {}", departure.map_or("none".to_owned(), named)))
                } else {
                    listed.is_none().then(|| "the container has no manifest".to_owned())
                }
            }
            (Some(other), _) => Some(format!("the container is {other}")),
        };
        if findings.check(Condition::Departure, problem.is_none()) {
            let problem = problem.unwrap_or_default();
            findings.tell_hub(Condition::Departure, at, || {
                format!("{plate} is loaded on {connection} of week {week}: {problem}")
            });
        }
        if let (Some(leaving), Some(known)) = (leaving, self.plates.get_mut(plate)) {
            let listed = match known {
                Whereabouts::InYard { listed, .. } => listed.unwrap_or(0),
                Whereabouts::Loaded { listed, .. } => *listed,
                Whereabouts::AtChute(..) => 0,
            };
            *known = Whereabouts::Loaded { row: leaving.row, week, listed };
        }
    }

    /// A connection left. What the controller says that it took along must be what was loaded on it, and what
    /// was sealed for it and is not must be said to stay; that goes with the next departure of the lane.
    pub fn departed(
        &mut self,
        findings: &mut Findings,
        connection: &str,
        week: u16,
        at: Micros,
        load: &VehicleLoad<'_>,
    ) {
        let schedule = self.rules.schedule;
        let leaving = schedule.row(connection).and_then(|row| schedule.departure(row, week));
        let problem = match leaving {
            None => Some("the schedule does not have it".to_owned()),
            Some(leaving) if at < leaving.departs => Some(format!("it leaves at {}", leaving.departs)),
            Some(leaving) => {
                let again = !self.departed.insert((leaving.row, week));
                let wrong = self.take_along(leaving, load);
                again.then(|| "it left before".to_owned()).or(wrong)
            }
        };
        if findings.check(Condition::Departure, problem.is_none()) {
            let problem = problem.unwrap_or_default();
            findings.tell_hub(Condition::Departure, at, || {
                format!("{connection} of week {week} leaves: {problem}")
            });
        }
    }

    /// Takes what is loaded on a departure out of the books, and gives the rest to the next one. Gives how what
    /// the controller says differs from that.
    fn take_along(&mut self, leaving: Leaving, load: &VehicleLoad<'_>) -> Option<String> {
        let (mut gone, mut stay, mut pieces) = (Vec::new(), Vec::new(), 0);
        for (plate, known) in &mut self.plates {
            match known {
                Whereabouts::Loaded { row, week, listed } if (*row, *week) == (leaving.row, leaving.week) => {
                    pieces += *listed;
                    gone.push(plate.clone());
                }
                Whereabouts::InYard { departure, bonded, .. } if *departure == Some(leaving) => {
                    *departure = self.rules.departure_after(leaving, *bonded);
                    stay.push(plate.clone());
                }
                _ => {}
            }
        }
        gone.iter().for_each(|plate| drop(self.plates.remove(plate)));
        let differs = |ours: &[Box<str>], theirs: &[&str]| {
            let theirs: BTreeSet<&str> = theirs.iter().copied().collect();
            ours.len() != theirs.len() || !ours.iter().all(|plate| theirs.contains(&**plate))
        };
        if differs(&gone, load.containers) || pieces != load.pieces {
            let (said, parcels) = (load.containers.len(), load.pieces);
            let loaded = gone.len();
            return Some(format!(
                "with {parcels} parcels in {said} containers, and {pieces} in {loaded} were loaded"
            ));
        }
        let (said, stayed) = (load.left_behind.len(), stay.len());
        differs(&stay, load.left_behind).then(|| {
            format!(
                "{said} containers are said to stay behind, and {stayed} were sealed for it and not loaded"
            )
        })
    }

    /// A sealed container was emptied in the hub, as those of hold chutes are. Its plate may be used again.
    pub fn emptied(&mut self, findings: &mut Findings, plate: &str, at: Micros) {
        let known = self.plates.remove(plate);
        let right = matches!(known, Some(Whereabouts::InYard { .. }));
        if findings.check(Condition::Departure, right) {
            findings.tell_hub(Condition::Departure, at, || match known {
                Some(other) => format!("{plate} is emptied {other}"),
                None => format!("{plate} is emptied, and no container has this plate"),
            });
        }
    }

    /// The run is over: whatever got something was sealed, and every discharge is in one manifest.
    pub fn finished(&mut self, findings: &mut Findings, at: Micros) {
        for (number, view) in (0..).zip(&self.sorters) {
            let sorter = SorterId::new(number);
            for (chute, spot) in (0..).map(ChuteId::new).zip(&view.spots) {
                let (lost, left) = (spot.sealed.len(), spot.standing.log.len());
                if findings.check(Condition::Departure, lost == 0 && left == 0) {
                    findings.tell(Condition::Departure, at, sorter, || {
                        format!("{chute} has {left} in its last container, and {lost} manifests did not come")
                    });
                }
            }
        }
        let (discharges, entries) = (self.discharges, self.entries);
        if findings.check(Condition::Departure, discharges == entries) {
            findings.tell_hub(Condition::Departure, at, || {
                format!("{discharges} were discharged, and all manifests have {entries} entries")
            });
        }
    }
}

fn named(departure: Leaving) -> String {
    format!("row {} of week {}", departure.row, departure.week)
}

/// What a manifest says otherwise than the event log of its container.
fn difference(manifest: &Manifest, sealed: &Sealed) -> Option<String> {
    if let Err(error) = manifest.verify() {
        return Some(error.to_string());
    }
    let (container, log) = (&sealed.container, &sealed.container.log);
    let named = |plate: Option<&str>| plate.unwrap_or("no plate").to_owned();
    let plates = (manifest.plate.as_ref().map(LicencePlate::as_str), container.plate.as_deref());
    if plates.0 != plates.1 {
        return Some(format!("with {}, and the container has {}", named(plates.0), named(plates.1)));
    }
    let bound = sealed.departure.map(|bound| (bound.row, bound.week));
    let stated = manifest.departure.map(|departure| (departure.connection().get(), departure.week()));
    if bound != stated {
        return Some(format!("for row and week {stated:?}, and the container is for {bound:?}"));
    }
    if manifest.entries.len() != log.len() {
        let (stated, known) = (manifest.entries.len(), log.len());
        return Some(format!("with {stated} entries, and {known} discharges were reported"));
    }
    for (place, (entry, known)) in manifest.entries.iter().zip(log).enumerate() {
        if entry.item != known.item {
            return Some(format!("with {} as entry {place}, and it was {}", entry.item, known.item));
        }
        if entry.parcel.is_some() && entry.parcel != known.parcel {
            let (item, stated) = (entry.item, entry.parcel);
            return Some(format!("with {item} as {stated:?}, and it was decided as {:?}", known.parcel));
        }
        let unweighed = known.weighed_late && entry.weight == Grams::ZERO;
        if entry.weight != known.weight && !unweighed {
            let (item, stated) = (entry.item, entry.weight);
            return Some(format!("with {stated} for {item}, and the scale said {}", known.weight));
        }
    }
    None
}

/// How a manifest differs from what really lies in the container.
fn miscounted(manifest: &Manifest, bodies: Option<&Bodies>) -> Option<String> {
    match bodies {
        None => Some("and nobody took a container away there".to_owned()),
        Some(bodies) if !bodies.disturbed && bodies.count as usize != manifest.entries.len() => {
            let listed = manifest.entries.len();
            Some(format!("with {listed} entries, and {} bodies lie in the container", bodies.count))
        }
        Some(_) => None,
    }
}
