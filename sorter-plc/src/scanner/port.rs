//! The connection to a scanner: bytes in, telegrams into a bounded queue.

mod accept;
mod report;

pub use accept::TcpAccept;
pub use report::{Loss, PortCounters, PortReport, Refusal, Refused};

use std::future::Future;
use std::time::Duration;

use sorter_core::units::Micros;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::framing::{Deframer, Framing};
use super::telegram::{Telegram, TelegramFormat};
use crate::link::{Attempts, Backoff, Dial};

/// Bytes read at once.
const READ_BYTES: usize = 2_048;

/// How a port talks to its scanner.
#[derive(Clone, Debug)]
pub struct PortConfig {
    /// Where telegrams begin and end. Default: STX and ETX.
    pub framing: Framing,
    /// What stands in them. Default: `trigger;encoder;count;codes@`.
    pub format: TelegramFormat,
    /// Telegrams that wait for the cycle. When they are so many, nothing more is read from the scanner.
    /// Default 256, at least 1.
    pub queue: usize,
    /// Time for opening a connection. Default 1 s.
    pub connect_timeout: Micros,
    /// Waits between attempts to connect: as for a link to a PLC.
    pub backoff: Backoff,
    /// Time from the first byte of a telegram to its last; single bytes do not extend it. Default 1 s.
    pub telegram_deadline: Micros,
    /// After so long without a telegram or heartbeat the connection is taken for dead. `None`, the default,
    /// is right for scanners that send no heartbeats.
    pub silence: Option<Micros>,
    /// Refused telegrams without a good one between them after which the connection is opened anew.
    /// Default 32.
    pub most_refused: u32,
    /// Bytes thrown away without a good telegram after which the connection is opened anew. Default 65,536.
    pub most_rubbish: usize,
}

impl Default for PortConfig {
    fn default() -> Self {
        Self {
            framing: Framing::default(),
            format: TelegramFormat::default(),
            queue: 256,
            connect_timeout: Micros::from_secs(1),
            backoff: Backoff::default(),
            telegram_deadline: Micros::from_secs(1),
            silence: None,
            most_refused: 32,
            most_rubbish: 65_536,
        }
    }
}

/// The end of a port at which the cycle takes telegrams.
#[derive(Debug)]
pub struct ScannerFeed {
    telegrams: mpsc::Receiver<Telegram>,
    report: watch::Receiver<PortReport>,
}

impl ScannerFeed {
    /// The next telegram, if one has come.
    pub fn next_telegram(&mut self) -> Option<Telegram> {
        self.telegrams.try_recv().ok()
    }

    /// What the port has seen so far.
    pub fn report(&self) -> PortReport {
        self.report.borrow().clone()
    }

    /// Another view of the report, for whoever watches the port.
    pub fn watch(&self) -> watch::Receiver<PortReport> {
        self.report.clone()
    }
}

/// One scanner: dialled, read, dialled again when it is lost.
///
/// Where the scanner dials and the host listens, [`TcpAccept`] is the [`Dial`] to give.
#[derive(Debug)]
pub struct ScannerPort<D> {
    dial: D,
    config: PortConfig,
    attempts: Attempts,
    telegrams: mpsc::Sender<Telegram>,
    report: watch::Sender<PortReport>,
    deframer: Deframer,
}

/// A port and the feed that the cycle reads; the seed is that of the jitter between attempts to connect.
///
/// Run the port with [`ScannerPort::run`] on any tokio runtime with time, and I/O for TCP.
pub fn scanner_port<D: Dial>(dial: D, config: PortConfig, jitter_seed: u64) -> (ScannerPort<D>, ScannerFeed) {
    let (sender, telegrams) = mpsc::channel(config.queue.max(1));
    let (report_sender, report) = watch::channel(PortReport::default());
    let port = ScannerPort {
        dial,
        attempts: Attempts::new(config.backoff, jitter_seed),
        deframer: Deframer::new(config.framing),
        config,
        telegrams: sender,
        report: report_sender,
    };
    (port, ScannerFeed { telegrams, report })
}

/// What has been thrown away since the last good telegram.
#[derive(Clone, Copy, Default)]
struct Rubbish {
    telegrams: u32,
    bytes: usize,
}

/// What was in the bytes of one read.
#[derive(Clone, Copy, Default)]
struct Taken {
    /// A telegram or a refusal: what is open now began after it.
    ended: bool,
    /// A telegram or a heartbeat.
    good: bool,
}

impl<D: Dial> ScannerPort<D> {
    /// Reads the scanner until the feed is dropped.
    pub async fn run(mut self) {
        while !self.telegrams.is_closed() {
            let wait = Duration::from_micros(self.attempts.next_wait().get());
            let limit = Duration::from_micros(self.config.connect_timeout.get());
            let opened = {
                let gone = self.telegrams.clone();
                let dial = self.dial.dial();
                until_gone(&gone, async {
                    sleep(wait).await;
                    timeout(limit, dial).await
                })
                .await
            };
            let loss = match opened {
                None => return,
                Some(Err(_)) => Loss::ConnectTimeout { limit: self.config.connect_timeout },
                Some(Ok(Err(error))) => Loss::Connect(error.kind()),
                Some(Ok(Ok(stream))) => {
                    self.report.send_modify(PortReport::connected);
                    match self.read(stream).await {
                        Some(loss) => loss,
                        None => return,
                    }
                }
            };
            self.report.send_modify(|report| report.lost(loss));
        }
    }

    /// Reads one connection to its end; `None` when the feed is gone.
    async fn read(&mut self, mut stream: D::Stream) -> Option<Loss> {
        self.deframer.restart();
        let mut rubbish = Rubbish::default();
        let mut bytes = [0; READ_BYTES];
        let mut alive = Instant::now();
        let mut begun: Option<Instant> = None;
        let gone = self.telegrams.clone();
        loop {
            let (deadline, late) = self.deadline(alive, begun);
            let read = until_gone(&gone, read_until(&mut stream, &mut bytes, deadline)).await?;
            let count = match read {
                Err(_) => return Some(late),
                Ok(Err(error)) => return Some(Loss::Read(error.kind())),
                Ok(Ok(0)) => return Some(Loss::Closed { within_telegram: self.deframer.is_open() }),
                Ok(Ok(count)) => count,
            };
            self.report.send_modify(|report| report.counters.bytes += count as u64);
            let taken = self.take(&bytes[..count], &mut rubbish).await?;
            let now = Instant::now();
            if taken.good {
                alive = now;
            }
            begun = match begun {
                _ if !self.deframer.is_open() => None,
                Some(begun) if !taken.ended => Some(begun),
                _ => Some(now),
            };
            if self.is_too_much(rubbish) {
                return Some(Loss::Rubbish { telegrams: rubbish.telegrams, bytes: rubbish.bytes });
            }
        }
    }

    fn is_too_much(&self, rubbish: Rubbish) -> bool {
        rubbish.telegrams >= self.config.most_refused || rubbish.bytes >= self.config.most_rubbish
    }

    /// When the connection is given up, and why.
    fn deadline(&self, alive: Instant, begun: Option<Instant>) -> (Option<Instant>, Loss) {
        let limit = self.config.telegram_deadline;
        let unfinished =
            begun.map(|at| (at + Duration::from_micros(limit.get()), Loss::Unfinished { limit }));
        let silent = self
            .config
            .silence
            .map(|limit| (alive + Duration::from_micros(limit.get()), Loss::Silence { limit }));
        match (unfinished, silent) {
            (Some(first), Some(second)) if second.0 < first.0 => (Some(second.0), second.1),
            (Some(one), _) | (None, Some(one)) => (Some(one.0), one.1),
            (None, None) => (None, Loss::Closed { within_telegram: false }),
        }
    }

    /// Takes bytes of the scanner; `None` when the feed is gone.
    async fn take(&mut self, mut input: &[u8], rubbish: &mut Rubbish) -> Option<Taken> {
        let mut taken = Taken::default();
        while let Some(piece) = self.deframer.next(&mut input) {
            taken.ended = true;
            let read = match piece {
                Ok(text) => self.config.format.parse(text).map_err(|error| {
                    rubbish.bytes += text.len();
                    Refused::new(Refusal::Telegram(error), text)
                }),
                Err(refusal) => {
                    rubbish.bytes += refusal.bytes();
                    Err(Refused::new(Refusal::Frame(refusal), &[]))
                }
            };
            match read {
                Err(refused) => {
                    rubbish.telegrams += 1;
                    self.report.send_modify(|report| report.refuse(refused));
                    if self.is_too_much(*rubbish) {
                        break;
                    }
                    continue;
                }
                Ok(None) => self.report.send_modify(|report| report.counters.heartbeats += 1),
                Ok(Some(telegram)) => {
                    self.report.send_modify(|report| report.counters.telegrams += 1);
                    if let Err(TrySendError::Full(telegram)) = self.telegrams.try_send(telegram) {
                        // The scanner has to wait; nothing of it is thrown away.
                        self.report.send_modify(|report| report.counters.held_up += 1);
                        self.telegrams.send(telegram).await.ok()?;
                    }
                }
            }
            taken.good = true;
            *rubbish = Rubbish::default();
            self.attempts.reset();
        }
        (!self.telegrams.is_closed()).then_some(taken)
    }
}

/// The outcome of a future, or `None` when the feed is dropped first.
async fn until_gone<T>(feed: &mpsc::Sender<Telegram>, future: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        () = feed.closed() => None,
        outcome = future => Some(outcome),
    }
}

async fn read_until<S: AsyncRead + Unpin>(
    stream: &mut S,
    bytes: &mut [u8],
    deadline: Option<Instant>,
) -> Result<std::io::Result<usize>, tokio::time::error::Elapsed> {
    match deadline {
        Some(deadline) => timeout_at(deadline, stream.read(bytes)).await,
        None => Ok(stream.read(bytes).await),
    }
}
