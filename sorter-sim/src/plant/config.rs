//! How a plant behaves: gaps, slip, people and faults, all in integers.

use sorter_core::ids::EyeId;
use sorter_core::units::{Micros, Millimetres};

use crate::random::Rate;
use crate::scenario::PlantRates;

/// How often a fault is drawn, in parts per billion of the passes of parcels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FaultRates {
    /// One tracking photo-eye does not see the parcel. A parcel that is diverted in front of it is safe.
    pub eye_miss: u32,
    /// The parcel slips back by 1.5 to 3 windows between two eyes.
    pub big_slip: u32,
    /// A person takes the parcel off between two eyes.
    pub taken_off: u32,
    /// The parcel is thrown on the belt between two eyes, not inducted.
    pub thrown_on: u32,
    /// The diverter fires and the parcel stays on the belt.
    pub failed_divert: u32,
}

/// How a line plant behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlantConfig {
    /// The seed of every draw.
    pub seed: u64,
    /// The smallest gap that the induction leaves between two parcels.
    pub gap_min: Millimetres,
    /// The largest gap that the induction leaves between two waiting parcels.
    pub gap_max: Millimetres,
    /// Standard deviation of the slip over one metre, in micrometres; over d metres it is sqrt d as much.
    pub slip_um_per_sqrt_m: u32,
    /// How far a leading edge may be from a diverter that fires and still be caught.
    pub catch: Millimetres,
    /// The time after which what ran off the end waits at the induction again.
    pub return_after: Micros,
    /// The time after which what was taken off the belt waits at the induction again.
    pub put_back_after: Micros,
    /// The shortest time from the call to the start of a swap.
    pub swap_start_min: Micros,
    /// The longest time from the call to the start of a swap.
    pub swap_start_max: Micros,
    /// The shortest time that a swap of containers takes.
    pub swap_min: Micros,
    /// The longest time that a swap of containers takes.
    pub swap_max: Micros,
    /// The faults.
    pub rates: FaultRates,
    /// What happens to certain parcels on their first pass, instead of what is drawn for them.
    pub incidents: Vec<Incident>,
}

/// What happens to one parcel on its first pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Incident {
    /// The parcel.
    pub parcel: u32,
    /// What.
    pub kind: IncidentKind,
}

/// A fault that was asked for. Tracking photo-eyes are numbered from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IncidentKind {
    /// This photo-eye does not see it.
    EyeMiss(EyeId),
    /// A person takes it off before this photo-eye, the second or a later one.
    TakenOff(EyeId),
    /// It is thrown on the belt before this photo-eye, the second or a later one.
    ThrownOn(EyeId),
    /// It slips back by this much before this photo-eye, the second or a later one.
    Slow(EyeId, Millimetres),
}

impl PlantConfig {
    /// A plant in which nothing goes wrong but slip: 3 mm standard deviation over a metre, 13 mm over 19 m.
    pub fn faultless(seed: u64) -> Self {
        Self {
            seed,
            gap_min: Millimetres::new(100),
            gap_max: Millimetres::new(300),
            slip_um_per_sqrt_m: 3_000,
            catch: Millimetres::new(100),
            return_after: Micros::from_secs(60),
            put_back_after: Micros::from_secs(600),
            swap_start_min: Micros::from_secs(20),
            swap_start_max: Micros::from_secs(120),
            swap_min: Micros::from_secs(20),
            swap_max: Micros::from_secs(60),
            rates: FaultRates::default(),
            incidents: Vec::new(),
        }
    }

    /// A plant with the rates of a scenario.
    pub fn of_scenario(seed: u64, rates: &PlantRates) -> Self {
        let share = |of: Rate| {
            let product = u64::from(rates.tracking_loss.ppb()) * u64::from(of.ppb()) / 1_000_000_000;
            u32::try_from(product).expect("a share of a rate is a rate")
        };
        Self {
            seed,
            gap_min: rates.gap_min,
            gap_max: rates.gap_max,
            slip_um_per_sqrt_m: rates.slip_um_per_sqrt_m,
            catch: rates.catch,
            return_after: rates.return_time,
            put_back_after: rates.put_back_after,
            swap_start_min: rates.swap_start_min,
            swap_start_max: rates.swap_start_max,
            swap_min: rates.swap_min,
            swap_max: rates.swap_max,
            rates: FaultRates {
                eye_miss: share(rates.losses.eye_miss),
                big_slip: share(rates.losses.big_slip),
                taken_off: share(rates.losses.taken_off),
                thrown_on: rates.thrown_on.ppb(),
                failed_divert: rates.failed_divert.ppb(),
            },
            incidents: Vec::new(),
        }
    }

    /// A plant with the rates of the standard scenario.
    pub fn nominal(seed: u64) -> Self {
        Self::of_scenario(seed, &PlantRates::default())
    }
}

/// Kinds of physical faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum FaultKind {
    /// A photo-eye did not see a parcel that passed.
    EyeMiss,
    /// A parcel slipped back by more than the window.
    BigSlip,
    /// A parcel was taken off the belt.
    TakenOff,
    /// A parcel was thrown on the belt.
    ThrownOn,
    /// A diverter fired and its parcel stayed on the belt.
    FailedDivert,
    /// A diverter fired and no parcel was there.
    NothingToCatch,
    /// A diverter fired and caught another parcel than the one it fired for.
    CaughtNeighbour,
    /// A parcel slid into a chute that had reached its capacity.
    Overfill,
}

impl FaultKind {
    /// Every kind, in order.
    pub const ALL: [Self; 8] = [
        Self::EyeMiss,
        Self::BigSlip,
        Self::TakenOff,
        Self::ThrownOn,
        Self::FailedDivert,
        Self::NothingToCatch,
        Self::CaughtNeighbour,
        Self::Overfill,
    ];

    /// The key in reports.
    pub const fn key(self) -> &'static str {
        match self {
            Self::EyeMiss => "eye_miss",
            Self::BigSlip => "big_slip",
            Self::TakenOff => "taken_off",
            Self::ThrownOn => "thrown_on",
            Self::FailedDivert => "failed_divert",
            Self::NothingToCatch => "nothing_to_catch",
            Self::CaughtNeighbour => "caught_neighbour",
            Self::Overfill => "overfill",
        }
    }
}

/// How often each fault happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FaultCounts([u64; FaultKind::ALL.len()]);

impl FaultCounts {
    /// How often one kind happened.
    pub fn get(&self, kind: FaultKind) -> u64 {
        self.0[kind as usize]
    }

    /// Every kind with its count, in order.
    pub fn iter(&self) -> impl Iterator<Item = (FaultKind, u64)> + '_ {
        FaultKind::ALL.into_iter().map(|kind| (kind, self.get(kind)))
    }

    pub(super) fn count(&mut self, kind: FaultKind) {
        self.0[kind as usize] += 1;
    }
}
