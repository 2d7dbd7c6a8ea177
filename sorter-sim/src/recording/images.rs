//! The cyclic status and the PLANT image of a PLC as what changed in them.

use sorter_core::units::{EncoderCount, Micros, MmPerSecond, Pulses};
use sorter_plc::contract::{Capabilities, ChuteBits, PlantImage, Seq, StateBits, Status};

use super::Malformed;
use super::numbers::{Bytes, field, put, put_changes};

/// Fields of the status, those that change in every scan first.
pub(super) type StatusFields = [i64; 16];

/// Appends a status.
pub(super) fn write_status(out: &mut Vec<u8>, before: &mut StatusFields, status: &Status) {
    put_changes(out, before, fields(status));
}

/// What [`write_status`] wrote.
pub(super) fn read_status(bytes: &mut Bytes<'_>, before: &mut StatusFields) -> Result<Status, Malformed> {
    status(&bytes.changes(before)?)
}

fn fields(status: &Status) -> StatusFields {
    [
        status.encoder.get().into(),
        status.events_published.get().into(),
        status.items_on_belt.into(),
        status.order_ack.get().into(),
        status.orders_pending.into(),
        status.scans_published.get().into(),
        status.event_backlog.into(),
        status.scan_backlog.into(),
        status.belt_speed.get().into(),
        status.state.0.into(),
        status.belt_at.get().into(),
        status.session_echo.into(),
        status.boot.into(),
        status.capabilities.0.into(),
        status.scan_time.get().cast_signed(),
        status.minimum_lead.get().into(),
    ]
}

fn status(fields: &StatusFields) -> Result<Status, Malformed> {
    Ok(Status {
        encoder: EncoderCount::new(field(fields[0])?),
        events_published: seq(fields[1])?,
        items_on_belt: field(fields[2])?,
        order_ack: seq(fields[3])?,
        orders_pending: field(fields[4])?,
        scans_published: seq(fields[5])?,
        event_backlog: field(fields[6])?,
        scan_backlog: field(fields[7])?,
        belt_speed: MmPerSecond::new(field(fields[8])?),
        state: StateBits(field(fields[9])?),
        belt_at: seq(fields[10])?,
        session_echo: field(fields[11])?,
        boot: field(fields[12])?,
        capabilities: Capabilities(field(fields[13])?),
        scan_time: Micros::new(fields[14].cast_unsigned()),
        minimum_lead: Pulses::new(field(fields[15])?),
    })
}

fn seq(value: i64) -> Result<Seq, Malformed> {
    Seq::new(field(value)?).ok_or(Malformed("a sequence number is above 65520"))
}

/// The last PLANT image of a sorter: its counters, and its four sets of chutes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PlantFields {
    counters: [i64; 8],
    sets: [[i64; 16]; 4],
}

/// Appends a PLANT image.
pub(super) fn write_plant(out: &mut Vec<u8>, before: &mut PlantFields, image: &PlantImage) {
    let counters = [
        image.at_event.get().into(),
        image.inducted.into(),
        image.unexpected.into(),
        image.discharged_verified.into(),
        image.discharged_unverified.into(),
        image.left.into(),
        image.lost.into(),
        image.on_belt.into(),
    ];
    put_changes(out, &mut before.counters, counters);
    let sets = [&image.full, &image.half_full, &image.not_available, &image.container]
        .map(|set| set.to_words().map(i64::from));
    let changed = (0..4).filter(|set| before.sets[*set] != sets[*set]);
    put(out, changed.fold(0, |mask, set| mask | 1 << set));
    for (before, now) in before.sets.iter_mut().zip(sets) {
        if *before != now {
            put_changes(out, before, now);
        }
    }
}

/// What [`write_plant`] wrote.
pub(super) fn read_plant(bytes: &mut Bytes<'_>, before: &mut PlantFields) -> Result<PlantImage, Malformed> {
    let counters = bytes.changes(&mut before.counters)?;
    let changed: u8 = bytes.narrow()?;
    for (set, words) in before.sets.iter_mut().enumerate() {
        if changed >> set & 1 == 1 {
            bytes.changes(words)?;
        }
    }
    Ok(PlantImage {
        at_event: seq(counters[0])?,
        inducted: field(counters[1])?,
        unexpected: field(counters[2])?,
        discharged_verified: field(counters[3])?,
        discharged_unverified: field(counters[4])?,
        left: field(counters[5])?,
        lost: field(counters[6])?,
        on_belt: field(counters[7])?,
        full: chutes(&before.sets[0])?,
        half_full: chutes(&before.sets[1])?,
        not_available: chutes(&before.sets[2])?,
        container: chutes(&before.sets[3])?,
    })
}

fn chutes(words: &[i64; 16]) -> Result<ChuteBits, Malformed> {
    let mut bits = [0; 16];
    for (bits, word) in bits.iter_mut().zip(words) {
        *bits = field(*word)?;
    }
    Ok(ChuteBits::from_words(&bits))
}
