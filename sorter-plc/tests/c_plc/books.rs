//! The books of the C program: its log and its last line.

use std::collections::BTreeMap;

/// What became of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fate {
    Discharged(u16),
    Left,
    Lost,
    /// The program ended first.
    OnBelt,
}

/// One line about an item.
#[derive(Clone, Debug)]
pub(crate) struct ItemLine {
    pub(crate) item: u16,
    /// The place of the parcel in the stream; none when it was thrown on.
    pub(crate) index: Option<usize>,
    pub(crate) label: String,
    pub(crate) fate: Fate,
    pub(crate) orders_taken: usize,
    pub(crate) orders_ended: usize,
}

/// One line about an order that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OrderLine {
    pub(crate) session: u16,
    pub(crate) seq: u16,
    pub(crate) op: String,
    pub(crate) chute: u16,
    pub(crate) item: u16,
    pub(crate) ending: String,
}

/// The log of one run.
#[derive(Debug, Default)]
pub(crate) struct Log {
    pub(crate) items: Vec<ItemLine>,
    pub(crate) orders: Vec<OrderLine>,
}

fn number<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap_or_else(|error| panic!("{text:?} in the log: {error:?}"))
}

impl Log {
    pub(crate) fn parse(text: &str) -> Self {
        let mut log = Self::default();
        for line in text.lines().skip(1) {
            let fields: Vec<&str> = line.split(',').collect();
            match fields[..] {
                ["order", session, seq, op, chute, item, ending] => log.orders.push(OrderLine {
                    session: number(session),
                    seq: number(seq),
                    op: op.to_owned(),
                    chute: number(chute),
                    item: number(item),
                    ending: ending.to_owned(),
                }),
                [item, index, label, _, _, fate, chute, taken, ended] => log.items.push(ItemLine {
                    item: number(item),
                    index: (!index.is_empty()).then(|| number(index)),
                    label: label.to_owned(),
                    fate: match fate {
                        "discharged" => Fate::Discharged(number(chute)),
                        "left" => Fate::Left,
                        "lost" => Fate::Lost,
                        "on_belt" => Fate::OnBelt,
                        other => panic!("fate {other:?} in the log"),
                    },
                    orders_taken: number(taken),
                    orders_ended: number(ended),
                }),
                _ => panic!("line {line:?} in the log"),
            }
        }
        log
    }

    /// How many orders ended like this.
    pub(crate) fn endings(&self, ending: &str) -> usize {
        self.orders.iter().filter(|order| order.ending == ending).count()
    }

    /// How many items ended like this.
    pub(crate) fn fates(&self, is: impl Fn(Fate) -> bool) -> u64 {
        self.items.iter().filter(|line| is(line.fate)).count() as u64
    }
}

/// The last line that the program prints.
#[derive(Debug)]
pub(crate) struct Summary(BTreeMap<String, u64>);

impl Summary {
    pub(crate) fn parse(output: &str) -> Self {
        let last = output.lines().last().unwrap_or_default();
        let pairs = last.split(' ').filter_map(|pair| pair.split_once('='));
        Self(pairs.map(|(name, value)| (name.to_owned(), number(value))).collect())
    }

    pub(crate) fn get(&self, name: &str) -> u64 {
        *self.0.get(name).unwrap_or_else(|| panic!("no {name} in {self:?}"))
    }
}
