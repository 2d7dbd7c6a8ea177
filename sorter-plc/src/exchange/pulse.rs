//! Whether the program of the PLC runs, and whether its counters move as counters do.

use sorter_core::units::{EncoderCount, Micros, Pulses};

use crate::contract::{StateBits, Status};

use super::fault::{ExchangeFault, Notice};

/// Answers with the same scan counter after which a PLC may be stalled.
const STALL_POLLS: u32 = 3;
/// PLC scans that have to be due by then.
const STALL_SCANS: u64 = 10;
/// And the time that has to be gone.
const STALL_TIME: Micros = Micros::from_millis(100);
/// How long the encoder of a running belt may stand still before somebody is told.
const FROZEN_TIME: Micros = Micros::from_secs(1);
/// An image may be older than its answer by so much: what a slow PLC or a busy network holds back.
const SLACK: Micros = Micros::from_millis(500);
/// The shortest PLC scan that is reckoned with, the unit of the scan time.
const SHORTEST_SCAN: u64 = 100;

/// How far the encoder may move.
#[derive(Clone, Copy, Debug)]
pub(super) struct EncoderLimits {
    /// Behind the furthest count.
    pub(super) back: Pulses,
    /// In a second.
    pub(super) rate: Pulses,
}

/// The counters of the STATUS images of one session.
#[derive(Clone, Debug, Default)]
pub(super) struct Pulse {
    last: Option<Beat>,
    stalled: bool,
    frozen: bool,
}

/// What is kept of an image.
#[derive(Clone, Copy, Debug)]
struct Beat {
    at: Micros,
    counter: u16,
    /// Since when the scan counter has been what it is, and in how many images.
    counter_since: Micros,
    images: u32,
    /// The furthest encoder count.
    front: EncoderCount,
    encoder: EncoderCount,
    encoder_since: Micros,
}

impl Pulse {
    /// Nothing is known: a session begins or another program runs.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    pub(super) const fn is_stalled(&self) -> bool {
        self.stalled
    }

    /// Takes in a whole image of an open session.
    ///
    /// # Errors
    /// When a counter went back or the encoder moved further than it can.
    pub(super) fn observe(
        &mut self,
        now: Micros,
        counter: u16,
        status: &Status,
        limits: EncoderLimits,
    ) -> Result<Option<Notice>, ExchangeFault> {
        let encoder = status.encoder;
        let Some(last) = self.last.filter(|last| reach(last, now, limits).is_some()) else {
            self.last = Some(Beat {
                at: now,
                counter,
                counter_since: now,
                images: 1,
                front: encoder,
                encoder,
                encoder_since: now,
            });
            return Ok(None);
        };
        check_counter(&last, now, counter, status.scan_time)?;
        check_encoder(&last, now, encoder, limits)?;
        let same = counter == last.counter;
        let beat = Beat {
            at: now,
            counter,
            counter_since: if same { last.counter_since } else { now },
            images: if same { last.images.saturating_add(1) } else { 1 },
            front: if last.front.distance_to(encoder) > Pulses::ZERO { encoder } else { last.front },
            encoder,
            encoder_since: if encoder == last.encoder && moves(status) { last.encoder_since } else { now },
        };
        self.last = Some(beat);
        Ok(self.watch_scans(now, &beat, status).or_else(|| self.watch_encoder(now, &beat)))
    }

    fn watch_scans(&mut self, now: Micros, beat: &Beat, status: &Status) -> Option<Notice> {
        let due = Micros::new(status.scan_time.get() * STALL_SCANS).max(STALL_TIME);
        let stalled = beat.images >= STALL_POLLS && now.saturating_since(beat.counter_since) >= due;
        if stalled == std::mem::replace(&mut self.stalled, stalled) {
            return None;
        }
        let counter = beat.counter;
        Some(if stalled { Notice::Stalled { counter } } else { Notice::Resumed { counter } })
    }

    fn watch_encoder(&mut self, now: Micros, beat: &Beat) -> Option<Notice> {
        let still = now.saturating_since(beat.encoder_since) >= FROZEN_TIME;
        let frozen = still && !self.stalled;
        let begins = frozen && !self.frozen;
        self.frozen = frozen;
        begins.then(|| Notice::EncoderFrozen { count: beat.encoder.get() })
    }
}

/// Whether the belt is said to move.
fn moves(status: &Status) -> bool {
    status.state.has(StateBits::RUNNING) && status.belt_speed.get() > 0
}

/// The counter wraps, so that a step back looks like a long way ahead: one that the PLC had no time for.
fn check_counter(last: &Beat, now: Micros, counter: u16, scan_time: Micros) -> Result<(), ExchangeFault> {
    let ahead = counter.wrapping_sub(last.counter);
    let elapsed = now.saturating_since(last.at).get().saturating_add(SLACK.get());
    // A scan may be much shorter than the one that was measured last.
    let shortest = (scan_time.get() / 4).max(SHORTEST_SCAN);
    if ahead > u16::MAX / 2 && u64::from(ahead) * shortest > elapsed {
        return Err(ExchangeFault::CounterBack { from: last.counter, to: counter });
    }
    Ok(())
}

fn check_encoder(
    last: &Beat,
    now: Micros,
    encoder: EncoderCount,
    limits: EncoderLimits,
) -> Result<(), ExchangeFault> {
    let Some(reach) = reach(last, now, limits) else { return Ok(()) };
    let moved = last.front.distance_to(encoder);
    if i64::from(moved.get()) < -i64::from(limits.back.get()) {
        let by = Pulses::new(moved.get().saturating_neg());
        return Err(ExchangeFault::EncoderBack { by, limit: limits.back });
    }
    let ahead = last.encoder.distance_to(encoder);
    if ahead > reach {
        let elapsed = now.saturating_since(last.at);
        return Err(ExchangeFault::EncoderFast { by: ahead, elapsed, limit: reach });
    }
    Ok(())
}

/// How far the belt can have moved since an image, or `None` after so long a time that the count may have gone round.
fn reach(last: &Beat, now: Micros, limits: EncoderLimits) -> Option<Pulses> {
    let elapsed = now.saturating_since(last.at).get().saturating_add(SLACK.get());
    let pulses = u128::from(elapsed) * u128::from(limits.rate.get().unsigned_abs()) / 1_000_000;
    i32::try_from(pulses).ok().map(Pulses::new)
}
