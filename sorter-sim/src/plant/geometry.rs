//! Where things are on a line sorter.

use sorter_core::ids::{ChuteId, DiverterId};
use sorter_core::layout::Layout;
use sorter_core::units::{Micros, Millimetres, MmPerSecond, Pulses};

/// A chute of a line sorter with its diverter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChuteGeometry {
    /// The diverter that serves it.
    pub diverter: DiverterId,
    /// The distance of the diverter from the induction: it fires when the leading edge is there.
    pub position: Millimetres,
    /// Parcels that the container takes; at that content the chute is full.
    pub capacity: u32,
    /// The content at which people are called.
    pub half_full: u32,
    /// The longest time from the fire point to the chute eye.
    pub transfer: Micros,
    /// Whether there is a chute eye.
    pub eye: bool,
}

/// A line sorter. All positions are distances from the induction eye.
///
/// The induction eye is photo-eye 0; the tracking photo-eyes are 1 to n; the exit eye is n + 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineGeometry {
    /// The belt speed; at least 2 mm/s.
    pub belt_speed: MmPerSecond,
    /// Belt travel of one encoder pulse; at least 2 mm.
    pub pulse: Millimetres,
    /// The scanner, in front of the first tracking photo-eye.
    pub scanner: Millimetres,
    /// The scale, behind the scanner and in front of the first tracking photo-eye.
    pub scale: Millimetres,
    /// The tracking photo-eyes, rising. At least one.
    pub eyes: Vec<Millimetres>,
    /// The exit eye, behind all others.
    pub exit_eye: Millimetres,
    /// The chutes, by number. At most 256.
    pub chutes: Vec<ChuteGeometry>,
    /// How far a leading edge may be from where it is expected, to either side.
    pub window: Millimetres,
    /// How far a measured length may be from the one at induction, to either side.
    pub length_tolerance: Millimetres,
    /// Items that the PLC lets on the belt.
    pub belt_capacity: u16,
    /// Pulses between taking an order and its earliest fire point.
    pub minimum_lead: Pulses,
}

impl From<&Layout> for LineGeometry {
    fn from(layout: &Layout) -> Self {
        let chute = |chute: &sorter_core::layout::Chute| ChuteGeometry {
            diverter: chute.diverter,
            position: chute.position,
            capacity: chute.capacity.into(),
            half_full: chute.half_full.into(),
            transfer: chute.transfer,
            eye: chute.eye,
        };
        Self {
            belt_speed: layout.belt_speed(),
            pulse: layout.pulse_length(),
            scanner: layout.scanner(),
            scale: layout.scale(),
            eyes: layout.eyes().to_vec(),
            exit_eye: layout.exit_eye(),
            chutes: layout.chutes().iter().map(chute).collect(),
            window: layout.window(),
            length_tolerance: layout.length_tolerance(),
            belt_capacity: layout.belt_capacity(),
            minimum_lead: layout.minimum_lead(),
        }
    }
}

impl LineGeometry {
    /// A line of 100 chutes at 2.5 m/s: the sorter of the standard network.
    pub fn line_100() -> Self {
        let metres = |metres: i32| Millimetres::new(metres * 1_000);
        let chute = |number: u8| ChuteGeometry {
            diverter: DiverterId::new(number),
            position: metres(10 + i32::from(number)),
            capacity: 60,
            half_full: 40,
            transfer: Micros::from_millis(1_200),
            eye: true,
        };
        Self {
            belt_speed: MmPerSecond::new(2_500),
            pulse: Millimetres::new(10),
            scanner: metres(3),
            scale: metres(4),
            eyes: [5, 24, 43, 62, 81, 100].map(metres).to_vec(),
            exit_eye: metres(115),
            chutes: (0..100).map(chute).collect(),
            window: Millimetres::new(150),
            length_tolerance: Millimetres::new(80),
            belt_capacity: 400,
            minimum_lead: Pulses::new(10),
        }
    }

    /// A chute by number.
    pub fn chute(&self, chute: ChuteId) -> Option<&ChuteGeometry> {
        self.chutes.get(chute.index())
    }

    /// A distance in pulses, rounded down.
    pub fn pulses(&self, distance: Millimetres) -> Pulses {
        Pulses::new(distance.get().div_euclid(self.pulse.get()))
    }
}
