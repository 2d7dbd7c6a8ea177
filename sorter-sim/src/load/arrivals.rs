//! The hours of a run: by a profile that repeats every day, or by the flights and trucks that arrive.

use sorter_core::departure::Mode;
use sorter_core::units::Micros;

use super::onward::WEEK;
use super::{HourCounts, LoadError, Network};
use crate::random::Rate;
use crate::scenario::{Profile, Scenario};

/// From landing, or from a truck at the gate, to the first of its parcels at an induction.
pub const FIRST_PARCEL: Micros = Micros::from_secs(3_600);

/// How long the parcels of a truck take to reach the inductions, the first to the last.
pub const TRUCK_UNLOADING: Micros = Micros::from_secs(3_600);

pub(super) const HOUR_US: u64 = 3_600_000_000;

/// A flight or truck that comes every week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeeklyArrival {
    /// When it arrives, since Monday 00:00.
    pub at: Micros,
    /// What it brings; only the shares among the arrivals of its mode count.
    pub pieces: u32,
    /// A flight brings import and transit, a truck export.
    pub mode: Mode,
}

/// The share of a run in each of its hours, and how much of each hour is export.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shares {
    /// The share of each hour; need not sum to 1.
    pub(super) hours: Vec<f64>,
    /// What part of each hour came by truck for export.
    export: Vec<f64>,
}

impl Shares {
    /// The shares of the scenario. Export and transit need connections to go on by: without
    /// [`Network::onward`] all parcels are import.
    pub(super) fn of(scenario: &Scenario, network: &Network<'_>) -> Result<Self, LoadError> {
        let export = if network.onward.is_some() { fraction(scenario.flows.export) } else { 0.0 };
        if scenario.profile == Profile::Flights && scenario.arrive_within.is_none() {
            return Self::by_arrivals(scenario, network.arrivals, export);
        }
        let days = usize::from(scenario.days);
        if scenario.arrive_within.is_some() {
            let mut hours = vec![0.0; days * 24];
            hours[0] = 1.0;
            return Ok(Self { hours, export: vec![export; days * 24] });
        }
        Ok(Self { hours: network.hourly.repeat(days), export: vec![export; days * 24] })
    }

    /// The hours of flights and of trucks apart, each kind scaled to its part of all parcels. What is
    /// unloaded after the end of the run is unloaded at its beginning, by the same flight of the day or
    /// the week before. A run without trucks has no export.
    fn by_arrivals(scenario: &Scenario, arrivals: &[WeeklyArrival], export: f64) -> Result<Self, LoadError> {
        let (begins, lasts) = (scenario.begins(), scenario.lasts());
        let sum_of = |mode, unload| {
            let mut hours = vec![0; usize::from(scenario.days) * 24];
            for arrival in arrivals.iter().filter(|arrival| arrival.mode == mode) {
                let since = (arrival.at.get() % WEEK.get() + WEEK.get() - begins.get()) % WEEK.get();
                if since < lasts.get() {
                    spread(&mut hours, Micros::new(since) + FIRST_PARCEL, unload, arrival.pieces);
                }
            }
            let sum: u128 = hours.iter().sum();
            let part = move |hour: u128| if sum == 0 { 0.0 } else { hour as f64 / sum as f64 };
            (sum > 0, hours.into_iter().map(part).collect::<Vec<f64>>())
        };
        let (any_flight, flights) = sum_of(Mode::Flight, scenario.hall.unload);
        let (any_truck, trucks) = sum_of(Mode::Truck, TRUCK_UNLOADING);
        if !any_flight {
            return Err(LoadError::NoFlights { days: scenario.days });
        }
        let export = if any_truck { export } else { 0.0 };
        let parts = flights.iter().zip(&trucks).map(|(by_air, by_road)| {
            let (by_air, by_road) = (by_air * (1.0 - export), by_road * export);
            (by_air + by_road, if by_road > 0.0 { by_road / (by_air + by_road) } else { 0.0 })
        });
        let (hours, export) = parts.unzip();
        Ok(Self { hours, export })
    }

    /// How many of the parcels of each hour are export after smoothing: a parcel that waits is what it was.
    pub(super) fn exports(&self, asked: &HourCounts, planned: &HourCounts) -> Vec<Rate> {
        let mut rates = Vec::with_capacity(self.export.len());
        let (mut waiting, mut of_them) = (0.0, 0.0);
        for ((asked, planned), share) in asked.get().iter().zip(planned.get()).zip(&self.export) {
            waiting += f64::from(*asked);
            of_them += f64::from(*asked) * share;
            // Hours that take parcels from later ones, at the end of a full run, take the mix of theirs.
            let mix = if waiting > 0.0 { of_them / waiting } else { *share };
            let left = (waiting - f64::from(*planned)).max(0.0);
            (waiting, of_them) = (left, left * mix);
            rates.push(Rate::from_share(mix.clamp(0.0, 1.0)).expect("clamped to a share"));
        }
        rates
    }
}

/// How the parcels that are not export divide into transit and import.
pub(super) fn transit_of_the_rest(scenario: &Scenario) -> Rate {
    let rest = scenario.flows.export.complement();
    let share = u64::from(scenario.flows.transit.ppb()) * u64::from(Rate::ONE.ppb());
    let share = share.checked_div(u64::from(rest.ppb())).unwrap_or(0).min(u64::from(Rate::ONE.ppb()));
    Rate::from_ppb(u32::try_from(share).expect("at most a billion"))
}

/// Adds the parcels of one arrival to the hours they come in, in pieces times microseconds.
fn spread(hours: &mut [u128], begins: Micros, unload: Micros, pieces: u32) {
    let end = begins + unload;
    let mut at = begins;
    while at < end {
        let hour = at.get() / HOUR_US;
        let until = Micros::new((hour + 1) * HOUR_US).min(end);
        let place = usize::try_from(hour).expect("hours of two weeks") % hours.len();
        // Divided by its duration at once, so that a slow unloading does not count for more; a piece is
        // a million parts, which no rounding of a schedule can be seen against.
        let parts = u128::from(pieces) * u128::from((until - at).get()) * 1_000_000;
        hours[place] += parts / u128::from(unload.get());
        at = until;
    }
}

fn fraction(rate: Rate) -> f64 {
    f64::from(rate.ppb()) / f64::from(Rate::ONE.ppb())
}
