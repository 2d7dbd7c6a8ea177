//! Holds the books of both sides and the plan against each other.

use std::collections::BTreeMap;

use sorter_plc::contract::{Event, EventRecord, Order, OrderOp};

use crate::books::{Fate, ItemLine, Log, OrderLine, Summary};
use crate::hall::{EXCEPTION, NO_READ, OVERFLOW, Parcel};
use crate::run::Left;

/// What the controller was told about one item.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// Whether it entered at the induction, or turned up; none when somebody else was told.
    pub(crate) inducted: Option<bool>,
    pub(crate) fate: Option<Fate>,
}

/// What was told about each item. Nothing is told twice.
pub(crate) fn told(events: &[EventRecord]) -> BTreeMap<u16, Told> {
    let mut items: BTreeMap<u16, Told> = BTreeMap::new();
    for record in events {
        let item = items.entry(record.item.get()).or_default();
        let (inducted, fate) = match record.event {
            Event::Inducted { .. } => (Some(true), None),
            Event::Unexpected { .. } => (Some(false), None),
            Event::Discharged { chute, .. } => (None, Some(Fate::Discharged(chute.get()))),
            Event::Left { .. } => (None, Some(Fate::Left)),
            Event::Lost { .. } => (None, Some(Fate::Lost)),
            _ => continue,
        };
        if inducted.is_some() {
            assert_eq!(
                *item,
                Told::default(),
                "item enters as the first thing that is told of it: {record:?}"
            );
            item.inducted = inducted;
        } else {
            assert_eq!(item.fate, None, "item ends once: {record:?}");
            item.fate = fate;
        }
    }
    items.remove(&0);
    items
}

/// Every item entered and ended for both sides in the same way.
pub(crate) fn items_agree(events: &[EventRecord], log: &Log) {
    let mut told = told(events);
    for line in &log.items {
        let known = told.remove(&line.item).unwrap_or_else(|| panic!("nobody was told of {line:?}"));
        assert_eq!(known.fate, Some(line.fate), "{line:?}");
        assert_eq!(line.orders_taken, line.orders_ended, "{line:?}");
        let thrown_on = line.index.is_none();
        assert!(!thrown_on || known.inducted == Some(false), "{line:?} never passed the induction");
    }
    assert!(told.is_empty(), "items that only the controller knows: {told:?}");
    let fired = events.iter().filter(|record| matches!(record.event, Event::Fired { .. })).count();
    assert_eq!(
        fired,
        log.endings("discharged") + log.endings("missed"),
        "a diverter fires once for an order"
    );
}

fn as_taken(order: &Order) -> (u16, &'static str, u16, u16) {
    let (op, chute) = match order.op {
        OrderOp::Divert { chute } => ("divert", chute.get()),
        OrderOp::Cancel => ("cancel", 0),
        OrderOp::ChuteEnable { chute } => ("enable", chute.get()),
        OrderOp::ChuteDisable { chute } => ("disable", chute.get()),
        OrderOp::ChuteLamp { chute, .. } => ("lamp", chute.get()),
    };
    (order.seq.get(), op, chute, order.item.get())
}

/// Every order of a session was taken once, as it was given, and none besides.
pub(crate) fn orders_were_taken(sent: &[Order], lines: &[&OrderLine]) {
    let mut taken: Vec<_> =
        lines.iter().map(|line| (line.seq, line.op.as_str(), line.chute, line.item)).collect();
    taken.sort_unstable();
    let sent: Vec<_> = sent.iter().map(as_taken).collect();
    assert_eq!(taken, sent);
    assert!((1..).zip(&sent).all(|(n, order)| order.0 == n), "the orders of a session are numbered from 1");
    assert!(lines.iter().all(|line| line.ending != "in_force"), "each order has ended");
}

/// Chutes that parcels may be in although the plan has others for them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Detours<'a> {
    None,
    /// Chutes may have been full: what has no room goes to the overflow outlet and on to the exception outlet.
    FullChutes,
    /// This host was told late, or never, what was read: the records were dropped, or the host before it had taken
    /// them. What it was never told counts as not read. What it was told when the chutes were passed goes on to the
    /// exception outlet, or counts as a recall when it had to be committed before.
    Late(&'a Left),
}

impl Detours<'_> {
    fn lead(self, parcel: &Parcel, line: &ItemLine, chute: u16) -> bool {
        match self {
            Self::None => false,
            Self::FullChutes => {
                parcel.may_overflow() && OVERFLOW.contains(&chute) || EXCEPTION.contains(&chute)
            }
            Self::Late(host) => {
                let unread = !host.diary.read.contains(&line.item) || host.counters.recalls > 0;
                EXCEPTION.contains(&chute) || unread && NO_READ.contains(&chute)
            }
        }
    }
}

/// What ended in a chute is in one that the plan has for it. What was thrown on was never ordered.
pub(crate) fn fates_are_right(parcels: &[Parcel], lines: &[ItemLine], detours: Detours<'_>) {
    for line in lines {
        let Some(index) = line.index else {
            assert_eq!(line.orders_taken, 0, "{line:?} was never read");
            continue;
        };
        let parcel = &parcels[index];
        assert_eq!(line.label, parcel.label);
        if let Fate::Discharged(chute) = line.fate {
            let right = parcel.chutes().contains(&chute) || detours.lead(parcel, line, chute);
            assert!(right, "{parcel:?} is in chute {chute}: {line:?}");
        }
    }
}

/// Each parcel of the stream came to the induction once.
pub(crate) fn each_parcel_entered_once(parcels: &[Parcel], lines: &[ItemLine]) {
    let mut entered: Vec<usize> = lines.iter().filter_map(|line| line.index).collect();
    entered.sort_unstable();
    assert!(entered.iter().copied().eq(0..parcels.len()), "parcels that entered: {entered:?}");
}

/// The balance of the engine, the counters of the PLANT block and those of the C program are the same, and all of
/// them close.
pub(crate) fn sums_agree(left: &Left, summary: &Summary) {
    let Left { balance, diary, .. } = left;
    let plant = diary.plant.as_ref().expect("PLANT was read");
    assert_eq!(u64::from(plant.inducted), balance.inducted);
    assert_eq!(u64::from(plant.unexpected), balance.unexpected);
    assert_eq!(u64::from(plant.discharged_verified + plant.discharged_unverified), balance.discharged);
    assert_eq!(u64::from(plant.left), balance.left);
    assert_eq!(u64::from(plant.lost), balance.lost);
    assert_eq!((balance.found, balance.unknown, plant.on_belt), (0, 0, 0));
    assert_eq!(summary.get("items"), balance.inducted);
    assert_eq!(summary.get("unexpected"), balance.unexpected);
    assert_eq!(summary.get("discharged"), balance.discharged);
    assert_eq!(summary.get("left"), balance.left);
    assert_eq!(summary.get("lost"), balance.lost);
    nothing_is_left(left);
}

/// Nothing is on the belt for the engine, no place in a chute is reserved, and nothing did not fit.
pub(crate) fn nothing_is_left(left: &Left) {
    assert_eq!(left.balance.on_belt(), Some(0), "{}", left.balance);
    assert_eq!((left.on_belt, left.reserved), (0, 0));
    assert_eq!(left.tally.deviations, 0);
    assert_eq!((left.counters.unknown_items, left.counters.strayed), (0, 0));
    assert_eq!(left.link.exchange.refused_orders, 0);
}

/// All of the above, for a run in one session of one start of the PLC.
pub(crate) fn one_session(
    parcels: &[Parcel],
    left: &Left,
    summary: &Summary,
    log: &Log,
    detours: Detours<'_>,
) {
    let [sent] = &left.diary.sessions[..] else {
        panic!("{} sessions: {:?}", left.diary.sessions.len(), left.link.incidents);
    };
    items_agree(&left.diary.events, log);
    orders_were_taken(sent, &log.orders.iter().collect::<Vec<_>>());
    each_parcel_entered_once(parcels, &log.items);
    fates_are_right(parcels, &log.items, detours);
    sums_agree(left, summary);
    let exchange = &left.link.exchange;
    assert_eq!((summary.get("sessions"), exchange.sessions, exchange.restarts), (1, 1, 0));
    assert_eq!((exchange.unknown_events, exchange.unknown_scans, exchange.torn), (0, 0, 0));
    assert_eq!((exchange.number_faults, exchange.encoder_faults, exchange.foreign), (0, 0, 0));
    assert_eq!((exchange.event_overflows, exchange.scan_overflows), (0, 0));
    assert_eq!(exchange.orders, sent.len() as u64);
    assert_eq!(summary.get("orders_taken"), sent.len() as u64);
}
