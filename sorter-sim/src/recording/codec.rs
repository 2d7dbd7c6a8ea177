//! Records as bytes and back. What repeats itself is told as a difference to what was before.

use sorter_core::clearance::Clearance;
use sorter_core::container::LicencePlate;
use sorter_core::ids::{ContainerId, DepartureId, ParcelId, PlanVersion, SorterId};
use sorter_core::journal::{Health, Progress};
use sorter_core::units::{EncoderCount, Grams, Micros};
use sorter_plc::contract::{Order, Status};
use sorter_plc::controller::Inputs;

use super::events::{self, Line};
use super::images::{PlantFields, StatusFields, read_plant, read_status, write_plant, write_status};
use super::numbers::{Bytes, OUT_OF_RANGE, put, put_changes, put_signed};
use super::record::{InductionLimit, Input, NoticeInput, Poll, PollAnswer, Record};
use super::{Malformed, orders};

/// No time of a recording is later.
const LATEST: i64 = 1 << 53;

/// The kinds of records, in the low four bits of their head.
mod kind {
    pub(super) const POLL: u8 = 0;
    pub(super) const ATTENDED: u8 = 1;
    pub(super) const PLATE_SCANNED: u8 = 2;
    pub(super) const TAKEN_AWAY: u8 = 3;
    pub(super) const RELEASED: u8 = 4;
    pub(super) const FETCHED: u8 = 5;
    pub(super) const ANNOUNCED: u8 = 6;
    pub(super) const NOTICES: u8 = 7;
    pub(super) const PLAN_AHEAD: u8 = 8;
    pub(super) const PUBLISHED: u8 = 9;
    pub(super) const LOADED: u8 = 10;
    pub(super) const DEPARTED: u8 = 11;
    pub(super) const MANIFESTS: u8 = 12;
    pub(super) const ENDED: u8 = 13;
    pub(super) const JOURNAL: u8 = 14;
}

/// The flags of a poll.
mod flag {
    pub(super) const ACCEPTS_ORDERS: u8 = 1;
    pub(super) const EVENTS: u8 = 1 << 1;
    pub(super) const SCANS: u8 = 1 << 2;
    pub(super) const PLANT: u8 = 1 << 3;
    pub(super) const ORDERS: u8 = 1 << 4;
    pub(super) const NOTED: u8 = 1 << 5;
    pub(super) const DIGEST: u8 = 1 << 6;
    pub(super) const INDUCTION: u8 = 1 << 7;
}

/// What records are told as a difference to.
#[derive(Clone, Debug)]
struct Before {
    at: i64,
    sorters: Vec<SorterBefore>,
    progress: ProgressBefore,
}

#[derive(Clone, Debug, Default)]
struct ProgressBefore {
    lanes: [i64; SorterId::LIMIT],
    hub: u64,
}

#[derive(Clone, Debug, Default)]
struct SorterBefore {
    status: StatusFields,
    plant: PlantFields,
    events: Line,
    scans: Line,
    orders: Line,
}

impl Before {
    fn new() -> Self {
        Self {
            at: 0,
            sorters: vec![SorterBefore::default(); SorterId::LIMIT],
            progress: ProgressBefore::default(),
        }
    }
}

/// Writes records one after the other.
#[derive(Debug)]
pub(super) struct Encoder {
    before: Before,
    /// Where the flags of the poll stand that is being written.
    flags: usize,
    /// The sorter and the encoder of that poll.
    poll: (usize, EncoderCount),
}

impl Encoder {
    pub(super) fn new() -> Self {
        Self { before: Before::new(), flags: 0, poll: (0, EncoderCount::default()) }
    }

    fn head(&mut self, out: &mut Vec<u8>, at: Micros, kind: u8, sorter: SorterId) {
        put(out, u64::from(kind) | u64::from(sorter.get()) << 4);
        let step = at.get().cast_signed().wrapping_sub(self.before.at);
        self.before.at = at.get().cast_signed();
        // PLCs scan at whole milliseconds.
        let (size, exact) = if step % 1_000 == 0 { (step / 1_000, 0) } else { (step, 1) };
        put_signed(out, size << 1 | exact);
    }

    /// Begins a poll with what goes into it.
    pub(super) fn begin_poll(
        &mut self,
        out: &mut Vec<u8>,
        at: Micros,
        sorter: SorterId,
        inputs: &Inputs<'_>,
    ) {
        self.head(out, at, kind::POLL, sorter);
        self.flags = out.len();
        let flags = [
            (inputs.accepts_orders, flag::ACCEPTS_ORDERS),
            (!inputs.events.is_empty(), flag::EVENTS),
            (!inputs.scans.is_empty(), flag::SCANS),
            (inputs.plant.is_some(), flag::PLANT),
        ];
        out.push(flags.iter().filter(|(set, _)| *set).fold(0, |all, (_, flag)| all | flag));
        self.poll = (sorter.index(), inputs.status.encoder);
        let before = &mut self.before.sorters[sorter.index()];
        write_status(out, &mut before.status, inputs.status);
        if !inputs.events.is_empty() {
            put(out, inputs.events.len() as u64);
            for event in inputs.events {
                events::write(out, &mut before.events, inputs.status.encoder, event);
            }
        }
        if !inputs.scans.is_empty() {
            put(out, inputs.scans.len() as u64);
            inputs.scans.iter().for_each(|scan| orders::write_scan(out, &mut before.scans, scan));
        }
        if let Some(image) = inputs.plant {
            write_plant(out, &mut before.plant, image);
        }
    }

    /// Ends it with what came out: the orders, and what else is in the answer.
    pub(super) fn end_poll(&mut self, out: &mut Vec<u8>, orders: &[Order], rest: &PollAnswer) {
        let (sorter, encoder) = self.poll;
        let before = &mut self.before.sorters[sorter];
        if !orders.is_empty() {
            out[self.flags] |= flag::ORDERS;
            put(out, orders.len() as u64);
            orders.iter().for_each(|order| orders::write(out, &mut before.orders, encoder, order));
        }
        if let Some(limit) = rest.induction {
            out[self.flags] |= flag::INDUCTION;
            put(
                out,
                match limit {
                    InductionLimit::Closed => 0,
                    InductionLimit::None => 1,
                    InductionLimit::PerMinute(limit) => u64::from(limit) + 2,
                },
            );
        }
        if let Some(noted) = rest.noted {
            out[self.flags] |= flag::NOTED;
            out.extend(noted.to_le_bytes());
        }
        if let Some(digest) = rest.digest {
            out[self.flags] |= flag::DIGEST;
            out.extend(digest.to_le_bytes());
        }
    }

    /// Appends a whole record.
    pub(super) fn write(&mut self, out: &mut Vec<u8>, at: Micros, input: &Input) {
        let nobody = SorterId::new(0);
        match input {
            Input::Poll(poll) => {
                self.begin_poll(out, at, poll.sorter, &poll.inputs());
                self.end_poll(out, &poll.answer.orders, &poll.answer);
            }
            Input::Attended { sorter } => self.head(out, at, kind::ATTENDED, *sorter),
            Input::PlateScanned { sorter, chute, plate, opened } => {
                self.head(out, at, kind::PLATE_SCANNED, *sorter);
                put(out, chute.get().into());
                let text = plate.as_str().as_bytes();
                put(out, text.len() as u64);
                out.extend_from_slice(text);
                put_maybe(out, opened.map(ContainerId::get));
            }
            Input::TakenAway { sorter, chute } => {
                self.head(out, at, kind::TAKEN_AWAY, *sorter);
                put(out, chute.get().into());
            }
            Input::Released { sorter, parcels } => {
                self.head(out, at, kind::RELEASED, *sorter);
                put(out, parcels.len() as u64);
                parcels.iter().for_each(|parcel| put(out, parcel.get().into()));
            }
            Input::Fetched { sorter, parcel, known } => {
                self.head(out, at, kind::FETCHED, *sorter);
                put(out, parcel.get().into());
                out.push(u8::from(*known));
            }
            Input::Manifests { sorter, hashes } => {
                self.head(out, at, kind::MANIFESTS, *sorter);
                put(out, hashes.len() as u64);
                hashes.iter().for_each(|hash| out.extend(hash.to_le_bytes()));
            }
            Input::Ended { digests } => {
                self.head(out, at, kind::ENDED, nobody);
                put(out, digests.len() as u64);
                digests.iter().for_each(|digest| out.extend(digest.to_le_bytes()));
            }
            other => self.write_of_hub(out, at, other),
        }
    }

    fn write_progress(&mut self, out: &mut Vec<u8>, progress: &Progress) {
        let before = &mut self.before.progress;
        put_changes(out, &mut before.lanes, progress.lanes.map(u64::cast_signed));
        put_signed(out, progress.hub.wrapping_sub(before.hub).cast_signed());
        before.hub = progress.hub;
        out.push(match progress.health {
            Health::Well => 0,
            Health::Stalled => 1,
            Health::Failed => 2,
        });
    }

    /// Appends a record that is about no sorter.
    fn write_of_hub(&mut self, out: &mut Vec<u8>, at: Micros, input: &Input) {
        let mut head = |out: &mut Vec<u8>, kind| self.head(out, at, kind, SorterId::new(0));
        match input {
            Input::Announced { label, parcel } => {
                head(out, kind::ANNOUNCED);
                put(out, (*label).into());
                put_maybe(out, parcel.map(ParcelId::get));
            }
            Input::Notices { rows, told } => {
                head(out, kind::NOTICES);
                put(out, rows.len() as u64);
                for row in rows {
                    put(out, row.label.into());
                    out.push(row.status as u8);
                    put_signed(out, at.get().wrapping_sub(row.sent.get()).cast_signed());
                    put_maybe(out, row.onward.map(u32::from));
                }
                told.iter().for_each(|count| put(out, *count));
            }
            Input::PlanAhead { due, changed } => {
                head(out, kind::PLAN_AHEAD);
                put(out, due.get());
                out.push(u8::from(*changed));
            }
            Input::Published { versions } => {
                head(out, kind::PUBLISHED);
                put(out, versions.len() as u64);
                versions.iter().for_each(|version| put(out, version.get().into()));
            }
            Input::Loaded { container, departure, capacity, taken } => {
                head(out, kind::LOADED);
                put(out, container.get().into());
                put(out, departure.get().into());
                put_maybe(out, capacity.map(|(pieces, _)| pieces));
                if let Some((_, mass)) = capacity {
                    put(out, mass.get().into());
                }
                out.push(u8::from(*taken));
            }
            Input::Journal(progress) => {
                head(out, kind::JOURNAL);
                self.write_progress(out, progress);
            }
            Input::Departed { departure, report } => {
                head(out, kind::DEPARTED);
                put(out, departure.get().into());
                report.iter().for_each(|count| put(out, *count));
            }
            Input::Poll(_)
            | Input::Attended { .. }
            | Input::PlateScanned { .. }
            | Input::TakenAway { .. }
            | Input::Released { .. }
            | Input::Fetched { .. }
            | Input::Manifests { .. }
            | Input::Ended { .. } => unreachable!("a record of a sorter is written above"),
        }
    }
}

/// Appends a number or nothing: nothing is 0, and a number one more.
fn put_maybe(out: &mut Vec<u8>, value: Option<u32>) {
    put(out, value.map_or(0, |value| u64::from(value) + 1));
}

/// Reads records one after the other.
#[derive(Debug)]
pub(super) struct Decoder(Before);

impl Decoder {
    pub(super) fn new() -> Self {
        Self(Before::new())
    }

    /// The next record.
    pub(super) fn read(&mut self, bytes: &mut Bytes<'_>) -> Result<Record, Malformed> {
        let head: u16 = bytes.narrow()?;
        let sorter = u8::try_from(head >> 4).ok().filter(|sorter| usize::from(*sorter) < SorterId::LIMIT);
        let sorter = SorterId::new(sorter.ok_or(Malformed("a sorter has a number of 32 or more"))?);
        let step = bytes.signed()?;
        let step = if step & 1 == 0 { (step >> 1).checked_mul(1_000) } else { Some(step >> 1) };
        let at = step.and_then(|step| self.0.at.checked_add(step)).filter(|at| (0..=LATEST).contains(at));
        self.0.at = at.ok_or(Malformed("a time is out of range"))?;
        let at = Micros::new(self.0.at.cast_unsigned());
        let input = match head.to_le_bytes()[0] & 0x0f {
            kind::POLL => Input::Poll(Box::new(self.poll(bytes, sorter)?)),
            kind::ATTENDED => Input::Attended { sorter },
            kind::PLATE_SCANNED => {
                let chute = events::chute(bytes)?;
                let length = bytes.narrow()?;
                let plate = LicencePlate::parse(bytes.slice(length)?);
                let plate = plate.map_err(|_| Malformed("a licence plate is none"))?;
                Input::PlateScanned { sorter, chute, plate, opened: maybe(bytes)?.map(ContainerId::new) }
            }
            kind::TAKEN_AWAY => Input::TakenAway { sorter, chute: events::chute(bytes)? },
            kind::RELEASED => Input::Released { sorter, parcels: list(bytes, parcel)? },
            kind::FETCHED => Input::Fetched { sorter, parcel: parcel(bytes)?, known: yes(bytes)? },
            kind::MANIFESTS => Input::Manifests { sorter, hashes: list(bytes, Bytes::whole)? },
            kind::JOURNAL => Input::Journal(Box::new(self.progress(bytes)?)),
            kind::ENDED => Input::Ended { digests: list(bytes, Bytes::whole)? },
            kind => hub_input(bytes, kind, at)?,
        };
        Ok(Record { at, input })
    }

    fn progress(&mut self, bytes: &mut Bytes<'_>) -> Result<Progress, Malformed> {
        let before = &mut self.0.progress;
        let lanes = bytes.changes(&mut before.lanes)?.map(i64::cast_unsigned);
        before.hub = before.hub.wrapping_add(bytes.signed()?.cast_unsigned());
        let health = match bytes.byte()? {
            0 => Health::Well,
            1 => Health::Stalled,
            2 => Health::Failed,
            _ => return Err(Malformed("a journal has a state of health that does not exist")),
        };
        Ok(Progress { lanes, hub: before.hub, health })
    }

    fn poll(&mut self, bytes: &mut Bytes<'_>, sorter: SorterId) -> Result<Poll, Malformed> {
        let before = &mut self.0.sorters[sorter.index()];
        let flags = bytes.byte()?;
        let has = |flag| flags & flag != 0;
        let status: Status = read_status(bytes, &mut before.status)?;
        let encoder = status.encoder;
        let mut events = Vec::new();
        if has(flag::EVENTS) {
            events = list(bytes, |bytes| events::read(bytes, &mut before.events, encoder))?;
        }
        let mut scans = Vec::new();
        if has(flag::SCANS) {
            scans = list(bytes, |bytes| orders::read_scan(bytes, &mut before.scans))?;
        }
        let plant = if has(flag::PLANT) { Some(read_plant(bytes, &mut before.plant)?) } else { None };
        let mut answer = PollAnswer::default();
        if has(flag::ORDERS) {
            answer.orders = list(bytes, |bytes| orders::read(bytes, &mut before.orders, encoder))?;
        }
        if has(flag::INDUCTION) {
            answer.induction = Some(induction(bytes)?);
        }
        if has(flag::NOTED) {
            answer.noted = Some(u16::from_le_bytes([bytes.byte()?, bytes.byte()?]));
        }
        if has(flag::DIGEST) {
            answer.digest = Some(bytes.whole()?);
        }
        let accepts_orders = has(flag::ACCEPTS_ORDERS);
        Ok(Poll { sorter, status, events, scans, plant, accepts_orders, answer })
    }
}

/// A record that is about no sorter.
fn hub_input(bytes: &mut Bytes<'_>, kind: u8, at: Micros) -> Result<Input, Malformed> {
    Ok(match kind {
        kind::ANNOUNCED => {
            Input::Announced { label: bytes.narrow()?, parcel: maybe(bytes)?.map(ParcelId::new) }
        }
        kind::NOTICES => Input::Notices {
            rows: list(bytes, |bytes| notice(bytes, at))?,
            told: [bytes.number()?, bytes.number()?, bytes.number()?],
        },
        kind::PLAN_AHEAD => {
            let due = i64::try_from(bytes.number()?).ok().filter(|due| *due <= LATEST);
            let due = Micros::new(due.ok_or(Malformed("a time is out of range"))?.cast_unsigned());
            Input::PlanAhead { due, changed: yes(bytes)? }
        }
        kind::PUBLISHED => {
            Input::Published { versions: list(bytes, |bytes| bytes.narrow().map(PlanVersion::new))? }
        }
        kind::LOADED => {
            let container = ContainerId::new(bytes.narrow()?);
            let departure = DepartureId::new(bytes.narrow()?);
            let capacity = match maybe(bytes)? {
                Some(pieces) => Some((pieces, Grams::new(bytes.narrow()?))),
                None => None,
            };
            Input::Loaded { container, departure, capacity, taken: yes(bytes)? }
        }
        kind::DEPARTED => Input::Departed {
            departure: DepartureId::new(bytes.narrow()?),
            report: [bytes.number()?, bytes.number()?, bytes.number()?],
        },
        _ => return Err(Malformed("a record has a kind that does not exist")),
    })
}

fn notice(bytes: &mut Bytes<'_>, at: Micros) -> Result<NoticeInput, Malformed> {
    let label = bytes.narrow()?;
    let status =
        Clearance::from_code(bytes.byte()?).ok_or(Malformed("a notice has a status that is none"))?;
    let sent = at.get().wrapping_sub(bytes.signed()?.cast_unsigned());
    let onward = maybe(bytes)?.map(u16::try_from).transpose().map_err(|_| OUT_OF_RANGE)?;
    Ok(NoticeInput { label, status, sent: Micros::new(sent), onward })
}

fn parcel(bytes: &mut Bytes<'_>) -> Result<ParcelId, Malformed> {
    bytes.narrow().map(ParcelId::new)
}

fn induction(bytes: &mut Bytes<'_>) -> Result<InductionLimit, Malformed> {
    Ok(match bytes.number()? {
        0 => InductionLimit::Closed,
        1 => InductionLimit::None,
        more => InductionLimit::PerMinute(u16::try_from(more - 2).map_err(|_| OUT_OF_RANGE)?),
    })
}

fn yes(bytes: &mut Bytes<'_>) -> Result<bool, Malformed> {
    match bytes.byte()? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Malformed("a yes or no is neither")),
    }
}

fn maybe(bytes: &mut Bytes<'_>) -> Result<Option<u32>, Malformed> {
    let value = bytes.number()?;
    value.checked_sub(1).map(u32::try_from).transpose().map_err(|_| OUT_OF_RANGE)
}

/// A count, and so many things. Nothing is set aside for things that are only promised.
fn list<'a, T>(
    bytes: &mut Bytes<'a>,
    mut read: impl FnMut(&mut Bytes<'a>) -> Result<T, Malformed>,
) -> Result<Vec<T>, Malformed> {
    let count: usize = bytes.narrow()?;
    // Each takes a byte at least.
    if count > bytes.left() {
        return Err(Malformed("a list is longer than its block"));
    }
    let mut all = Vec::with_capacity(count.min(64));
    for _ in 0..count {
        all.push(read(bytes)?);
    }
    Ok(all)
}

#[cfg(test)]
mod tests;
