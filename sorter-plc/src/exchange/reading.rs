//! What is taken out of the blocks of an open session, and how it is handed over.

use sorter_core::units::Micros;

use crate::codec::{CodecError, PlantBlock, ScanImage, StatusImage};
use crate::contract::{Event, PlantImage, Seq, StateBits, Status};
use crate::controller::Inputs;
use crate::host::{Host, Resync};

use super::belt::Progress;
use super::{Exchange, ExchangeFault, HeldPlant, Mode, Notice, Phase, Release, Step};

/// Parts of BELT that one cycle reads.
const BELT_PARTS_IN_CYCLE: u32 = 4;

impl Exchange {
    /// A whole STATUS of the session: nothing of it is used unless all of it fits to what was known.
    pub(super) fn session_status(&mut self, now: Micros, image: &StatusImage) -> Result<(), ExchangeFault> {
        if let Err(fault) = self.check_numbers(now, image).and_then(|()| self.stage_events(now, image)) {
            self.count_fault(&fault);
            self.reopen(now);
            return Err(fault);
        }
        let status = &image.status;
        self.heard_at = now;
        self.watch_bits(status);
        if status.state.has(StateBits::EVENT_OVERFLOW)
            && self.phase == Phase::Live
            && self.config.mode == Mode::Control
        {
            self.phase = Phase::Overflow;
        }
        if self.phase == Phase::Overflow && self.is_drained(status) {
            let session = self.session;
            self.reopen(now);
            return Err(ExchangeFault::Overflow { session });
        }
        self.cycle.status = Some(Status { order_ack: self.host_ack(), ..*status });
        self.cycle.step = match self.phase {
            Phase::ReadingBelt { .. } => Step::Belt,
            _ if std::mem::take(&mut self.spare) => Step::Done,
            Phase::Live | Phase::Overflow if self.scans_wait(status.scans_published) => Step::Scan,
            _ => self.plant_or_done(now),
        };
        Ok(())
    }

    /// The acknowledgement of orders in the numbers that the host uses: those of the session before until it is told
    /// of the new one, and none for a listener, which never sent any.
    fn host_ack(&self) -> Seq {
        self.ring.acknowledged()
    }

    fn scans_wait(&self, published: Seq) -> bool {
        self.scans.delivered().distance_to(published) > 0 && published != Seq::NONE
    }

    /// Whether the numbers and counters of an image can follow those before.
    fn check_numbers(&mut self, now: Micros, image: &StatusImage) -> Result<(), ExchangeFault> {
        let status = &image.status;
        let limits = self.encoder_limits();
        if let Some(notice) = self.pulse.observe(now, image.counter, status, limits)? {
            match notice {
                Notice::Stalled { .. } => self.counters.stalls += 1,
                Notice::EncoderFrozen { .. } => self.counters.frozen_encoders += 1,
                _ => {}
            }
            self.notify(notice);
        }
        if self.config.mode == Mode::Listen {
            return Ok(());
        }
        self.events.behind(status.events_published)?;
        self.scans.behind(status.scans_published)?;
        match self.phase {
            Phase::Live | Phase::Overflow => self.ring.acknowledge(status.order_ack),
            _ if status.order_ack != Seq::NONE => {
                Err(ExchangeFault::ForeignAck { ack: status.order_ack, sent: Seq::NONE })
            }
            _ => Ok(()),
        }
    }

    /// Stages the events that may be handed over in this state.
    fn stage_events(&mut self, now: Micros, image: &StatusImage) -> Result<(), ExchangeFault> {
        let published = image.status.events_published;
        let last = match self.phase {
            Phase::ReadingBelt { .. } => return Ok(()),
            Phase::Draining { belt_at } if belt_at.get() < published.get() => belt_at,
            _ => published,
        };
        self.counters.repeated_events += u64::from(self.events.drop_repeated(&image.events, published));
        if self.config.mode == Mode::Listen {
            let missed = self.events.skip_missing(&image.events, published);
            self.count_missed_events(missed);
        }
        let patience = self.patience();
        let order = self.config.word_order;
        for raw in self.events.stage(now, &image.events, last, patience)? {
            let record = raw.record(order);
            self.plant_due |= matches!(&record, Ok(record) if matches!(record.event, Event::Chute { .. }));
            self.cycle.events.push(record);
        }
        Ok(())
    }

    /// Counts what makes a session end.
    fn count_fault(&mut self, fault: &ExchangeFault) {
        match fault {
            ExchangeFault::EncoderBack { .. } | ExchangeFault::EncoderFast { .. } => {
                self.counters.encoder_faults += 1;
            }
            ExchangeFault::ForeignAck { .. } => self.counters.foreign += 1,
            _ => self.counters.number_faults += 1,
        }
    }

    fn plant_or_done(&self, now: Micros) -> Step {
        let waits = self.held_plant.as_ref().is_some_and(|held| !self.events_reach(now, held));
        let due =
            !waits && (self.plant_due || now.saturating_since(self.plant_at) >= self.config.plant_period);
        if due { Step::Plant } else { Step::Done }
    }

    /// Counts an image of SCAN, PLANT or BELT that cannot be used. The cycle goes on without it.
    fn unusable(&mut self, error: CodecError) -> ExchangeFault {
        match error {
            CodecError::Torn { .. } => self.counters.torn += 1,
            _ => self.counters.number_faults += 1,
        }
        ExchangeFault::Image(error)
    }

    pub(super) fn scan_read(&mut self, now: Micros, words: &[u16]) -> Result<(), ExchangeFault> {
        self.cycle.step = self.plant_or_done(now);
        let image = ScanImage::decode(words).map_err(|error| self.unusable(error))?;
        let published = self.cycle.status.map_or(Seq::NONE, |status| status.scans_published);
        self.counters.repeated_scans += u64::from(self.scans.drop_repeated(&image.records, published));
        if self.config.mode == Mode::Listen {
            let missed = self.scans.skip_missing(&image.records, published);
            self.count_missed_scans(missed);
        }
        let patience = self.patience();
        let order = self.config.word_order;
        match self.scans.stage(now, &image.records, published, patience) {
            Ok(records) => {
                records.iter().for_each(|raw| self.cycle.scans.push(raw.record(order)));
                Ok(())
            }
            Err(fault) => {
                self.counters.number_faults += 1;
                self.reopen(now);
                Err(fault)
            }
        }
    }

    pub(super) fn plant_read(&mut self, words: &[u16]) -> Result<(), ExchangeFault> {
        let block =
            PlantBlock::decode(words, self.config.word_order).map_err(|error| self.unusable(error))?;
        self.cycle.plant = Some(block.image);
        Ok(())
    }

    /// The PLANT image that may be handed over with the events that were read: one that stands at a later event waits
    /// for it, so that nothing is put into a container that came after it, but not without end. No other is read
    /// meanwhile: it would stand at a later event still, and the host would see none while chutes keep changing.
    fn due_plant(&mut self, now: Micros) -> Option<PlantImage> {
        let held = self.held_plant.filter(|held| self.events_reach(now, held));
        if let Some(image) = self.cycle.plant.take() {
            self.plant_due = false;
            self.plant_at = now;
            self.held_plant = Some(HeldPlant { image, since: now });
        }
        let newest = self.held_plant.filter(|held| self.events_reach(now, held));
        if newest.is_some() {
            self.held_plant = None;
        }
        let plant = newest.or(held).map(|held| held.image);
        self.plant_known |= plant.is_some();
        plant
    }

    /// Whether the events that were read come up to an image, or it has waited for them long enough. The first of a
    /// session waits for the events of the BELT snapshot only, since later ones come after the session is live.
    fn events_reach(&self, now: Micros, held: &HeldPlant) -> bool {
        let staged = self.events.staged();
        let opens = matches!(self.phase, Phase::Draining { belt_at } if staged.get() >= belt_at.get());
        let at_event = held.image.at_event;
        let ahead = staged.distance_to(at_event);
        opens
            || at_event == Seq::NONE
            || ahead == 0
            || ahead > Seq::LAST / 2
            || now.saturating_since(held.since) >= self.patience()
    }

    pub(super) fn belt_read(&mut self, now: Micros, words: &[u16]) -> Result<(), ExchangeFault> {
        let Phase::ReadingBelt { belt_at } = self.phase else { return Ok(()) };
        let progress = match self.belt.take(words, self.config.word_order) {
            Ok(progress) => progress,
            Err(error) => {
                let span = self.belt.span();
                return Err(self.set_aside(now, error.into(), Some(span)));
            }
        };
        self.cycle.belt_parts += 1;
        match progress {
            Progress::More if self.cycle.belt_parts < BELT_PARTS_IN_CYCLE => self.cycle.step = Step::Belt,
            Progress::More => {}
            Progress::Whole => {
                self.phase = Phase::Draining { belt_at };
                self.cycle.step = self.plant_or_done(now);
            }
            Progress::Again => {
                self.counters.belt_rereads += 1;
                let waited = self.belt.waited(now);
                if waited >= self.patience() {
                    let snapshot = self.belt.snapshot();
                    self.counters.number_faults += 1;
                    self.reopen(now);
                    return Err(ExchangeFault::BeltRestless { snapshot, waited });
                }
            }
        }
        Ok(())
    }

    /// The cycle is complete: hands over what it read and takes the orders.
    pub(super) fn finish(&mut self, now: Micros, host: &mut dyn Host) -> Result<(), ExchangeFault> {
        let Some(status) = self.cycle.status.take() else { return Ok(()) };
        let accepts_orders = self.accepts_orders();
        let plant = self.due_plant(now);
        let inputs = Inputs {
            status: &status,
            events: &self.cycle.events.records,
            scans: &self.cycle.scans.records,
            plant: plant.as_ref(),
            accepts_orders,
        };
        self.orders.clear();
        host.poll(now, &inputs, &mut self.orders);
        self.hand_over();
        if let Some(delivered) = self.delivered() {
            host.delivered(delivered);
        }
        self.take_orders(now, accepts_orders)?;
        if let Phase::Draining { belt_at } = self.phase
            && self.events.delivered().get() >= belt_at.get()
            && self.plant_known
        {
            self.ring.restart();
            self.counters.resyncs += 1;
            self.phase = Phase::Live;
            let status = Status { order_ack: Seq::NONE, ..status };
            host.resync(now, &Resync { belt: self.belt.entries(), status: &status });
        }
        Ok(())
    }

    /// What was staged has been taken.
    fn hand_over(&mut self) {
        let (events, scans) = (&self.cycle.events, &self.cycle.scans);
        self.counters.events += events.records.len() as u64;
        self.counters.scans += scans.records.len() as u64;
        self.counters.unknown_events += events.unknown;
        self.counters.unknown_scans += scans.unknown;
        let unknown = [events.last_unknown, scans.last_unknown];
        for error in unknown.into_iter().flatten() {
            self.notify(Notice::Record(error));
        }
        self.events.deliver();
        self.scans.deliver();
        if self.config.release == Release::Automatic {
            self.events.release(self.events.delivered());
            self.scans.release(self.scans.delivered());
        }
    }

    /// Puts the orders of the host into the ring.
    pub(super) fn take_orders(&mut self, now: Micros, accepts: bool) -> Result<(), ExchangeFault> {
        for place in 0..self.orders.len() {
            let order = self.orders[place];
            let outcome = if accepts {
                self.ring.give(&order, self.session, self.config.word_order)
            } else {
                Err(ExchangeFault::HostOrder { given: order.seq, expected: Seq::NONE, room: 0 })
            };
            if let Err(fault) = outcome {
                self.counters.refused_orders += (self.orders.len() - place) as u64;
                debug_assert!(false, "{fault}");
                if self.config.mode == Mode::Control {
                    self.reopen(now);
                }
                return Err(fault);
            }
            self.counters.orders += 1;
        }
        Ok(())
    }

    fn count_missed_events(&mut self, count: u16) {
        self.counters.missed_events += u64::from(count);
        self.notify_missed(super::Stream::Events, count);
    }

    fn count_missed_scans(&mut self, count: u16) {
        self.counters.missed_scans += u64::from(count);
        self.notify_missed(super::Stream::Scans, count);
    }

    fn notify_missed(&mut self, stream: super::Stream, count: u16) {
        if count > 0 {
            self.notify(Notice::Missed { stream, count: count.into() });
        }
    }
}
