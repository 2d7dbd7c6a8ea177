//! Files of recordings with a record of each kind, and the inside of such a file.

use sorter_core::barcode::make;
use sorter_core::clearance::Clearance;
use sorter_core::container::LicencePlate;
use sorter_core::ids::{
    ChuteId, ContainerId, DepartureId, EyeId, HubId, ItemId, ParcelId, PlanVersion, SorterId,
};
use sorter_core::journal::Progress;
use sorter_core::units::{EncoderCount, Grams, Micros, Pulses};
use sorter_plc::contract::{
    CodeBytes, Event, EventRecord, Order, OrderOp, PlantImage, ScanData, ScanRecord, Seq, Status,
};
use sorter_sim::recording::{
    HubHead, HubWriter, InductionLimit, Input, NoticeInput, Poll, PollAnswer, Record, block_of,
};

/// The first byte is the size of the pieces.
pub(super) fn files() -> Vec<Vec<u8>> {
    let records = records();
    let head = HubHead { hub: HubId::new(0), sorters: 2, seed: 1 };
    let mut writer = HubWriter::new(Vec::new(), head).expect("a vector takes everything");
    for record in &records {
        writer.write(record.at, &record.input).expect("a vector takes everything");
    }
    let (file, ..) = writer.finish().expect("a vector takes everything");
    let inside = |records: &[Record]| [vec![255], block_of(records)].concat();
    let mut seeds = vec![[vec![7], file].concat(), inside(&records)];
    seeds.extend(records.chunks(1).map(inside));
    seeds
}

fn records() -> Vec<Record> {
    let (sorter, chute, parcel) = (SorterId::new(1), ChuteId::new(17), ParcelId::new(300));
    let plate = LicencePlate::parse(&make::sscc(3, 7)).expect("an SSCC that was made is one");
    let notice = NoticeInput { label: 9, status: Clearance::Transit, sent: Micros::new(5), onward: Some(2) };
    let (container, departure) = (ContainerId::new(4), DepartureId::new(12));
    let inputs = [
        Input::PlanAhead { due: Micros::from_secs(50_400), changed: true },
        Input::PlateScanned { sorter, chute, plate, opened: Some(container) },
        Input::Poll(Box::new(poll(sorter))),
        Input::Journal(Box::new(Progress { lanes: [3; 32], ..Progress::default() })),
        Input::Attended { sorter },
        Input::Released { sorter, parcels: vec![parcel] },
        Input::Fetched { sorter, parcel, known: true },
        Input::Announced { label: 70, parcel: Some(parcel) },
        Input::Notices { rows: vec![notice], told: [1, 0, 0] },
        Input::Published { versions: vec![PlanVersion::new(2)] },
        Input::Loaded { container, departure, capacity: Some((60, Grams::new(90_000))), taken: true },
        Input::Departed { departure, report: [1, 40, 2] },
        Input::TakenAway { sorter, chute },
        Input::Manifests { sorter, hashes: vec![11] },
        Input::Ended { digests: vec![21, 22] },
    ];
    (1..).zip(inputs).map(|(second, input)| Record { at: Micros::from_secs(second), input }).collect()
}

fn poll(sorter: SorterId) -> Poll {
    let (item, encoder) = (ItemId::new(40), EncoderCount::new(9_000));
    let seq = Seq::NONE.next();
    let event = Event::Seen { eye: EyeId::new(2), deviation: Pulses::new(-3) };
    let code = CodeBytes::new(b"LP00239506206926").expect("it is short enough");
    let op = OrderOp::Divert { chute: ChuteId::new(17) };
    Poll {
        sorter,
        status: Status { encoder, boot: 1, items_on_belt: 3, ..Status::default() },
        events: vec![EventRecord { seq, item, encoder, event }],
        scans: vec![ScanRecord { seq, item, index: 0, count: 1, data: ScanData::Code(code) }],
        plant: Some(PlantImage { at_event: seq, inducted: 8, ..PlantImage::default() }),
        accepts_orders: true,
        answer: PollAnswer {
            orders: vec![Order { seq, item, op, target: None }],
            induction: Some(InductionLimit::PerMinute(250)),
            noted: Some(77),
            digest: Some(78),
        },
    }
}
