//! Strategies for the values of the contract.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use sorter_core::ids::{ChuteId, DiverterId, EyeId, InductionId, ItemId};
use sorter_core::units::{EncoderCount, Grams, Micros, Millimetres, MmPerSecond, Pulses};
use sorter_plc::contract::{
    BeltEntry, CHUTES_PER_LINK, Capabilities, ChuteBits, CodeBytes, Ending, Event, EventRecord, Order,
    OrderOp, PlantImage, Refusal, ScanData, ScanRecord, Seq, StateBits, Status,
};
use sorter_plc::register_map::WordOrder;

pub(crate) fn word_orders() -> impl Strategy<Value = WordOrder> {
    prop_oneof![Just(WordOrder::HighFirst), Just(WordOrder::LowFirst)]
}

pub(crate) fn seqs() -> impl Strategy<Value = Seq> {
    (0..=Seq::LAST).prop_map(|number| Seq::new(number).expect("not above the last"))
}

fn numbered() -> impl Strategy<Value = Seq> {
    (1..=Seq::LAST).prop_map(|number| Seq::new(number).expect("not above the last"))
}

fn items() -> impl Strategy<Value = ItemId> {
    any::<u16>().prop_map(ItemId::new)
}

fn chutes() -> impl Strategy<Value = ChuteId> {
    any::<u8>().prop_map(|number| ChuteId::new(number.into()))
}

fn encoders() -> impl Strategy<Value = EncoderCount> {
    any::<u32>().prop_map(EncoderCount::new)
}

fn eyes() -> impl Strategy<Value = EyeId> {
    any::<u8>().prop_map(EyeId::new)
}

fn diverters() -> impl Strategy<Value = DiverterId> {
    any::<u8>().prop_map(DiverterId::new)
}

fn lengths() -> impl Strategy<Value = Pulses> {
    any::<u16>().prop_map(|pulses| Pulses::new(pulses.into()))
}

fn refusals() -> impl Strategy<Value = Refusal> {
    proptest::sample::select(vec![
        Refusal::Late,
        Refusal::UnknownItem,
        Refusal::NoSuchChute,
        Refusal::TableFull,
        Refusal::ChuteNotAvailable,
        Refusal::NotRunning,
        Refusal::AlreadyFired,
    ])
}

fn endings() -> impl Strategy<Value = Ending> {
    proptest::sample::select(vec![
        Ending::Replaced,
        Ending::Cancelled,
        Ending::ChuteNotAvailable,
        Ending::ItemGone,
        Ending::BeltStopped,
    ])
}

fn happenings() -> impl Strategy<Value = Event> {
    let deviations = any::<i16>().prop_map(|pulses| Pulses::new(pulses.into()));
    let of_items = prop_oneof![
        (eyes(), lengths()).prop_map(|(eye, length)| Event::Inducted { eye, length }),
        (eyes(), deviations).prop_map(|(eye, deviation)| Event::Seen { eye, deviation }),
        (diverters(), chutes()).prop_map(|(diverter, chute)| Event::Fired { diverter, chute }),
        (any::<bool>(), chutes()).prop_map(|(verified, chute)| Event::Discharged { verified, chute }),
        (diverters(), chutes()).prop_map(|(diverter, chute)| Event::Missed { diverter, chute }),
        eyes().prop_map(|eye| Event::Left { eye }),
        eyes().prop_map(|eye| Event::Lost { eye }),
        (eyes(), lengths()).prop_map(|(eye, length)| Event::Unexpected { eye, length }),
        (any::<u8>().prop_map(InductionId::new), any::<u16>())
            .prop_map(|(induction, laps)| Event::Lap { induction, laps }),
    ];
    let of_others = prop_oneof![
        (refusals(), seqs()).prop_map(|(reason, order)| Event::Refused { reason, order }),
        (endings(), seqs()).prop_map(|(ending, order)| Event::Ended { ending, order }),
        chutes().prop_map(|chute| Event::Chute { chute }),
        seqs().prop_map(|order_ack| Event::HostLost { order_ack }),
        any::<u16>().prop_map(|state| Event::State { state: StateBits(state) }),
        (eyes(), any::<bool>()).prop_map(|(eye, begins)| Event::Jam { eye, begins }),
    ];
    prop_oneof![of_items, of_others]
}

pub(crate) fn events() -> impl Strategy<Value = EventRecord> {
    (numbered(), items(), encoders(), happenings()).prop_map(|(seq, item, encoder, event)| EventRecord {
        seq,
        item,
        encoder,
        event,
    })
}

/// Orders as a host gives them: the target 0 is none, and only a divert has one.
pub(crate) fn orders() -> impl Strategy<Value = Order> {
    let targets = option::of((1..=u32::MAX).prop_map(EncoderCount::new));
    let diverts = (numbered(), items(), chutes(), targets).prop_map(|(seq, item, chute, target)| Order {
        seq,
        item,
        op: OrderOp::Divert { chute },
        target,
    });
    let cancels =
        (numbered(), items()).prop_map(|(seq, item)| Order { seq, item, op: OrderOp::Cancel, target: None });
    let ops = prop_oneof![
        chutes().prop_map(|chute| OrderOp::ChuteEnable { chute }),
        chutes().prop_map(|chute| OrderOp::ChuteDisable { chute }),
        (chutes(), any::<u16>()).prop_map(|(chute, pattern)| OrderOp::ChuteLamp { chute, pattern }),
    ];
    let of_chutes =
        (numbered(), ops).prop_map(|(seq, op)| Order { seq, item: ItemId::NONE, op, target: None });
    prop_oneof![diverts, cancels, of_chutes]
}

fn codes() -> impl Strategy<Value = CodeBytes> {
    vec(any::<u8>(), 0..=CodeBytes::CAPACITY).prop_map(|code| CodeBytes::new(&code).expect("it fits"))
}

pub(crate) fn scans() -> impl Strategy<Value = ScanRecord> {
    let sizes = || any::<u16>().prop_map(|size| Millimetres::new(size.into()));
    let data = prop_oneof![
        codes().prop_map(ScanData::Code),
        Just(ScanData::NoCode),
        (sizes(), sizes(), sizes(), any::<u32>().prop_map(Grams::new))
            .prop_map(|(length, width, height, weight)| ScanData::Measured { length, width, height, weight }),
        codes().prop_map(ScanData::Continuation),
    ];
    let places = (1_u8..).prop_flat_map(|count| (0..count, Just(count)));
    (numbered(), items(), places, data).prop_map(|(seq, item, (index, count), data)| ScanRecord {
        seq,
        item,
        index,
        count,
        data,
    })
}

pub(crate) fn statuses() -> impl Strategy<Value = Status> {
    let words = vec(any::<u16>(), 10);
    (words, vec(seqs(), 4), encoders()).prop_map(|(words, seqs, encoder)| Status {
        session_echo: words[0],
        boot: words[1],
        capabilities: Capabilities(words[2]),
        encoder,
        belt_speed: MmPerSecond::new(words[3].into()),
        state: StateBits(words[4]),
        scan_time: Micros::new(u64::from(words[5]) * 100),
        minimum_lead: Pulses::new(words[6].into()),
        order_ack: seqs[0],
        orders_pending: words[7],
        events_published: seqs[1],
        event_backlog: words[8],
        scans_published: seqs[2],
        scan_backlog: words[9],
        items_on_belt: words[0] ^ words[9],
        belt_at: seqs[3],
    })
}

fn chute_bits() -> impl Strategy<Value = ChuteBits> {
    any::<[u16; CHUTES_PER_LINK / 16]>().prop_map(|words| ChuteBits::from_words(&words))
}

pub(crate) fn plants() -> impl Strategy<Value = PlantImage> {
    let bits = (chute_bits(), chute_bits(), chute_bits(), chute_bits());
    (seqs(), any::<[u32; 6]>(), any::<u16>(), bits).prop_map(
        |(at_event, counters, on_belt, (full, half_full, not_available, container))| {
            let [inducted, unexpected, discharged_verified, discharged_unverified, left, lost] = counters;
            PlantImage {
                at_event,
                inducted,
                unexpected,
                discharged_verified,
                discharged_unverified,
                left,
                lost,
                on_belt,
                full,
                half_full,
                not_available,
                container,
            }
        },
    )
}

pub(crate) fn belt_entries() -> impl Strategy<Value = BeltEntry> {
    (items(), encoders(), option::of(chutes()), any::<bool>())
        .prop_map(|(item, inducted_at, ordered, fired)| BeltEntry { item, inducted_at, ordered, fired })
}
