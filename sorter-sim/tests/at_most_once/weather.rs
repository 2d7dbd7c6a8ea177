//! How bad a history gets.

use crate::draws::Draws;

/// How often what goes wrong, in a thousand requests or ticks.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Weather {
    pub(crate) drop_request: u32,
    pub(crate) drop_answer: u32,
    pub(crate) double_write: u32,
    pub(crate) delay_write: u32,
    pub(crate) tear_write: u32,
    pub(crate) half_write: u32,
    pub(crate) tear_read: u32,
    pub(crate) busy: u32,
    pub(crate) cut: u32,
    pub(crate) plc_restart: u32,
    pub(crate) host_restart: u32,
    pub(crate) plc_stall: u32,
    pub(crate) host_stall: u32,
    /// Bursts of events and scan records that no store holds.
    pub(crate) flood: u32,
    /// A scan that shows an encoder count which no belt reaches.
    pub(crate) glitch: u32,
    /// Scans that come too early or not at all.
    pub(crate) jitter: u32,
}

impl Weather {
    /// Each fault is absent, rare or frequent; what ends a session is rarer than what does not.
    pub(crate) fn draw(draws: &mut Draws) -> Self {
        let wild = draws.permille(300);
        let mut rate = |most: u32| match draws.below(3) {
            0 => 0,
            1 => most / 4 + 1,
            _ if wild => most * 3,
            _ => most,
        };
        Self {
            drop_request: rate(25),
            drop_answer: rate(25),
            double_write: rate(60),
            delay_write: rate(40),
            tear_write: rate(60),
            half_write: rate(15),
            tear_read: rate(50),
            busy: rate(20),
            cut: rate(15),
            plc_restart: rate(6),
            host_restart: rate(6),
            plc_stall: rate(8),
            host_stall: rate(8),
            flood: rate(1),
            glitch: rate(8),
            jitter: rate(200),
        }
    }
}
