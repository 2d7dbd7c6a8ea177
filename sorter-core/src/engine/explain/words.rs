//! The events of a parcel in words, each told from the ones before it.

use std::collections::BTreeMap;
use std::fmt;

use super::names::{Moment, Names, container_text};
use crate::address::{Country, Postcode};
use crate::container::Yard;
use crate::event_log::{LogKind, LogRecord};
use crate::ids::{ChuteId, ItemId, SorterId};
use crate::plan::Plan;
use crate::reason::Reason;
use crate::units::Micros;

/// What comes first of what happened at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    Ruling,
    Event,
    Recall,
    Container,
}

/// One line of a story.
#[derive(Clone, Debug)]
pub(super) struct Line {
    at: Micros,
    rank: Rank,
    text: String,
}

impl Line {
    pub(super) fn new(at: Micros, rank: Rank, teller: &str, text: &str) -> Self {
        Self { at, rank, text: format!("{teller}: {text}") }
    }

    /// What lines are ordered by.
    pub(super) fn key(&self) -> (Micros, Rank) {
        (self.at, self.rank)
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}  {}", Moment::exact(self.at), self.text)
    }
}

/// Tells the records of one parcel, which have to come in the order of time.
pub(super) struct Teller<'n> {
    names: &'n Names,
    yard: &'n Yard,
    country: Country,
    postcode: Postcode,
    /// The items on the belts that were decided, and where their present order goes.
    decided: BTreeMap<(SorterId, ItemId), Option<ChuteId>>,
    /// How the parcel came back, from the end of its last pass until an item carries it again.
    back: Option<String>,
    /// Laps since it last came to rest, as far as that is known.
    laps: Option<u32>,
}

impl<'n> Teller<'n> {
    /// `whole` tells whether the first record of the parcel is among its records.
    pub(super) fn new(
        names: &'n Names,
        yard: &'n Yard,
        (country, postcode): (Country, Postcode),
        whole: bool,
    ) -> Self {
        let laps = whole.then_some(0);
        Self { names, yard, country, postcode, decided: BTreeMap::new(), back: None, laps }
    }

    /// One event, or `None` for what is not about an item.
    pub(super) fn words(&mut self, record: &LogRecord) -> Option<String> {
        let (item, who) = (record.item, (record.sorter, record.item));
        let chute = record.chute.map(|chute| self.names.chute(chute, record.plan));
        let chute = chute.as_deref().unwrap_or("no chute");
        let text = match record.kind {
            LogKind::Entered => {
                self.decided.remove(&who);
                format!("{item} entered")
            }
            LogKind::Decided => self.decision(record),
            LogKind::Committed => format!("{item} committed to {chute}"),
            LogKind::OrderEnded => {
                self.decided.insert(who, None);
                format!("the order of {item} to {chute} ended and it went on")
            }
            LogKind::Discharged => self.discharge(record, chute),
            LogKind::Left => {
                self.end(record, "back".to_owned());
                match self.laps.filter(|_| record.parcel.is_some()) {
                    Some(lap) => format!("{item} ran off the end (lap {lap})"),
                    None => format!("{item} ran off the end"),
                }
            }
            LogKind::Lost => {
                self.end(record, "found again".to_owned());
                format!("{item} lost by tracking")
            }
            LogKind::Forgotten => {
                self.end(record, "found after it was forgotten".to_owned());
                format!("{item} forgotten: where it went is not known")
            }
            LogKind::Recalled => match record.container {
                Some(id) => format!("{item} recalled from {}", container_text(self.yard, id)),
                None => format!("{item} recalled from {chute}"),
            },
            LogKind::ChuteChanged
            | LogKind::PlanSeen
            | LogKind::ContainerOpened
            | LogKind::ContainerSealed
            | LogKind::ChangeoverBegun
            | LogKind::ChangeoverDone => return None,
        };
        Some(text)
    }

    fn decision(&mut self, record: &LogRecord) -> String {
        let before = self.decided.insert((record.sorter, record.item), record.chute);
        let mut text = record.item.to_string();
        // An item that turns up with the label of the parcel is not the parcel coming back.
        let carries = record.parcel.is_some() && record.reason != Reason::Duplicate;
        if let Some(back) = self.back.take_if(|_| carries) {
            text += &format!(", {back},");
        }
        text += if before.is_some() { " decided again" } else { " decided" };
        match record.chute {
            Some(chute) => text += &format!(" for {}", self.names.chute(chute, record.plan)),
            None => text += " to run off",
        }
        if let Some(other) = before.flatten().filter(|other| record.chute != Some(*other)) {
            text += &format!(" instead of {other}");
        }
        text += &format!(" by {}", record.plan);
        if let (Some(plan), Some(chute)) = (self.names.plan(record.plan), record.chute) {
            text += &self.outlet(plan, chute);
        }
        text + &format!(": {}", record.reason)
    }

    /// The outlet of a chute, and the rule if it is the one that chose it.
    fn outlet(&self, plan: &Plan, chute: ChuteId) -> String {
        let Some(outlet) = plan.outlet_of_chute(chute) else { return String::new() };
        let name = &plan.outlet(outlet).name;
        match plan.resolve(self.country, &self.postcode).filter(|found| found.outlet == outlet) {
            Some(found) => format!(" (outlet {name} by the rule on line {})", found.rule.line),
            None => format!(" (outlet {name})"),
        }
    }

    fn discharge(&mut self, record: &LogRecord, chute: &str) -> String {
        let ordered = self.decided.get(&(record.sorter, record.item)).copied().flatten();
        self.end(record, format!("inducted again from {chute}"));
        let mut text = format!("{} slid into {chute}", record.item);
        if let Some(other) = ordered.filter(|other| record.chute != Some(*other)) {
            text += &format!(" though decided for {other}");
        }
        if let Some(id) = record.container {
            text += &format!(", {}", container_text(self.yard, id));
        }
        text
    }

    /// A pass ended. `back` tells how the parcel comes back, if the item carried it.
    fn end(&mut self, record: &LogRecord, back: String) {
        self.decided.remove(&(record.sorter, record.item));
        if record.parcel.is_none() {
            return;
        }
        match record.kind {
            LogKind::Left => self.laps = self.laps.map(|laps| laps + 1),
            LogKind::Discharged => self.laps = Some(0),
            _ => {}
        }
        self.back = Some(back);
    }
}
