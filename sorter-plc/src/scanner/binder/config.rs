//! How reads are bound, and which settings cannot work.

use sorter_core::layout::Layout;
use sorter_core::units::Millimetres;
use thiserror::Error;

use crate::scanner::TelegramFormat;

/// Which edge of a parcel a delay is counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// The leading edge, at which the trigger rises.
    LeadingEdge,
    /// The trailing edge, at which the trigger falls.
    TrailingEdge,
}

/// What tells which item a telegram is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// The count of the PLC's belt encoder that the telegram carries, latched at the trigger edge.
    ByCount,
    /// Only the trigger number: order, and the place of the belt when the telegram came.
    ByNumber {
        /// The edge that the delay is counted from.
        from: From,
        /// The least that the belt moves from that edge until the host has the telegram.
        least: Millimetres,
        /// The most that it moves until then. A telegram that takes longer is late.
        most: Millimetres,
        /// How many telegrams in a row have to agree in order and position before they are trusted, after
        /// the start and after each disagreement; at least 2.
        agreeing: u8,
    },
}

/// How reads are bound to items. Positions are along the belt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BinderConfig {
    /// What tells the item. Default: the encoder count.
    pub binding: Binding,
    /// How far outside of an item a code may stand and still be its own, where no neighbour is near. Between
    /// two items it shrinks to half of their gap. Default 100 mm.
    pub window: Millimetres,
    /// The greatest error of a place: slip of the parcel up to the tunnel, rounding of the encoder, error of
    /// the code position. What is that close to two items is nobody's. Default 50 mm.
    pub tolerance: Millimetres,
    /// How far an item moves on behind the window until what was read of it is handed over: the time that
    /// telegrams take. Default 500 mm. Binding by number takes its `most` instead.
    pub settle: Millimetres,
    /// How far behind the tunnel the leading edge is when reads of the item are no longer waited for. `None`,
    /// the default, is where the controller decides without them: halfway between scale and first chute.
    pub give_up: Option<Millimetres>,
    /// The longest parcel; one whose length is not known is taken to be that long. Default 1,500 mm.
    pub longest: Millimetres,
    /// The least gap that the trigger of the tunnel resolves. Two items that are closer share a telegram;
    /// without positions, its codes are nobody's. Default 50 mm.
    pub least_gap: Millimetres,
}

impl Default for BinderConfig {
    fn default() -> Self {
        Self {
            binding: Binding::ByCount,
            window: Millimetres::new(100),
            tolerance: Millimetres::new(50),
            settle: Millimetres::new(500),
            give_up: None,
            longest: Layout::RUN_OFF,
            least_gap: Millimetres::new(50),
        }
    }
}

/// Why reads cannot be bound like this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BinderError {
    /// A length is below zero.
    #[error("{name} is {value}, 0 mm or more is expected")]
    Negative {
        /// The setting.
        name: &'static str,
        /// Its value.
        value: Millimetres,
    },
    /// The tolerance is an error that is sure to happen, so the window has to hold it.
    #[error("window of {window} is narrower than the tolerance of {tolerance}")]
    Window {
        /// The window.
        window: Millimetres,
        /// The tolerance.
        tolerance: Millimetres,
    },
    /// Binding by count with telegrams that carry none.
    #[error("telegrams carry neither encoder nor travel, which binding by count needs")]
    NoLatch,
    /// The greatest delay is below the least.
    #[error("greatest delay of {most} is below the least of {least}")]
    Delay {
        /// The least.
        least: Millimetres,
        /// The greatest.
        most: Millimetres,
    },
    /// One telegram agrees with anything.
    #[error("{received} telegrams that agree prove nothing, at least 2 are expected")]
    Agreeing {
        /// The setting.
        received: u8,
    },
    /// Reads would be given up before they are handed over.
    #[error("reads of the longest parcel are complete {needed} behind the tunnel and given up at {give_up}")]
    GiveUp {
        /// Where they are complete.
        needed: Millimetres,
        /// Where they are given up.
        give_up: Millimetres,
    },
    /// No item would be known before the tunnel reads it.
    #[error("tunnel at {scanner} is within {needed} of the induction")]
    TooNear {
        /// Where the tunnel is.
        scanner: Millimetres,
        /// Window and tolerance.
        needed: Millimetres,
    },
}

/// The settings in whole millimetres, checked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reach {
    pub(super) window: i64,
    pub(super) tolerance: i64,
    pub(super) settle: i64,
    pub(super) give_up: i64,
    pub(super) longest: i64,
    pub(super) least_gap: i64,
    pub(super) trigger: i64,
    pub(super) pulse: i64,
}

impl Reach {
    pub(super) fn new(
        config: &BinderConfig,
        format: &TelegramFormat,
        layout: &Layout,
    ) -> Result<Self, BinderError> {
        let blind = {
            let first = layout.chutes().first().map_or(layout.exit_eye(), |chute| chute.position);
            Millimetres::new(i32::midpoint(layout.scale().get(), first.get())) - layout.scanner()
        };
        let give_up = config.give_up.unwrap_or(blind);
        let named = [
            ("window", config.window),
            ("tolerance", config.tolerance),
            ("settle", config.settle),
            ("give_up", give_up),
            ("longest", config.longest),
            ("least_gap", config.least_gap),
        ];
        for (name, value) in named {
            if value < Millimetres::ZERO {
                return Err(BinderError::Negative { name, value });
            }
        }
        if config.window < config.tolerance {
            return Err(BinderError::Window { window: config.window, tolerance: config.tolerance });
        }
        let mm = |length: Millimetres| i64::from(length.get());
        let mut needed = mm(config.longest) + mm(config.window) + mm(config.settle);
        match config.binding {
            Binding::ByCount if !format.has_latch() => return Err(BinderError::NoLatch),
            Binding::ByCount => {}
            Binding::ByNumber { least, most, agreeing, from } => {
                if most < least {
                    return Err(BinderError::Delay { least, most });
                }
                if least < Millimetres::ZERO {
                    return Err(BinderError::Negative { name: "least", value: least });
                }
                if agreeing < 2 {
                    return Err(BinderError::Agreeing { received: agreeing });
                }
                let behind = if from == From::TrailingEdge { mm(config.longest) } else { 0 };
                needed =
                    (mm(config.longest) + mm(config.window)).max(behind + mm(most) + mm(config.tolerance));
            }
        }
        if needed > mm(give_up) {
            let needed = Millimetres::new(i32::try_from(needed).unwrap_or(i32::MAX));
            return Err(BinderError::GiveUp { needed, give_up });
        }
        let near = config.window.max(config.least_gap) + config.tolerance;
        if layout.scanner() <= near {
            return Err(BinderError::TooNear { scanner: layout.scanner(), needed: near });
        }
        Ok(Self {
            window: mm(config.window),
            tolerance: mm(config.tolerance),
            settle: mm(config.settle),
            give_up: mm(give_up),
            longest: mm(config.longest),
            least_gap: mm(config.least_gap),
            trigger: mm(layout.scanner()),
            pulse: mm(layout.pulse_length()),
        })
    }
}
