//! Where the induction, the scanner, the photo-eyes, the diverters and the chutes of one sorter are.
//!
//! A layout is a TOML file. It is checked as a whole, and all that is wrong with it is reported at once;
//! a [`Layout`] in hand has passed every check. Positions are millimetres along the belt from the induction
//! photo-eye, which is at 0 mm.
//!
//! ```
//! use sorter_core::layout::Layout;
//! use sorter_core::units::{Millimetres, Pulses};
//!
//! let layout = Layout::line_100();
//! assert_eq!(layout.chutes().len(), 100);
//! assert_eq!(layout.pulses(Millimetres::new(10_000)), Pulses::new(1_000));
//!
//! let wrong = Layout::from_toml("hall.toml", "name = \"hall\"\nbelt_sped = 2500\n").unwrap_err();
//! assert!(wrong.to_string().contains("hall.toml:2: LA0002: key `belt_sped` is not known"));
//! ```
//!
//! # Codes of the problems
//! | Code | What |
//! | --- | --- |
//! | LA0001 | the text is not TOML |
//! | LA0002 | unknown key |
//! | LA0003 | missing key |
//! | LA0004 | value of the wrong kind or outside its limits |
//! | LA0005 | induction, scanner, scale and first chute are not in this order |
//! | LA0006 | tracking photo-eyes do not rise along the belt, or stand behind the exit |
//! | LA0007 | chute numbers are not dense from 0 |
//! | LA0008 | chutes do not rise along the belt |
//! | LA0009 | more chutes than one link carries |
//! | LA0010 | half full above full |
//! | LA0011 | no room for run-off between the last chute and the exit |
//! | LA0012 | tracking window too wide for the chutes or for the flow |
//! | LA0013 | minimum gap too large for the rated throughput |
//! | LA0014 | minimum lead does not fit between the scale and the first chute |
//! | LA0015 | diverter used twice |
//! | LA0016 | belt capacity below what the rated throughput puts on the belt |

mod check;
mod source;
pub(crate) mod toml_table;

use crate::diagnostic::Diagnostics;
use crate::ids::{ChuteId, DiverterId, EyeId};
use crate::units::{Micros, Millimetres, MmPerSecond, Pulses};

/// One chute of a layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chute {
    /// The diverter that pushes parcels into it.
    pub diverter: DiverterId,
    /// Where its diverter is.
    pub position: Millimetres,
    /// How many parcels it takes; at least 1.
    pub capacity: u16,
    /// From how many parcels it counts as half full; at most its capacity.
    pub half_full: u16,
    /// The longest time from the fire of the diverter to the chute photo-eye. Without an eye a discharge is
    /// taken as done after this time.
    pub transfer: Micros,
    /// Whether it has a photo-eye that confirms a discharge.
    pub eye: bool,
}

/// One sorter, checked. Two layouts are equal when every figure is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    name: String,
    belt_speed: MmPerSecond,
    pulse_length: Millimetres,
    minimum_gap: Millimetres,
    scanner: Millimetres,
    scale: Millimetres,
    eyes: Vec<Millimetres>,
    exit_eye: Millimetres,
    window: Millimetres,
    length_tolerance: Millimetres,
    belt_capacity: u16,
    minimum_lead: Pulses,
    rated_per_hour: u32,
    chutes: Vec<Chute>,
}

impl Layout {
    /// The chutes of one layout: what one PLC link carries, and no more than [`ChuteId::LIMIT`].
    pub const MAX_CHUTES: usize = 256;
    /// The tracking photo-eyes of one layout: [`EyeId`] 1 to 255.
    pub const MAX_EYES: usize = 255;
    /// Free belt between the last chute and the exit: the longest parcel of a shoe or cross-belt sorter
    /// (1,500 mm) has passed the last diverter before it reaches the exit.
    pub const RUN_OFF: Millimetres = Millimetres::new(1_500);

    /// Reads and checks a layout. `file_name` is the name that problems are reported under.
    ///
    /// # Errors
    /// Every problem of the text, in the order of its lines. The codes are listed at the
    /// [module](self#codes-of-the-problems).
    pub fn from_toml(file_name: &str, text: &str) -> Result<Self, Diagnostics> {
        let mut problems = Diagnostics::default();
        let draft = source::read(file_name, text, &mut problems);
        if let Some(draft) = &draft {
            check::check(file_name, draft, &mut problems);
        }
        toml_table::sort_by_line(&mut problems.0);
        match draft.and_then(source::Draft::into_layout) {
            Some(layout) => problems.into_result(layout),
            None => Err(problems),
        }
    }

    /// The standard line sorter: 2.5 m/s, 10 mm pulses, 100 chutes from 10 m in steps of 1 m, exit at 115 m.
    ///
    /// # Panics
    /// Never: the embedded file is checked by the tests of this crate.
    pub fn line_100() -> Self {
        Self::from_toml("line_100.toml", include_str!("../layouts/line_100.toml"))
            .expect("the embedded layout is checked by a test")
    }

    /// The name of the layout.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The speed of the belt; never 0.
    pub fn belt_speed(&self) -> MmPerSecond {
        self.belt_speed
    }

    /// How far the belt moves in one encoder pulse; never 0.
    pub fn pulse_length(&self) -> Millimetres {
        self.pulse_length
    }

    /// A length in encoder pulses, to the nearest pulse; halves go away from zero.
    pub fn pulses(&self, length: Millimetres) -> Pulses {
        let (length, pulse) = (i64::from(length.get()), i64::from(self.pulse_length.get()));
        let nearest = (2 * length.abs() + pulse) / (2 * pulse) * length.signum();
        Pulses::new(i32::try_from(nearest).unwrap_or(i32::MAX))
    }

    /// How long the belt takes for a distance, rounded up to a microsecond; 0 for a distance of 0 or less.
    pub fn travel_time(&self, distance: Millimetres) -> Micros {
        let distance = u64::try_from(distance.get()).unwrap_or(0);
        Micros::new((distance * 1_000_000).div_ceil(u64::from(self.belt_speed.get())))
    }

    /// The smallest gap between two items that can be diverted apart.
    pub fn minimum_gap(&self) -> Millimetres {
        self.minimum_gap
    }

    /// Where the scanner is.
    pub fn scanner(&self) -> Millimetres {
        self.scanner
    }

    /// Where dimensions and weight are taken.
    pub fn scale(&self) -> Millimetres {
        self.scale
    }

    /// The tracking photo-eyes along the belt: [`EyeId`] k is element k - 1.
    pub fn eyes(&self) -> &[Millimetres] {
        &self.eyes
    }

    /// Where a tracking photo-eye is. [`EyeId`] 0 is the induction at 0 mm.
    pub fn eye(&self, eye: EyeId) -> Option<Millimetres> {
        match eye.index().checked_sub(1) {
            None => Some(Millimetres::ZERO),
            Some(index) => self.eyes.get(index).copied(),
        }
    }

    /// Where the photo-eye at the end of the belt is.
    pub fn exit_eye(&self) -> Millimetres {
        self.exit_eye
    }

    /// How far before or behind its expected place a photo-eye still takes an item for the tracked one.
    pub fn window(&self) -> Millimetres {
        self.window
    }

    /// How much a measured length may differ from the length at the induction.
    pub fn length_tolerance(&self) -> Millimetres {
        self.length_tolerance
    }

    /// How many items the belt tracks at once.
    pub fn belt_capacity(&self) -> u16 {
        self.belt_capacity
    }

    /// How far before its diverter an item must be when an order for it comes.
    pub fn minimum_lead(&self) -> Pulses {
        self.minimum_lead
    }

    /// The parcels an hour that the sorter is built for. Plan it at no more than 80 % of this.
    pub fn rated_per_hour(&self) -> u32 {
        self.rated_per_hour
    }

    /// The chutes along the belt, by [`ChuteId`].
    pub fn chutes(&self) -> &[Chute] {
        &self.chutes
    }

    /// One chute, or `None` when the layout has no such chute.
    pub fn chute(&self, chute: ChuteId) -> Option<&Chute> {
        self.chutes.get(chute.index())
    }
}

const _: () = assert!(Layout::MAX_CHUTES <= ChuteId::LIMIT);

#[cfg(test)]
mod tests;
