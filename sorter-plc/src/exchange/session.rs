//! How sessions close, open and end.

use sorter_core::units::Micros;

use crate::codec::{CodecError, StatusImage};
use crate::contract::{Seq, StateBits, Status};
use crate::host::Host;
use crate::request::Span;

use super::{
    Closing, Connection, Exchange, ExchangeFault, FAULT_PAUSE, Mode, Notice, Phase, SetupFault, Step,
};

impl Exchange {
    /// STATUS was read on a connection on which nothing was written, or of a PLC that was at fault.
    pub(super) fn looked(
        &mut self,
        now: Micros,
        words: &[u16],
        host: &mut dyn Host,
    ) -> Result<(), ExchangeFault> {
        let image = self.decode_status(now, words)?;
        self.connection = Connection::Up;
        self.heard_at = now;
        if let Phase::Faulted { also: Some(span), .. } = self.phase {
            self.cycle.step = Step::Also(span);
            return self.notice_restart(now, &image.status, host).map_or(Ok(()), Err);
        }
        let restarted = self.notice_restart(now, &image.status, host);
        let outcome = match (restarted, &mut self.phase) {
            (Some(fault), _) => Err(fault),
            (None, phase @ (Phase::Looking | Phase::Faulted { .. })) => {
                *phase = Phase::Looking;
                Ok(())
            }
            (None, Phase::Closing(closing)) => {
                // What was written before the cut may never have arrived.
                closing.restart(now);
                Ok(())
            }
            (None, Phase::Opening { .. }) => Ok(()),
            (None, Phase::ReadingBelt { .. }) => {
                self.belt.begin(now);
                self.hold_session(now, image.status.session_echo)
            }
            // What was read of BELT before the cut holds: the session is the same.
            (None, Phase::Draining { .. } | Phase::Live | Phase::Overflow) => {
                self.hold_session(now, image.status.session_echo)
            }
        };
        if self.phase == Phase::Looking {
            self.start_over(now);
        }
        self.cycle.step = Step::Cycle;
        outcome
    }

    /// The PLC reads right: the first session, or the first after a configuration fault.
    pub(super) fn start_over(&mut self, now: Micros) {
        self.phase = match self.config.mode {
            Mode::Control => Phase::Closing(Closing::new(now)),
            Mode::Listen => Phase::Looking,
        };
    }

    /// The STATUS of a cycle was read.
    pub(super) fn status_read(
        &mut self,
        now: Micros,
        words: &[u16],
        host: &mut dyn Host,
    ) -> Result<(), ExchangeFault> {
        let image = self.decode_status(now, words)?;
        if let Some(fault) = self.notice_restart(now, &image.status, host) {
            return Err(fault);
        }
        if self.config.mode == Mode::Listen {
            return self.overheard(now, &image);
        }
        let echo = image.status.session_echo;
        match self.phase {
            Phase::Closing(mut closing) => {
                closing.answered(image.counter);
                let outcome = self.closing(now, &mut closing, echo);
                if matches!(self.phase, Phase::Closing(_)) {
                    self.phase = Phase::Closing(closing);
                }
                outcome
            }
            Phase::Opening { .. } if echo == self.session => self.opened(now, &image),
            Phase::Opening { since } => {
                let waited = now.saturating_since(since);
                if waited < self.patience() {
                    return Ok(());
                }
                self.counters.opening_timeouts += 1;
                let session = self.session;
                self.reopen(now);
                Err(ExchangeFault::NoEcho { session, echo, waited })
            }
            Phase::ReadingBelt { .. } | Phase::Draining { .. } | Phase::Live | Phase::Overflow => {
                self.hold_session(now, echo)?;
                self.session_status(now, &image)
            }
            Phase::Looking | Phase::Faulted { .. } => Ok(()),
        }
    }

    /// Session 0 is being written: once the PLC has seen it for long enough a new session follows.
    fn closing(&mut self, now: Micros, closing: &mut Closing, echo: u16) -> Result<(), ExchangeFault> {
        if echo == 0 && closing.is_long_enough(now, self.config.period) {
            self.session = self.sessions.draw(0);
            self.phase = Phase::Opening { since: now };
            return Ok(());
        }
        let interval = Micros::new(self.patience().get() + 10 * self.config.period.get());
        match closing.overdue(now, interval) {
            Some(waited) => Err(ExchangeFault::NotClosed { echo, scans: closing.scans(), waited }),
            None => Ok(()),
        }
    }

    /// The echo of a new session has come: from here on its numbers count.
    pub(super) fn opened(&mut self, now: Micros, image: &StatusImage) -> Result<(), ExchangeFault> {
        let status = &image.status;
        let events = u32::from(status.events_published.get()) + u32::from(status.event_backlog);
        if u32::from(status.belt_at.get()) > events {
            self.counters.number_faults += 1;
            self.reopen(now);
            return Err(ExchangeFault::BeltAt { belt_at: status.belt_at, events });
        }
        self.counters.sessions += 1;
        self.phase = Phase::ReadingBelt { belt_at: status.belt_at };
        self.belt.begin(now);
        self.latches = super::Latches::default();
        self.pulse.forget();
        self.plant_due = true;
        self.plant_known = false;
        self.session_status(now, image)
    }

    /// Whether the PLC still serves the session.
    fn hold_session(&mut self, now: Micros, echo: u16) -> Result<(), ExchangeFault> {
        let session = self.session;
        if echo == session || self.config.mode == Mode::Listen {
            return Ok(());
        }
        self.reopen(now);
        if echo == 0 {
            self.counters.closed_by_plc += 1;
            return Err(ExchangeFault::Closed { session });
        }
        self.counters.foreign += 1;
        Err(ExchangeFault::ForeignSession { echo, session })
    }

    /// Ends the session: nothing of this cycle is used, and a new one is opened through zero.
    pub(super) fn reopen(&mut self, now: Micros) {
        self.start_over(now);
        self.session = 0;
        self.ring.empty();
        self.events.open();
        self.scans.open();
        self.pulse.forget();
        self.held_plant = None;
        self.plant_known = false;
        self.cycle.stop();
    }

    /// Looks whether the PLC has forgotten its items, and tells the host.
    fn notice_restart(&mut self, now: Micros, status: &Status, host: &mut dyn Host) -> Option<ExchangeFault> {
        let (boot, echo) = (status.boot, status.session_echo);
        // At the first contact that is what an earlier host has left in its journal.
        let earlier = if self.boot.is_none() { host.linked_before() } else { None };
        let known = earlier.map_or(boot, |(boot, _)| boot);
        let before = self.boot.replace(boot).unwrap_or(known);
        let session = earlier.map_or(self.session, |(_, session)| session);
        let serves_another = self.config.mode == Mode::Control
            && (self.phase.is_open() || earlier.is_some())
            && echo != session;
        if before == boot && !(boot == 0 && serves_another) {
            return None;
        }
        self.counters.restarts += 1;
        match &mut self.phase {
            Phase::Closing(closing) => closing.restart(now),
            Phase::Looking | Phase::Faulted { .. } => {}
            _ => self.reopen(now),
        }
        self.events.forget();
        self.scans.forget();
        host.plc_restarted(now);
        Some(ExchangeFault::Restarted { boot, before, echo })
    }

    /// Reads a STATUS image as far as it can be believed at all.
    fn decode_status(&mut self, now: Micros, words: &[u16]) -> Result<StatusImage, ExchangeFault> {
        match StatusImage::decode(words, self.config.word_order) {
            Ok(image) => Ok(image),
            Err(torn @ CodecError::Torn { .. }) => {
                self.counters.torn += 1;
                Err(ExchangeFault::Image(torn))
            }
            Err(number @ (CodecError::Sequence { .. } | CodecError::Entries { .. })) => {
                self.counters.number_faults += 1;
                if self.phase.is_open() {
                    self.reopen(now);
                }
                Err(ExchangeFault::Image(number))
            }
            Err(other) => Err(self.set_aside(now, other.into(), None)),
        }
    }

    /// The PLC is not the one that is configured: it is left alone until it is. `also` is what besides STATUS has to
    /// read right.
    pub(super) fn set_aside(&mut self, now: Micros, fault: SetupFault, also: Option<Span>) -> ExchangeFault {
        let also = also.filter(|span| span.block != crate::register_map::BlockId::Status);
        let known = matches!(self.phase, Phase::Faulted { fault: before, .. } if before == fault);
        self.counters.setup_faults += u64::from(!known);
        self.reopen(now);
        let look_at = Micros::new(now.get().saturating_add(FAULT_PAUSE.get()));
        self.phase = Phase::Faulted { fault, look_at, also };
        ExchangeFault::Setup(fault)
    }

    /// Tells what the state bits of an open session say for the first time.
    pub(super) fn watch_bits(&mut self, status: &Status) {
        let first = |latch: &mut bool, bit| {
            let is = status.state.has(bit);
            is && !std::mem::replace(latch, is)
        };
        if first(&mut self.latches.event_overflow, StateBits::EVENT_OVERFLOW) {
            self.counters.event_overflows += 1;
        }
        if first(&mut self.latches.scan_overflow, StateBits::SCAN_OVERFLOW) {
            self.counters.scan_overflows += 1;
            self.notify(Notice::ScanOverflow { session: self.session });
        }
        let bad = status.state.has(StateBits::ORDER_SLOT_BAD);
        if bad && !self.latches.bad_slot {
            self.counters.bad_slots += 1;
            self.notify(Notice::BadSlot { ack: status.order_ack });
        }
        self.latches.bad_slot = bad;
    }

    /// Whether everything that a PLC kept before it lost events has been taken and acknowledged.
    pub(super) fn is_drained(&self, status: &Status) -> bool {
        let done = |published: Seq, delivered: Seq, acknowledged: Seq, backlog: u16| {
            published == delivered && delivered == acknowledged && backlog == 0
        };
        let (events, scans) = (&self.events, &self.scans);
        done(status.events_published, events.delivered(), events.acknowledged(), status.event_backlog)
            && done(status.scans_published, scans.delivered(), scans.acknowledged(), status.scan_backlog)
    }
}
