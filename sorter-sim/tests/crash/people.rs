//! Who tells the hub what: customs, the shippers, who plans, and the people of the hall with their scanners.

use sorter_core::barcode::{CodeBook, make};
use sorter_core::chute::ChuteState;
use sorter_core::clearance::{Clearance, NoticeRow};
use sorter_core::container::LicencePlate;
use sorter_core::engine::ContainerError;
use sorter_core::ids::{ChuteId, ParcelId};
use sorter_core::journal::Mark;
use sorter_core::units::Micros;

use crate::draws::Draws;
use crate::host::{Host, Link};
use crate::outbox::Outbox;
use crate::plc_side::PlcSide;
use crate::site::{Announced, HOLD, Site, code};
use crate::stats::{Happened, Stats};
use crate::truth::{Place, Truth};

/// A message of customs.
#[derive(Clone, Copy, Debug)]
struct Word {
    label: u32,
    status: Clearance,
    sent: Micros,
}

/// Everybody who is neither a PLC nor a host.
pub(crate) struct People {
    customs: Outbox<Word>,
    shippers: Outbox<u32>,
    planners: Outbox<usize>,
    /// What customs said last about each label, of what was answered.
    status: Vec<(Micros, Clearance)>,
    /// Labels whose last message was answered so late that a parcel may have been committed before.
    next_walk: Micros,
    draws: Draws,
    /// Manifests that wait until the journal has that they were handed out.
    manifests: Vec<(usize, Mark, sorter_core::container::Manifest)>,
    pub(crate) handed: Vec<sorter_core::container::Manifest>,
}

impl People {
    pub(crate) fn draw(site: &Site<'_>, draws: &mut Draws) -> Self {
        let end = u32::try_from(site.end().get() / 1_000).unwrap() + 6_000;
        let mut words = Vec::new();
        let mut shippers = Vec::new();
        for (label, parcel) in (0..).zip(&site.parcels).filter(|(label, _)| site.is_label(*label)) {
            if let Announced::At(at) = parcel.announced {
                shippers.push((at, label));
            }
            let free = matches!(parcel.clearance, Clearance::Released | Clearance::NotSubject);
            let messages = if free { u32::from(draws.permille(150)) } else { 1 + draws.below(2) };
            for _ in 0..messages {
                let status = match draws.below(10) {
                    0..6 if !free => Clearance::Released,
                    0..2 => Clearance::Released,
                    2..6 => Clearance::HoldInspect,
                    6..8 => Clearance::Released,
                    8 => Clearance::HoldDocument,
                    _ => Clearance::Refused,
                };
                let sent = Micros::from_millis(u64::from(1 + draws.below(end)));
                // Some overtake others.
                let due = sent + Micros::from_millis(u64::from(draws.below(2_000)));
                words.push((due, Word { label, status, sent }));
            }
        }
        let mut plans = Vec::new();
        if draws.permille(300) {
            let first = draws.below(end);
            plans.push((Micros::from_millis(first.into()), 1));
            if draws.permille(500) {
                plans.push((Micros::from_millis(u64::from(first + 500 + draws.below(8_000))), 0));
            }
        }
        let status = site.parcels.iter().map(|parcel| (Micros::ZERO, parcel.clearance)).collect();
        Self {
            customs: Outbox::new(words),
            shippers: Outbox::new(shippers),
            planners: Outbox::new(plans),
            status,
            next_walk: Micros::ZERO,
            draws: Draws::new(draws.next_u64()),
            manifests: Vec::new(),
            handed: Vec::new(),
        }
    }

    /// Whether all was said and heard.
    pub(crate) fn are_done(&self) -> bool {
        self.customs.is_done() && self.shippers.is_done() && self.planners.is_done()
    }

    /// When the last of them speaks.
    pub(crate) fn end(&self) -> Micros {
        self.customs.end().max(self.shippers.end()).max(self.planners.end())
    }

    /// What customs said last about a label, as far as the hub has answered.
    pub(crate) fn status(&self, label: u32) -> Clearance {
        self.status[label as usize].1
    }

    pub(crate) fn host_crashed(&mut self) {
        self.customs.host_crashed();
        self.shippers.host_crashed();
        self.planners.host_crashed();
        self.manifests.clear();
    }

    /// Messages to and from a host.
    pub(crate) fn talk(&mut self, now: Micros, host: &Host, site: &Site<'_>, stats: &mut Stats) {
        let (engine, book) = (&host.engine, &host.book);
        let status = &mut self.status;
        self.customs.hear(book, |word| {
            let known = &mut status[word.label as usize];
            // A delivered word that is older than one that was delivered before says nothing any more.
            let newer = word.sent > known.0
                || word.sent == known.0 && word.status.strictness() > known.1.strictness();
            if newer {
                *known = (word.sent, word.status);
            }
        });
        self.shippers.hear(book, |_| {});
        self.planners.hear(book, |_| {});
        self.customs.send(now, |message| {
            let Word { label, status, sent } = message.content;
            stats.count(if message.again { Happened::NoticeAgain } else { Happened::Notice });
            let code = code(label);
            let row = NoticeRow { code: &code, status: status.key(), at: sent, onward: None };
            let report = engine.notify(&[row], now);
            assert!(
                report.outcome.refused.iter().all(|refused| {
                    matches!(refused.refusal, sorter_core::clearance::NoticeRefusal::Older { .. })
                }),
                "{:?}",
                report.outcome
            );
            book.mark()
        });
        self.shippers.send(now, |message| {
            stats.count(if message.again { Happened::AnnouncedAgain } else { Happened::Announced });
            let outcome = site.announce(message.content, |announcement| engine.announce(announcement));
            assert!(outcome.is_ok() || message.again, "{outcome:?}");
            book.mark()
        });
        self.planners.send(now, |message| {
            stats.count(if message.again { Happened::PlanAgain } else { Happened::Plan });
            engine.publish(&site.fixtures.plans[message.content]).expect("the plan can be published");
            book.mark()
        });
    }

    /// People walk along the chutes.
    pub(crate) fn walk(&mut self, now: Micros, hall: &mut Hall<'_>) {
        self.collect_manifests(hall);
        if now < self.next_walk {
            return;
        }
        self.next_walk = now + Micros::from_millis(100 + u64::from(self.draws.below(500)));
        for sorter in 0..hall.host.links.len() {
            for number in 0..crate::site::CHUTES {
                self.scan_plate(now, hall, sorter, ChuteId::new(number));
            }
            self.swap(now, hall, sorter);
            fetch(now, hall, sorter);
        }
    }

    /// A person scans the plate of what stands at a chute, unless the host knows it.
    fn scan_plate(&mut self, now: Micros, hall: &mut Hall<'_>, sorter: usize, chute: ChuteId) {
        let state = hall.lines[sorter].plant().chute_state(chute).expect("the chute is there");
        if !state.container {
            return;
        }
        let plate = plate(hall.truth.standing[sorter][chute.index()].plate);
        let Link { controller, .. } = &mut hall.host.links[sorter];
        let worker = controller.worker_mut();
        let Some((standing, _)) = worker.container_at(chute) else { return };
        let known = hall.host.engine.yard().get(standing).and_then(|record| record.plate);
        if known == Some(plate) || self.draws.permille(300) {
            return;
        }
        if known.is_some() {
            // The host did not see that the container was changed.
            if worker.swap_container(chute, now).is_err() {
                return;
            }
            hall.truth.standing[sorter][chute.index()].is_told = false;
        }
        match worker.open_container(chute, plate, now) {
            Ok(_) => hall.stats.count(Happened::Plate),
            Err(ContainerError::Draining { orders: 0, .. } | ContainerError::Plate(_)) => {
                hall.lines[sorter].plant_mut().swap_at(chute, now);
            }
            Err(_) => {}
        }
    }

    /// People change what has to be changed, once nothing is on its way to it.
    fn swap(&mut self, now: Micros, hall: &mut Hall<'_>, sorter: usize) {
        let worker = hall.host.links[sorter].controller.worker_mut();
        let wanted: Vec<ChuteId> = worker.swaps_wanted(now).map(|(chute, _)| chute).collect();
        for chute in wanted {
            let reserved = worker.chutes().get(chute).map_or(0, ChuteState::reserved);
            if reserved == 0 && self.draws.permille(500) {
                hall.lines[sorter].plant_mut().swap_at(chute, now);
            }
        }
    }

    /// Manifests are handed out once the journal has them.
    fn collect_manifests(&mut self, hall: &mut Hall<'_>) {
        for (sorter, link) in hall.host.links.iter_mut().enumerate() {
            let worker = link.controller.worker_mut();
            if worker.has_manifests() {
                let manifests = worker.take_manifests();
                let mark = worker.mark();
                self.manifests.extend(manifests.into_iter().map(|manifest| (sorter, mark, manifest)));
            }
        }
        let links = &hall.host.links;
        let is_safe =
            |(sorter, mark, _): &(usize, Mark, _)| links[*sorter].controller.worker().is_safe(*mark);
        let safe = self.manifests.iter().take_while(|waiting| is_safe(waiting)).count();
        self.handed.extend(self.manifests.drain(..safe).map(|(.., manifest)| manifest));
    }
}

/// What the people of the hall see and do.
pub(crate) struct Hall<'a> {
    pub(crate) host: &'a mut Host,
    pub(crate) lines: &'a mut [PlcSide],
    pub(crate) truth: &'a mut Truth,
    pub(crate) site: &'a Site<'a>,
    pub(crate) stats: &'a mut Stats,
}

/// Held parcels that were released are taken back to the induction, as the host says.
fn fetch(now: Micros, hall: &mut Hall<'_>, sorter: usize) {
    let worker = hall.host.links[sorter].controller.worker_mut();
    for parcel in worker.released(now) {
        let Some(label) = label_of(hall.host, hall.site, parcel) else { continue };
        let body = hall.site.is_unique(label).then_some(label);
        let Some(body) = body.filter(|body| hall.truth.places[*body as usize] == Place::Chute(sorter, HOLD))
        else {
            continue;
        };
        let worker = hall.host.links[sorter].controller.worker_mut();
        worker.taken_out(parcel, now);
        let tag = hall.truth.fetch(body);
        hall.lines[sorter].plant_mut().bring_back(tag, now + Micros::from_millis(400));
        hall.stats.count(Happened::Fetched);
    }
}

/// The label of a parcel of the ledger.
pub(crate) fn label_of(host: &Host, site: &Site<'_>, parcel: ParcelId) -> Option<u32> {
    let labels = 0..u32::try_from(site.parcels.len()).unwrap();
    labels.filter(|label| site.is_label(*label)).find(|label| parcel_of(host, *label) == Some(parcel))
}

/// The parcel of the ledger that has a label.
pub(crate) fn parcel_of(host: &Host, label: u32) -> Option<ParcelId> {
    let key = CodeBook::standard().parse(&code(label)).expect("it is a code").key;
    host.engine.ledger().find(key)
}

/// The plate with a number.
pub(crate) fn plate(number: u64) -> LicencePlate {
    LicencePlate::parse(&make::sscc(3, number)).expect("an SSCC that was made is one")
}
