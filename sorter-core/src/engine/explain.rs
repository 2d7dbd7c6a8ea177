//! Why a parcel is where it is, and how it came there, in words.

mod names;
mod words;

use std::fmt;

use self::names::{Moment, Names};
use self::words::{Line, Rank, Teller};
use super::{Engine, Worker};
use crate::address::{Country, Postcode};
use crate::barcode::CodeKey;
use crate::clearance::{Recall, Ruling};
use crate::container::ContainerRecord;
use crate::event_log::{Gap, Keep, LogKind, LogRecord};
use crate::ids::{ParcelId, SorterId};
use crate::state_word::{Life, StateWord};
use crate::units::Micros;

/// What a hub knows about one parcel: its state, its destination, what customs said, its container, and the
/// events that workers kept. Its `Display` is the story for a person, one event a line.
///
/// Customs messages stand at the time at which customs wrote them: when they came in is not kept. Names of
/// departures are those of the timetable in force, and a container is told with the departure that it is bound
/// to now.
///
/// ```
/// # use std::sync::Arc;
/// # use sorter_core::address::Destinations;
/// # use sorter_core::barcode::CodeBook;
/// # use sorter_core::clearance::Clearance;
/// # use sorter_core::engine::{Assigned, EngineBuilder, EngineConfig, HallRules, Scan};
/// # use sorter_core::ids::{HubId, ItemId, SorterId};
/// # use sorter_core::layout::Layout;
/// # use sorter_core::manifest::{Announcement, Service};
/// # use sorter_core::plan::PlanSource;
/// # use sorter_core::units::{EncoderCount, Grams, Micros, Millimetres};
/// use sorter_core::event_log::Keep;
///
/// # let mut builder = EngineBuilder::new(EngineConfig {
/// #     hub: HubId::new(0),
/// #     layout: Arc::new(Layout::line_100()),
/// #     codes: CodeBook::standard(),
/// #     destinations: Destinations::with_capacity(1),
/// #     expected_parcels: 1,
/// #     late_parcels: 0,
/// #     seed: 1,
/// #     rules: HallRules::default(),
/// # });
/// # builder.announce(&Announcement {
/// #     codes: [&b"LP263072004SG"[..]].into_iter().collect(),
/// #     country: "DE",
/// #     postcode: "10115",
/// #     weight: Grams::new(420),
/// #     service: Service::Standard,
/// #     clearance: Clearance::Released,
/// #     onward: None,
/// # })?;
/// # let outlets = r#"
/// #     name = "monday"
/// #     lap_limit = 3
/// #     rules = "rules.csv"
/// #     outlet = [
/// #         { name = "ALL", chutes = [14] },
/// #         { name = "HOLD", chutes = [98], role = "hold", overflow = "EXC" },
/// #         { name = "NOREAD", chutes = [97], role = "no_read", overflow = "EXC" },
/// #         { name = "EXC", chutes = [99], role = "exception" },
/// #     ]"#;
/// # let mut rules = String::from("country,first,last,outlet\n");
/// # for country in sorter_core::address::Country::all() {
/// #     rules += &format!("{},,,ALL\n", country.code());
/// # }
/// # let engine = builder.build(&PlanSource::from_texts("monday.toml", outlets, "rules.csv", &rules)?)?;
/// let mut worker = engine.worker(SorterId::new(3));
/// worker.keep(Keep::Last(1_000));
/// let (item, at) = (ItemId::new(812), Micros::from_secs(42_423));
/// worker.entered(item, at, true, EncoderCount::default());
/// let codes: &[&[u8]] = &[b"LP263072004SG"];
/// let reach = Millimetres::new(5_000);
/// worker.decide(&Scan { item, at, codes, known: None, held: Assigned::NOTHING, reach });
///
/// let explanation = engine.explain(b"LP263072004SG").expect("it is announced").with_workers([&worker]);
/// let text = explanation.to_string();
/// assert!(text.starts_with("parcel LP263072004SG to DE 10115, announced as released\n"));
/// assert!(text.contains("\n  Mon 11:47:03.000  sorter 3: item 812 entered\n"), "{text}");
/// assert!(text.contains("sorter 3: item 812 decided for chute 14 by plan 1"), "{text}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Explanation<'e> {
    /// The parcel.
    pub parcel: ParcelId,
    /// The state word.
    pub state: StateWord,
    /// The country of its destination.
    pub country: Country,
    /// The postcode of its destination.
    pub postcode: Postcode,
    /// The outlet that the present plan gives its destination, and the line of the rule.
    pub rule: Option<(String, u32)>,
    /// What customs said since its announcement, the oldest first, as far as there was room to keep it.
    pub rulings: Vec<Ruling>,
    /// Its recalls, the oldest first.
    pub recalls: Vec<Recall>,
    /// The container in which it rests.
    pub container: Option<ContainerRecord>,
    /// The events that were merged in, the oldest first.
    pub records: Vec<LogRecord>,
    engine: &'e Engine,
    code: CodeKey,
    /// What is missing in the records of each worker; `None` when nobody was asked for records.
    gaps: Option<Vec<(SorterId, Option<Gap>)>>,
    lines: Vec<Line>,
    now: String,
}

impl Engine {
    /// What is known about the parcel with this code, in words, or `None` for a code that is not a parcel code
    /// or was not announced. [`Explanation::with_workers`] adds what happened to it on the belts.
    ///
    /// Takes the locks of customs, yard and plans one after the other. While the parcel keeps moving, what they
    /// say may be from before and after a step.
    pub fn explain(&self, code: &[u8]) -> Option<Explanation<'_>> {
        let code = self.codes.parse(code).ok()?.key;
        let parcel = self.ledger.find(code)?;
        let state = self.ledger.state(parcel)?;
        let (country, postcode) = self.write().destinations.entry(state.destination())?;
        let plan = self.plan.load();
        let rule = plan
            .resolve(country, &postcode)
            .map(|found| (plan.outlet(found.outlet).name.to_string(), found.rule.line));
        let (rulings, recalls) = {
            let desk = self.customs();
            let recalls = desk.recalls().iter().filter(|recall| recall.parcel == parcel).copied();
            (desk.history(parcel).collect(), recalls.collect())
        };
        let container = self.container_of(parcel).and_then(|container| self.yard().get(container).cloned());
        let mut explanation = Explanation {
            parcel,
            state,
            country,
            postcode,
            rule,
            rulings,
            recalls,
            container,
            records: Vec::new(),
            engine: self,
            code,
            gaps: None,
            lines: Vec::new(),
            now: String::new(),
        };
        explanation.tell();
        Some(explanation)
    }
}

impl Worker {
    /// Keeps events from now on, for [`Explanation::with_workers`]. What was kept so far is dropped. All memory
    /// is taken here, so that a decision still allocates nothing.
    pub fn keep(&mut self, keep: Keep) {
        self.desk.log.keep(keep);
    }

    /// The kept events of a parcel on this sorter, the oldest first.
    pub fn story(&self, parcel: ParcelId) -> impl Iterator<Item = &LogRecord> + use<'_> {
        self.desk.log.story(parcel)
    }

    /// What is missing in [`Worker::story`], or `None` when it is whole.
    pub fn gap(&self, parcel: ParcelId) -> Option<Gap> {
        self.desk.log.gap(parcel)
    }
}

impl Explanation<'_> {
    /// The story with the events that these workers of the hub kept.
    #[must_use]
    pub fn with_workers<'w>(mut self, workers: impl IntoIterator<Item = &'w Worker>) -> Self {
        let parcel = self.parcel;
        let mut records = Vec::new();
        let mut gaps = Vec::new();
        for worker in workers {
            records.extend(worker.story(parcel).copied());
            gaps.push((worker.sorter(), worker.gap(parcel)));
        }
        self.gaps.get_or_insert_default().extend(gaps);
        self.with_records(records)
    }

    /// The story with these events, in any order of the sorters but each sorter's in their own. Those of other
    /// parcels are left out. It cannot tell what is missing in them; [`Explanation::with_workers`] can.
    #[must_use]
    pub fn with_records(mut self, records: impl IntoIterator<Item = LogRecord>) -> Self {
        let parcel = self.parcel;
        let mine =
            |record: &LogRecord| !record.item.is_none() && record.parcel.is_none_or(|named| named == parcel);
        self.records.extend(records.into_iter().filter(mine));
        self.records.sort_by_key(|record| record.at);
        self.gaps.get_or_insert_default();
        self.tell();
        self
    }

    /// Puts all that is known into lines, in the order of time.
    fn tell(&mut self) {
        let names = Names::of(self.engine);
        let yard = self.engine.yard();
        let mut lines = Vec::new();
        for ruling in &self.rulings {
            lines.push(Line::new(ruling.at, Rank::Ruling, "customs", &names.ruling(ruling)));
        }
        let whole = self.gaps.iter().flatten().all(|(_, gap)| gap.is_none());
        let mut teller = Teller::new(&names, &yard, (self.country, self.postcode), whole);
        for record in self.records.iter().filter(|record| !self.is_listed_recall(record)) {
            if let Some(text) = teller.words(record) {
                lines.push(Line::new(record.at, Rank::Event, &record.sorter.to_string(), &text));
            }
        }
        for recall in &self.recalls {
            let at = self.time_of(recall);
            lines.push(Line::new(at, Rank::Recall, "customs", &names.recall(recall, &yard, at)));
            if let Some(at) = recall.withdrawn {
                lines.push(Line::new(at, Rank::Recall, "customs", "recall withdrawn"));
            }
        }
        if let Some(record) = &self.container {
            let events = names.life_of(record).into_iter();
            lines.extend(events.map(|(at, text)| Line::new(at, Rank::Container, "yard", &text)));
        }
        lines.sort_by_key(Line::key);
        drop(yard);
        self.now = self.present(&names);
        self.lines = lines;
    }

    /// Whether a record tells of a recall that the list of customs has too.
    fn is_listed_recall(&self, record: &LogRecord) -> bool {
        record.kind == LogKind::Recalled
            && self
                .recalls
                .iter()
                .any(|recall| recall.at <= record.at && recall.container == record.container)
    }

    /// When a parcel was recalled at the earliest. Customs may have written their message before it slid into
    /// the container that it was recalled from.
    fn time_of(&self, recall: &Recall) -> Micros {
        let slid = |record: &&LogRecord| {
            let into = record.kind == LogKind::Discharged && record.container == recall.container;
            into && record.parcel == Some(self.parcel)
        };
        let first = self.records.iter().find(slid).map_or(recall.at, |record| record.at);
        first.max(recall.at)
    }

    /// Where the parcel is now and why.
    fn present(&self, names: &Names) -> String {
        let state = self.state;
        let mut text = state.life().to_string();
        if state.life() != Life::Expected {
            text += &format!("; pass {} on {}", state.pass().get(), state.sorter());
            if state.laps().get() > 0 {
                text += &format!(" after lap {}", state.laps().get());
            }
            text += &match state.chute() {
                Some(chute) => format!(", decided for {chute}"),
                None => ", decided to run off".to_owned(),
            };
            text += &format!(" because: {}", state.reason());
        }
        if let Some(record) = &self.container {
            text += &format!("; in {}", names.whereabouts(record));
        }
        text += &format!("; customs: {}", state.clearance());
        if let Some(connection) = self.engine.onward(self.parcel) {
            text += &format!("; booked on {}", names.connection(connection));
        }
        let plan = names.present_plan();
        text += &format!("; plan {} version {}", plan.name(), plan.version().get());
        text += &match &self.rule {
            Some((outlet, line)) => format!(" sends it to outlet {outlet} by the rule on line {line}"),
            None => " has no rule for it".to_owned(),
        };
        text
    }

    /// What nobody can tell, one sentence each.
    fn missing(&self) -> Vec<String> {
        let gaps = self.gaps.as_deref().unwrap_or_default();
        let nothing_kept = gaps.iter().all(|(_, gap)| *gap == Some(Gap::All));
        let mut sentences = Vec::new();
        if self.gaps.is_none() || self.records.is_empty() && !gaps.is_empty() && nothing_kept {
            sentences.push("events are not kept: keep them with Worker::keep".to_owned());
        } else {
            let listed = |told: &dyn Fn(Gap) -> Option<String>| {
                let each = gaps.iter().filter_map(|(sorter, gap)| Some((sorter, told((*gap)?)?)));
                each.map(|(sorter, told)| format!("{sorter}{told}")).collect::<Vec<_>>().join(", ")
            };
            let moment = |at: Micros| Moment::exact(at);
            let none = listed(&|gap| (gap == Gap::All).then(String::new));
            let before = listed(&|gap| match gap {
                Gap::Before(at) => Some(format!(" from {}", moment(at))),
                _ => None,
            });
            let after = listed(&|gap| match gap {
                Gap::After(at) => Some(format!(" until {}", moment(at))),
                _ => None,
            });
            for (what, list) in [
                ("events of it are not kept on", none),
                ("older events are gone: they are kept on", before),
                ("later events found no room: they are kept on", after),
            ] {
                if !list.is_empty() {
                    sentences.push(format!("{what} {list}"));
                }
            }
        }
        if self.engine.customs().dropped() > 0 {
            sentences
                .push("customs: older messages found no room in the history and may be missing".to_owned());
        }
        sentences
    }
}

impl fmt::Display for Explanation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "parcel {} to {} {}, announced", self.code.to_text(), self.country.code(), self.postcode)?;
        // What the announcement said is not known any more once customs spoke.
        if self.rulings.is_empty() {
            write!(f, " as {}", self.state.clearance())?;
        }
        writeln!(f)?;
        for sentence in self.missing() {
            writeln!(f, "  {sentence}")?;
        }
        for line in &self.lines {
            writeln!(f, "  {line}")?;
        }
        write!(f, "now: {}", self.now)
    }
}

impl fmt::Debug for Explanation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Explanation")
            .field("parcel", &self.parcel)
            .field("state", &self.state)
            .field("text", &self.to_string())
            .finish_non_exhaustive()
    }
}
