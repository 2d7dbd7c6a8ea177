use proptest::prelude::*;
use sorter_core::barcode::make;
use sorter_core::ids::{ChuteId, DiverterId, EyeId, InductionId, ItemId};
use sorter_core::units::{Millimetres, MmPerSecond, Pulses};
use sorter_plc::contract::{
    Capabilities, ChuteBits, CodeBytes, Ending, Event, EventRecord, OrderOp, PlantImage, Refusal, ScanData,
    ScanRecord, Seq, StateBits,
};

use super::*;
use crate::recording::{block_of, records_of};

fn seq() -> impl Strategy<Value = Seq> {
    (0..=Seq::LAST).prop_map(|number| Seq::new(number).expect("up to the last"))
}

fn encoder() -> impl Strategy<Value = EncoderCount> {
    any::<u32>().prop_map(EncoderCount::new)
}

fn chute() -> impl Strategy<Value = ChuteId> {
    any::<u16>().prop_map(ChuteId::new)
}

fn event() -> impl Strategy<Value = EventRecord> {
    let fields = (1..=15_u8, any::<(u8, u8, bool, u16, i32)>(), chute(), seq());
    let event = fields.prop_map(|(kind, (a, b, yes, word, pulses), chute, order)| {
        let (eye, diverter, length) = (EyeId::new(a), DiverterId::new(b), Pulses::new(pulses));
        match kind {
            1 => Event::Inducted { eye, length },
            2 => Event::Seen { eye, deviation: length },
            3 => Event::Fired { diverter, chute },
            4 => Event::Discharged { verified: yes, chute },
            5 => Event::Missed { diverter, chute },
            6 => Event::Left { eye },
            7 => Event::Refused { reason: Refusal::AlreadyFired, order },
            8 => Event::Lost { eye },
            9 => Event::Unexpected { eye, length },
            10 => Event::Chute { chute },
            11 => Event::HostLost { order_ack: order },
            12 => Event::State { state: StateBits(word) },
            13 => Event::Lap { induction: InductionId::new(a), laps: word },
            14 => Event::Ended { ending: Ending::ItemGone, order },
            _ => Event::Jam { eye, begins: yes },
        }
    });
    (seq(), any::<u16>(), encoder(), event).prop_map(|(seq, item, encoder, event)| EventRecord {
        seq,
        item: ItemId::new(item),
        encoder,
        event,
    })
}

fn scan() -> impl Strategy<Value = ScanRecord> {
    let code = prop::collection::vec(any::<u8>(), 0..=32)
        .prop_map(|code| CodeBytes::new(&code).expect("at most 32 bytes"));
    let data = prop_oneof![
        code.clone().prop_map(ScanData::Code),
        code.prop_map(ScanData::Continuation),
        Just(ScanData::NoCode),
        any::<(i32, i32, i32, u32)>().prop_map(|(length, width, height, weight)| ScanData::Measured {
            length: Millimetres::new(length),
            width: Millimetres::new(width),
            height: Millimetres::new(height),
            weight: Grams::new(weight),
        }),
    ];
    (seq(), any::<(u16, u8, u8)>(), data).prop_map(|(seq, (item, index, count), data)| ScanRecord {
        seq,
        item: ItemId::new(item),
        index,
        count,
        data,
    })
}

fn order() -> impl Strategy<Value = Order> {
    let op = (1..=5_u8, chute(), any::<u16>()).prop_map(|(op, chute, pattern)| match op {
        1 => OrderOp::Divert { chute },
        2 => OrderOp::Cancel,
        3 => OrderOp::ChuteEnable { chute },
        4 => OrderOp::ChuteDisable { chute },
        _ => OrderOp::ChuteLamp { chute, pattern },
    });
    (seq(), any::<u16>(), op, prop::option::of(encoder())).prop_map(|(seq, item, op, target)| Order {
        seq,
        item: ItemId::new(item),
        op,
        target,
    })
}

fn status() -> impl Strategy<Value = Status> {
    let numbers = (any::<[u16; 8]>(), any::<(u32, i32, u64)>(), encoder());
    (numbers, [seq(), seq(), seq(), seq()]).prop_map(|((words, (speed, lead, time), encoder), seqs)| Status {
        session_echo: words[0],
        boot: words[1],
        capabilities: Capabilities(words[2]),
        encoder,
        belt_speed: MmPerSecond::new(speed),
        state: StateBits(words[3]),
        scan_time: Micros::new(time),
        minimum_lead: Pulses::new(lead),
        order_ack: seqs[0],
        orders_pending: words[4],
        events_published: seqs[1],
        event_backlog: words[5],
        scans_published: seqs[2],
        scan_backlog: words[6],
        items_on_belt: words[7],
        belt_at: seqs[3],
    })
}

fn plant() -> impl Strategy<Value = PlantImage> {
    let bits = || any::<[u16; 16]>().prop_map(|words| ChuteBits::from_words(&words));
    (seq(), any::<([u32; 6], u16)>(), [bits(), bits(), bits(), bits()]).prop_map(
        |(at_event, (counts, on_belt), [full, half_full, not_available, container])| PlantImage {
            at_event,
            inducted: counts[0],
            unexpected: counts[1],
            discharged_verified: counts[2],
            discharged_unverified: counts[3],
            left: counts[4],
            lost: counts[5],
            on_belt,
            full,
            half_full,
            not_available,
            container,
        },
    )
}

fn poll() -> impl Strategy<Value = Input> {
    let few = 0..4_usize;
    let limit = any::<Option<Option<u16>>>().prop_map(|limit| match limit {
        None => InductionLimit::None,
        Some(None) => InductionLimit::Closed,
        Some(Some(limit)) => InductionLimit::PerMinute(limit),
    });
    let rest = (prop::option::of(limit), any::<(Option<u16>, Option<u64>)>());
    let answer = (prop::collection::vec(order(), few.clone()), rest)
        .prop_map(|(orders, (induction, (noted, digest)))| PollAnswer { orders, induction, noted, digest });
    let records = (prop::collection::vec(event(), few.clone()), prop::collection::vec(scan(), few));
    let images = (status(), prop::option::of(plant()), any::<bool>());
    (0..32_u8, images, records, answer).prop_map(
        |(sorter, (status, plant, accepts_orders), (events, scans), answer)| {
            let sorter = SorterId::new(sorter);
            Input::Poll(Box::new(Poll { sorter, status, events, scans, plant, accepts_orders, answer }))
        },
    )
}

fn of_sorter() -> impl Strategy<Value = Input> {
    let sorter = || (0..32_u8).prop_map(SorterId::new);
    let plate = any::<u32>().prop_map(|number| {
        LicencePlate::parse(&make::sscc(3, number.into())).expect("an SSCC that was made is one")
    });
    let container = || any::<u16>().prop_map(|number| ContainerId::new(number.into()));
    prop_oneof![
        sorter().prop_map(|sorter| Input::Attended { sorter }),
        (sorter(), chute(), plate, prop::option::of(container()))
            .prop_map(|(sorter, chute, plate, opened)| Input::PlateScanned { sorter, chute, plate, opened }),
        (sorter(), chute()).prop_map(|(sorter, chute)| Input::TakenAway { sorter, chute }),
        (sorter(), any::<Vec<u32>>()).prop_map(|(sorter, parcels)| Input::Released {
            sorter,
            parcels: parcels.into_iter().map(ParcelId::new).collect(),
        }),
        (sorter(), any::<(u32, bool)>()).prop_map(|(sorter, (parcel, known))| Input::Fetched {
            sorter,
            parcel: ParcelId::new(parcel),
            known,
        }),
        (sorter(), any::<Vec<u64>>()).prop_map(|(sorter, hashes)| Input::Manifests { sorter, hashes }),
        any::<Vec<u64>>().prop_map(|digests| Input::Ended { digests }),
    ]
}

fn of_hub() -> impl Strategy<Value = Input> {
    let notice = any::<(u32, u64, Option<u16>)>().prop_flat_map(|(label, sent, onward)| {
        (0..12_u8).prop_map(move |status| NoticeInput {
            label,
            status: Clearance::from_code(status).expect("there are twelve"),
            sent: Micros::new(sent),
            onward,
        })
    });
    prop_oneof![
        any::<(u32, Option<u16>)>().prop_map(|(label, parcel)| Input::Announced {
            label,
            parcel: parcel.map(|parcel| ParcelId::new(parcel.into())),
        }),
        (prop::collection::vec(notice, 0..4), any::<[u64; 3]>())
            .prop_map(|(rows, told)| Input::Notices { rows, told }),
        any::<(u32, bool)>()
            .prop_map(|(due, changed)| Input::PlanAhead { due: Micros::new(due.into()), changed }),
        any::<Vec<u32>>().prop_map(|versions| Input::Published {
            versions: versions.into_iter().map(PlanVersion::new).collect(),
        }),
        any::<(u32, u32, Option<(u16, u32)>, bool)>().prop_map(|(container, departure, capacity, taken)| {
            Input::Loaded {
                container: ContainerId::new(container),
                departure: DepartureId::new(departure),
                capacity: capacity.map(|(pieces, mass)| (pieces.into(), Grams::new(mass))),
                taken,
            }
        }),
        any::<([u64; 32], u64, u8)>().prop_map(|(lanes, hub, health)| {
            let health = [Health::Well, Health::Stalled, Health::Failed][usize::from(health % 3)];
            Input::Journal(Box::new(Progress { lanes, hub, health }))
        }),
        any::<(u32, [u64; 3])>().prop_map(|(departure, report)| Input::Departed {
            departure: DepartureId::new(departure),
            report,
        }),
    ]
}

proptest! {
    #[test]
    fn records_come_back_as_they_were(
        inputs in prop::collection::vec((0..1_u64 << 53, prop_oneof![poll(), of_sorter(), of_hub()]), 0..20),
    ) {
        let (mut encoder, mut out) = (Encoder::new(), Vec::new());
        let records: Vec<Record> =
            inputs.into_iter().map(|(at, input)| Record { at: Micros::new(at), input }).collect();
        records.iter().for_each(|record| encoder.write(&mut out, record.at, &record.input));
        let (mut decoder, mut bytes) = (Decoder::new(), Bytes::new(&out));
        for record in records {
            prop_assert_eq!(decoder.read(&mut bytes), Ok(record));
        }
        prop_assert_eq!(bytes.left(), 0);
    }

    #[test]
    fn what_is_read_of_damaged_bytes_can_be_written_and_is_read_again(
        inputs in prop::collection::vec((0..1_u64 << 53, prop_oneof![poll(), of_sorter(), of_hub()]), 1..6),
        damage in prop::collection::vec(any::<(prop::sample::Index, u8)>(), 0..6),
        raw: Vec<u8>,
    ) {
        let records: Vec<Record> =
            inputs.into_iter().map(|(at, input)| Record { at: Micros::new(at), input }).collect();
        let mut bytes = block_of(&records);
        for (place, byte) in damage {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        for bytes in [bytes, raw] {
            let (records, _) = records_of(&bytes);
            prop_assert_eq!(records_of(&block_of(&records)), (records, None));
        }
    }
}

#[test]
fn a_poll_in_which_only_the_belt_moved_takes_few_bytes() {
    let (mut encoder, mut out) = (Encoder::new(), Vec::new());
    let status = Status { encoder: EncoderCount::new(90_000), boot: 7, ..Status::default() };
    let inputs = Inputs { status: &status, events: &[], scans: &[], plant: None, accepts_orders: true };
    encoder.begin_poll(&mut out, Micros::from_secs(1), SorterId::new(3), &inputs);
    encoder.end_poll(&mut out, &[], &PollAnswer::default());
    out.clear();
    let status = Status { encoder: EncoderCount::new(90_020), ..status };
    let inputs = Inputs { status: &status, ..inputs };
    encoder.begin_poll(&mut out, Micros::from_millis(1_010), SorterId::new(3), &inputs);
    encoder.end_poll(&mut out, &[], &PollAnswer::default());
    assert_eq!(out.len(), 5, "{out:?}");
}
