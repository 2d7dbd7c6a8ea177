//! A naive book of every parcel and item, against which a hall is held after each step.

use std::collections::BTreeSet;

use sorter_core::chute::ChuteReport;
use sorter_core::clearance::Clearance;
use sorter_core::engine::{Commit, Decision, Fate, Worker};
use sorter_core::ids::ChuteId;
use sorter_core::plan::ChuteRole;
use sorter_core::reason::{Reason, ReasonClass};
use sorter_core::state_word::Life;

use super::hall::*;

/// Parcels 0, 1 and 2 are announced beforehand, 3, 4 and 5 only by a step of the sequence.
pub(crate) const PARCELS: u32 = 6;
pub(crate) const ANNOUNCED: u32 = 3;
const LAP_LIMIT: u8 = 2;
pub(crate) const SORTERS: usize = 3;

/// What a scanner reads.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Read {
    Nothing,
    Label(u32),
    Labels(u32, u32),
}

/// One thing that happens.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Op {
    Announce(u32),
    Scan(usize, Read),
    /// The numbers of these choose one of the items on the belts.
    Rescan(usize, Read),
    Commit(usize),
    OrderFails(usize),
    Discharge(usize),
    Left(usize),
    Lost(usize),
    Clear(u32, Clearance),
    Chute(usize, u16, ChuteReport),
    Publish(bool),
}

/// What the book knows of a parcel.
#[derive(Clone, Copy, Debug)]
struct Page {
    announced: bool,
    clearance: Clearance,
    /// The item that holds it.
    holder: Option<u64>,
    committed: bool,
    contested: bool,
    /// In an outbound chute with the consent of customs.
    gone: bool,
    /// In a chute that leads out of the building, since its last pass.
    out: bool,
    /// In an overflow chute, since its last pass.
    overflowed: bool,
    /// Its life since its last pass ended.
    rests: Option<Life>,
    passes: u32,
    /// How often it ran off since it last came to rest in a chute.
    laps: u8,
}

impl Page {
    /// The pass as the state word counts it.
    fn pass(&self) -> u32 {
        if self.passes <= 15 { self.passes } else { 8 + (self.passes - 16) % 8 }
    }
}

/// An item with what was read on it.
#[derive(Clone, Debug)]
struct Entry {
    number: u64,
    item: Item,
    /// What the book takes it for: the parcels whose labels were read, and what stays for its pass.
    labels: BTreeSet<u32>,
    known: Option<u32>,
    conflicting: bool,
    duplicate: bool,
    /// The parcel that it holds.
    claim: Option<u32>,
}

/// The hall and its book.
pub(crate) struct Day {
    hall: Hall,
    pages: Vec<Page>,
    entries: Vec<Entry>,
    entered: [u64; SORTERS],
    ended: [u64; SORTERS],
    next: u64,
    version: u32,
}

fn parcel(number: u32) -> Parcel {
    let to = [("DE", "10115"), ("DE", "80331"), ("FR", "75001"), ("AT", "1010")][number as usize % 4];
    Parcel::new(number).to(to.0, to.1)
}

impl Day {
    pub(crate) fn new() -> Self {
        let announced: Vec<_> = (0..ANNOUNCED).map(parcel).collect();
        let page = |number| Page {
            announced: number < ANNOUNCED,
            clearance: Clearance::Released,
            holder: None,
            committed: false,
            contested: false,
            gone: false,
            out: false,
            overflowed: false,
            rests: None,
            passes: 0,
            laps: 0,
        };
        Self {
            hall: Hall::new(&announced),
            pages: (0..PARCELS).map(page).collect(),
            entries: Vec::new(),
            entered: [0; SORTERS],
            ended: [0; SORTERS],
            next: 0,
            version: 1,
        }
    }

    pub(crate) fn run(&mut self, op: Op) {
        match op {
            Op::Announce(number) => {
                let page = &mut self.pages[number as usize];
                assert_eq!(self.hall.announce(&parcel(number)).is_ok(), !page.announced);
                page.announced = true;
            }
            Op::Scan(sorter, read) => {
                let item = self.hall.enter(sorter);
                self.entered[sorter] += 1;
                let number = self.next;
                self.next += 1;
                let labels = BTreeSet::new();
                let entry = Entry {
                    number,
                    item,
                    labels,
                    known: None,
                    conflicting: false,
                    duplicate: false,
                    claim: None,
                };
                self.entries.push(entry);
                self.decide(self.entries.len() - 1, read);
            }
            Op::Rescan(item, read) => self.on_item(item, |day, place| day.decide(place, read)),
            Op::Commit(item) => self.on_item(item, Self::commit),
            Op::OrderFails(item) => self.on_item(item, Self::order_fails),
            Op::Discharge(item) => self.on_item(item, Self::discharge),
            Op::Left(item) => self.on_item(item, |day, place| day.end(place, Fate::Left)),
            Op::Lost(item) => self.on_item(item, |day, place| day.end(place, Fate::Lost)),
            Op::Clear(number, status) => {
                let page = &mut self.pages[number as usize];
                if page.announced {
                    page.clearance = status;
                    let report = self.hall.set_clearance(number, status);
                    let recalled = page.out && status.hold_reason().is_some();
                    let anew = recalled && page.rests != Some(Life::Recalled);
                    if recalled {
                        (page.gone, page.rests) = (false, Some(Life::Recalled));
                    } else if page.out && page.rests == Some(Life::Recalled) {
                        // It may stay where it is after all.
                        let life = if page.overflowed { Life::Exception } else { Life::Discharged };
                        (page.gone, page.rests) = (!page.overflowed, Some(life));
                    }
                    assert!(!anew || report.recalls.len() == 1, "parcel {number}: {report:?}");
                    assert!(recalled || report.recalls.is_empty(), "parcel {number}: {report:?}");
                }
            }
            Op::Chute(sorter, chute, report) => self.hall.report(sorter, ChuteId::new(chute), report),
            Op::Publish(other) => {
                let outlets =
                    if other { OUTLETS.replacen("[0, 1]", "[40, 41]", 1) } else { OUTLETS.to_owned() };
                self.version += 1;
                let version = self.hall.engine.publish(&plan(&outlets)).expect("both plans are good");
                assert_eq!(version.get(), self.version);
            }
        }
        self.check();
    }

    fn on_item(&mut self, item: usize, act: impl FnOnce(&mut Self, usize)) {
        if let Some(place) = item.checked_rem(self.entries.len()) {
            act(self, place);
        }
    }

    /// What the book expects of a decision: the reason, or `None` when the room in the chutes decides.
    fn expect(&mut self, place: usize, read: Read) -> Option<Reason> {
        let entry = &mut self.entries[place];
        match read {
            Read::Nothing => {}
            Read::Label(one) => {
                entry.labels.insert(one);
            }
            Read::Labels(one, other) => entry.labels.extend([one, other]),
        }
        let announced = entry.labels.iter().copied().find(|label| self.pages[*label as usize].announced);
        if entry.labels.len() > 1 && announced.is_some() {
            // Every label of the test is an S10 number, so two of them are two labels of one kind.
            entry.conflicting = true;
        }
        entry.known = announced;
        let Some(number) = entry.claim.or(entry.known.filter(|_| !entry.conflicting)) else {
            return Some(match (entry.conflicting, entry.labels.is_empty()) {
                (true, _) => Reason::ConflictingReads,
                (false, true) => Reason::NoRead,
                (false, false) => Reason::UnknownParcel,
            });
        };
        let page = &mut self.pages[number as usize];
        if entry.claim.is_none() {
            if entry.duplicate || page.holder.is_some() || page.gone {
                page.contested |= !entry.duplicate && page.holder.is_some() && !page.committed;
                entry.duplicate = true;
                return Some(Reason::Duplicate);
            }
            (page.holder, page.committed, page.contested) = (Some(entry.number), false, false);
            (page.out, page.rests) = (false, None);
            page.passes += 1;
            entry.claim = Some(number);
        } else if page.committed {
            return Some(entry.item.held.reason);
        }
        if entry.conflicting {
            Some(Reason::ConflictingReads)
        } else if page.contested {
            Some(Reason::Duplicate)
        } else if let Some(reason) = page.clearance.hold_reason() {
            Some(reason)
        } else {
            (page.laps >= LAP_LIMIT).then_some(Reason::LapLimit)
        }
    }

    fn decide(&mut self, place: usize, read: Read) {
        let expected = self.expect(place, read);
        let entry = &mut self.entries[place];
        let sorter = entry.item.sorter;
        let before = entry.item.held;
        let chutes = self.hall.workers[sorter].chutes().clone();
        let codes = match read {
            Read::Nothing => vec![],
            Read::Label(one) => vec![s10(one)],
            Read::Labels(one, other) => vec![s10(one), s10(other)],
        };
        let Decision { assigned, plan, .. } = self.hall.decide(&mut entry.item, &codes);
        assert_eq!(plan.get(), self.version, "each decision is by the present plan");
        match expected {
            Some(reason) => assert_eq!(assigned.reason, reason, "{entry:?}"),
            None => assert!(
                matches!(assigned.reason.class(), ReasonClass::Sorted | ReasonClass::Capacity),
                "{}: {entry:?}",
                assigned.reason
            ),
        }
        assert_eq!(assigned.claim.is_some(), entry.claim.is_some(), "{entry:?}");
        let committed = entry.claim.is_some_and(|number| self.pages[number as usize].committed);
        if committed {
            assert_eq!(assigned, before, "a committed order stays");
            return;
        }
        if let Some(number) = entry.claim {
            assert_eq!(u32::from(self.hall.state(number).plan_bits()), self.version & 0xF);
        }
        let Some(chute) = assigned.chute else { return };
        let at = self.hall.now();
        let state = chutes.get(chute).expect("it is on the layout");
        assert!(before.chute == Some(chute) || state.free() > 0, "{chute} is ordered only with room");
        // The decision may have taken over a plan.
        let state = self.hall.workers[sorter].chutes().get(chute).expect("it is on the layout");
        assert_eq!(state.usable(at), Ok(()), "{chute} is ordered only while it takes orders");
        let role = self.hall.engine.plan().role_of(chute);
        let fits = match assigned.reason.class() {
            ReasonClass::Sorted => {
                matches!(role, ChuteRole::Outbound | ChuteRole::Overflow | ChuteRole::Exception)
            }
            _ => matches!(role, ChuteRole::Hold | ChuteRole::Exception | ChuteRole::NoRead),
        };
        assert!(fits, "{}: {chute} is {role}", assigned.reason);
    }

    fn commit(&mut self, place: usize) {
        let entry = &self.entries[place];
        let done = self.hall.commit(&entry.item) == Commit::Done;
        let Some(chute) = entry.item.held.chute else {
            assert!(done, "what runs off has nothing to commit");
            return;
        };
        let at = self.hall.now();
        let role = self.role_of(entry.item.sorter, chute);
        let leads_out = matches!(role, ChuteRole::Outbound | ChuteRole::Overflow | ChuteRole::Unused);
        let state = *self.hall.workers[entry.item.sorter].chutes().get(chute).expect("it is on the layout");
        let allowed = match entry.claim.map(|number| &mut self.pages[number as usize]) {
            None => {
                let labels = entry.labels.iter();
                let news = labels.filter(|label| self.pages[**label as usize].announced).count() > 0;
                !leads_out && (!news || entry.known.is_some() || entry.conflicting)
            }
            Some(page) => {
                let held_back = page.clearance.hold_reason().is_some();
                let decided_so = entry.item.held.reason.class() == ReasonClass::Identity;
                let allowed = page.committed
                    || match (role, page.contested) {
                        (ChuteRole::Hold, contested) => held_back && !contested,
                        (_, contested) if leads_out => !held_back && !contested,
                        (_, contested) => !contested || decided_so,
                    };
                if done {
                    assert!(page.committed || !leads_out || !held_back, "customs fail closed");
                    page.committed = true;
                }
                allowed
            }
        };
        // A committed order is asked about its chute only.
        let customs = entry.claim.is_none_or(|number| !self.pages[number as usize].committed || done);
        if customs {
            assert_eq!(done, allowed && state.takes_ordered(at).is_ok(), "{entry:?} to {role} {chute}");
        }
    }

    fn order_fails(&mut self, place: usize) {
        let entry = &mut self.entries[place];
        if entry.item.orders.is_empty() {
            return;
        }
        let in_doubt = entry.item.held.reason == Reason::ConflictingReads;
        self.hall.order_fails(&mut entry.item);
        if let Some(number) = entry.claim {
            let page = &mut self.pages[number as usize];
            page.contested |= page.committed && in_doubt;
            page.committed = false;
        }
    }

    /// An item slides into the chute that it was committed to.
    fn discharge(&mut self, place: usize) {
        let entry = &self.entries[place];
        let committed = entry.claim.is_none_or(|number| self.pages[number as usize].committed);
        if let Some(chute) = entry.item.held.chute.filter(|_| committed) {
            self.end(place, Fate::Discharged(chute));
        }
    }

    fn end(&mut self, place: usize, fate: Fate) {
        let entry = self.entries.remove(place);
        self.ended[entry.item.sorter] += 1;
        let role = match fate {
            Fate::Discharged(chute) => self.role_of(entry.item.sorter, chute),
            _ => ChuteRole::Unused,
        };
        self.hall.end(entry.item, fate);
        let Some(number) = entry.claim else { return };
        let page = &mut self.pages[number as usize];
        (page.holder, page.committed) = (None, false);
        let held_back = page.clearance.hold_reason().is_some();
        page.out = matches!(role, ChuteRole::Outbound | ChuteRole::Overflow);
        page.overflowed = role == ChuteRole::Overflow;
        page.gone = role == ChuteRole::Outbound && !held_back;
        let life = match (fate, role) {
            (Fate::Discharged(_), ChuteRole::Outbound | ChuteRole::Overflow) if held_back => Life::Recalled,
            (Fate::Discharged(_), ChuteRole::Outbound) => Life::Discharged,
            (Fate::Discharged(_), ChuteRole::Hold) => Life::Held,
            (Fate::Discharged(_), _) => Life::Exception,
            (Fate::Left, _) => Life::Recirculating,
            (Fate::Lost, _) => Life::Lost,
            (Fate::Forgotten, _) => Life::Unknown,
        };
        page.rests = Some(life);
        match fate {
            Fate::Discharged(_) => page.laps = 0,
            Fate::Left => page.laps += 1,
            Fate::Lost | Fate::Forgotten => {}
        }
        assert_eq!(self.hall.state(number).life(), life);
    }

    /// What a chute is for, which is that of its container and not of the newest plan.
    fn role_of(&self, sorter: usize, chute: ChuteId) -> ChuteRole {
        self.hall.workers[sorter].chutes().get(chute).expect("it is on the layout").dock().role
    }

    /// What holds after every step.
    fn check(&self) {
        assert_eq!(self.hall.deviations(), 0);
        let orders: usize = self.entries.iter().map(|entry| entry.item.orders.len()).sum();
        assert_eq!(self.hall.reserved() as usize, orders, "a place is reserved for each order");
        for (sorter, worker) in self.hall.workers.iter().enumerate() {
            let on_belt = self.entered[sorter] - self.ended[sorter];
            assert_eq!(worker.balance().on_belt(), Some(on_belt), "{}", worker.balance());
        }
        for (number, page) in (0_u32..).zip(&self.pages).filter(|(_, page)| page.announced) {
            let holders: Vec<_> = self
                .entries
                .iter()
                .filter(|entry| entry.claim == Some(number))
                .map(|entry| entry.number)
                .collect();
            assert!(holders.len() <= 1, "parcel {number} is claimed by items {holders:?}");
            assert_eq!(page.holder, holders.first().copied());
            let word = self.hall.state(number);
            let life = match (page.holder, page.committed, page.contested) {
                (None, ..) => {
                    assert!(!word.life().is_live_claim(), "parcel {number}: {word:?}");
                    assert_eq!(
                        word.life(),
                        page.rests.unwrap_or(Life::Expected),
                        "parcel {number}: {word:?}"
                    );
                    continue;
                }
                (_, true, _) => Life::Committed,
                (_, _, true) => Life::Contested,
                _ => Life::Claimed,
            };
            assert_eq!(word.life(), life, "parcel {number}");
            assert_eq!(u32::from(word.pass().get()), page.pass());
            assert_eq!(word.clearance(), page.clearance);
        }
    }

    /// Ends what is left on the belts and gives the digests of the workers.
    pub(crate) fn finish(mut self) -> Vec<u64> {
        while !self.entries.is_empty() {
            self.end(0, Fate::Left);
            self.check();
        }
        assert_eq!(self.hall.reserved(), 0);
        assert!(self.hall.workers.iter().all(|worker| worker.balance().on_belt() == Some(0)));
        self.hall.workers.iter().map(Worker::digest).collect()
    }
}
