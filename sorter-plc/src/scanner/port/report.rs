//! What a port has seen: counts, the last refusals, and how the last connection ended.

use std::collections::VecDeque;
use std::fmt;
use std::io::ErrorKind;

use sorter_core::units::Micros;
use thiserror::Error;

use crate::scanner::framing::FrameRefusal;
use crate::scanner::telegram::{Excerpt, TelegramError};

/// Refusals kept for the report.
const KEPT: usize = 8;

/// Why bytes of a scanner gave no telegram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// They are no whole telegram.
    #[error(transparent)]
    Frame(FrameRefusal),
    /// The telegram cannot be read.
    #[error(transparent)]
    Telegram(TelegramError),
}

/// A refusal with the begin of what was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Why.
    pub refusal: Refusal,
    /// The first bytes of the telegram; none where there was no whole one.
    pub text: Excerpt,
}

impl Refused {
    pub(super) fn new(refusal: Refusal, text: &[u8]) -> Self {
        Self { refusal, text: Excerpt::of(text) }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.refusal {
            Refusal::Frame(refusal) => refusal.fmt(f),
            Refusal::Telegram(refusal) => write!(f, "{refusal}: {}", self.text),
        }
    }
}

/// How a connection ended, or why none was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Loss {
    /// Nobody answered in time.
    #[error("scanner did not accept a connection within {limit}")]
    ConnectTimeout {
        /// The time.
        limit: Micros,
    },
    /// The connection was refused or cannot be made.
    #[error("connection to the scanner was not made: {0}")]
    Connect(ErrorKind),
    /// The scanner closed the connection.
    #[error("scanner closed the connection{}", if *within_telegram { " within a telegram" } else { "" })]
    Closed {
        /// Whether a part of a telegram had come.
        within_telegram: bool,
    },
    /// The connection broke.
    #[error("connection to the scanner broke: {0}")]
    Read(ErrorKind),
    /// No heartbeat and no telegram.
    #[error("scanner sent neither telegram nor heartbeat for {limit}")]
    Silence {
        /// The time.
        limit: Micros,
    },
    /// A telegram began and did not end.
    #[error("telegram was not complete within {limit}")]
    Unfinished {
        /// The time.
        limit: Micros,
    },
    /// Nothing but what is refused.
    #[error("scanner sent {telegrams} refused telegrams and {bytes} bytes without a good telegram")]
    Rubbish {
        /// Refused telegrams.
        telegrams: u32,
        /// Bytes thrown away.
        bytes: usize,
    },
}

/// What a port counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PortCounters {
    /// Bytes received.
    pub bytes: u64,
    /// Telegrams taken.
    pub telegrams: u64,
    /// Heartbeats.
    pub heartbeats: u64,
    /// Connections made.
    pub connections: u64,
    /// Connections lost, and attempts that failed.
    pub losses: u64,
    /// Telegrams that found the queue full, so that the scanner had to wait.
    pub held_up: u64,
    /// Telegrams without an end.
    pub too_long: u64,
    /// Telegrams cut by the next one.
    pub cut: u64,
    /// Times at which bytes stood outside of telegrams.
    pub stray: u64,
    /// Telegrams refused for what they say, by [`TelegramError::kind`].
    pub refused: [u64; TelegramError::KINDS],
}

impl PortCounters {
    /// Refusals of every kind.
    pub fn refusals(&self) -> u64 {
        self.too_long + self.cut + self.stray + self.refused.iter().sum::<u64>()
    }
}

/// The state of a port.
#[derive(Clone, Debug, Default)]
pub struct PortReport {
    /// Whether a connection is open.
    pub is_connected: bool,
    /// What was counted.
    pub counters: PortCounters,
    /// The last refusals, oldest first; at most 8.
    pub last_refused: VecDeque<Refused>,
    /// How the last connection ended.
    pub last_loss: Option<Loss>,
}

impl PortReport {
    pub(super) fn connected(&mut self) {
        self.is_connected = true;
        self.counters.connections += 1;
    }

    pub(super) fn lost(&mut self, loss: Loss) {
        self.is_connected = false;
        self.counters.losses += 1;
        self.last_loss = Some(loss);
    }

    pub(super) fn refuse(&mut self, refused: Refused) {
        let counters = &mut self.counters;
        let counter = match refused.refusal {
            Refusal::Frame(FrameRefusal::TooLong { .. }) => &mut counters.too_long,
            Refusal::Frame(FrameRefusal::Cut { .. }) => &mut counters.cut,
            Refusal::Frame(FrameRefusal::Stray { .. }) => &mut counters.stray,
            Refusal::Telegram(error) => &mut counters.refused[error.kind()],
        };
        *counter += 1;
        if self.last_refused.len() == KEPT {
            self.last_refused.pop_front();
        }
        self.last_refused.push_back(refused);
    }
}
