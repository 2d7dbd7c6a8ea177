//! Where the belt is, and how far before a chute its orders have to be on their way.

use sorter_core::layout::Layout;
use sorter_core::units::{EncoderCount, Micros, Millimetres};

use super::ControllerConfig;
use crate::contract::Status;

/// No margin is longer than this, in pulses, whatever a PLC says about itself.
const LONGEST_MARGIN: u64 = i32::MAX as u64;

/// The encoder without its wrap.
///
/// A count that moves by 2^31 pulses or more between two calls is read as one that went back. What is on the belt
/// is then placed anew from the counts in the BELT snapshot.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct BeltCount {
    pub(super) count: EncoderCount,
    pub(super) travel: i64,
}

impl BeltCount {
    pub(super) fn advance_to(&mut self, count: EncoderCount) {
        self.travel = self.travel_of(count);
        self.count = count;
    }

    pub(super) fn travel_of(&self, count: EncoderCount) -> i64 {
        self.travel + i64::from(self.count.distance_to(count).get())
    }
}

/// How far before its fire point, in pulses, an order has to be on its way: the PLC's minimum lead and what
/// the belt moves in one host period, one request deadline and two PLC scans.
///
/// The speed counts as at least that of the layout, since a belt that stands or crawls may be up to speed when
/// the order arrives, and as at most twice that: more is a fault of the sensor. A PLC that tells no scan time
/// is taken to scan as often as the host asks. `journal` is how long the order waits before that for its record.
pub(super) fn margin(layout: &Layout, config: &ControllerConfig, status: &Status, journal: Micros) -> i64 {
    let speed = speed(layout, status);
    let scan = if status.scan_time == Micros::ZERO { config.host_period } else { status.scan_time };
    let waits = [config.host_period, config.request_deadline, scan, scan, journal];
    let waits = waits.iter().fold(0_u64, |sum, wait| sum.saturating_add(wait.get()));
    let pulse = u64::from(layout.pulse_length().get().unsigned_abs().max(1));
    let travel = u64::from(speed).saturating_mul(waits).div_ceil(pulse * 1_000_000);
    let lead = u64::try_from(status.minimum_lead.get()).unwrap_or(0);
    travel.saturating_add(lead).min(LONGEST_MARGIN).cast_signed()
}

/// The speed of the belt in mm/s for what must not come too late: at least that of the layout and at most twice that.
pub(super) fn speed(layout: &Layout, status: &Status) -> u32 {
    let nominal = layout.belt_speed().get();
    status.belt_speed.get().clamp(nominal, nominal.saturating_mul(2))
}

/// A distance in pulses as a length. One that no belt has is the longest that there is, so that no chute is
/// beyond it.
pub(super) fn length_of(layout: &Layout, pulses: i64) -> Millimetres {
    let length = pulses.saturating_mul(i64::from(layout.pulse_length().get()));
    Millimetres::new(i32::try_from(length).unwrap_or(i32::MAX))
}
