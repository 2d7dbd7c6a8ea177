//! The thread that drives the links of many sorters at one beat.

use std::any::Any;
use std::cell::RefCell;
use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::mpsc as blocking;
use std::thread::Builder;
use std::time::Duration;

use sorter_core::units::Micros;
use tokio::runtime;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinSet, LocalSet};
use tokio::time::{Instant, sleep_until};

use crate::exchange::{Exchange, ExchangeConfig, ExchangeConfigError};
use crate::host::Host;
use crate::link::{Dial, Link, LinkConfig, TcpDial};

use super::beat::{Beat, SharedBeat, Stroke, TimerBeat};
use super::panel::Panel;
use super::report::Deck;
use super::run::run_link;
use super::running::{Call, CycleEnd, LastCommand, LinkId, Running};
use super::scheduling::Scheduling;
use super::stats::CycleStats;

/// How a cycle thread works.
#[derive(Clone, Copy, Debug)]
pub struct CycleConfig {
    /// The beat of all its links; it overrides the period of their exchanges. Default 10 ms.
    pub period: Micros,
    /// The time at the start; the hosts are told this plus what has passed since. Default 0.
    pub epoch: Micros,
    /// What is asked of the operating system.
    pub scheduling: Scheduling,
    /// Time between the first connects of two links. Default 120 ms, as the contract has it.
    pub connect_spacing: Micros,
    /// Commands of other threads that may wait. Default 64.
    pub queue: usize,
    /// Where session numbers and jitter are drawn from. By default from the operating system, so that a host that
    /// starts again does not use the session numbers of the one before.
    pub seed: Option<u64>,
}

impl Default for CycleConfig {
    fn default() -> Self {
        Self {
            period: Micros::from_millis(10),
            epoch: Micros::ZERO,
            scheduling: Scheduling::default(),
            connect_spacing: Micros::from_millis(120),
            queue: 64,
            seed: None,
        }
    }
}

/// One sorter for a cycle thread: where its PLC is, and the host behind it.
pub struct Sorter<H, D = TcpDial> {
    name: String,
    dial: D,
    host: Box<dyn FnOnce() -> H + Send>,
    link: LinkConfig,
    exchange: ExchangeConfig,
}

impl<H, D: fmt::Debug> fmt::Debug for Sorter<H, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sorter")
            .field("name", &self.name)
            .field("dial", &self.dial)
            .field("link", &self.link)
            .field("exchange", &self.exchange)
            .finish_non_exhaustive()
    }
}

impl<H: Send + 'static> Sorter<H> {
    /// A sorter whose PLC listens at an address, usually on port 502.
    pub fn new(name: impl Into<String>, address: SocketAddr, host: H) -> Self {
        Self::over(name, TcpDial::new(address), move || host)
    }
}

impl<H, D: Dial> Sorter<H, D> {
    /// A sorter over any byte stream. The host is made on the cycle thread, so it need not be [`Send`].
    pub fn over(name: impl Into<String>, dial: D, host: impl FnOnce() -> H + Send + 'static) -> Self {
        Self {
            name: name.into(),
            dial,
            host: Box::new(host),
            link: LinkConfig::default(),
            exchange: ExchangeConfig::default(),
        }
    }

    /// The same with another link configuration.
    #[must_use]
    pub fn with_link(mut self, link: LinkConfig) -> Self {
        self.link = link;
        self
    }

    /// The same with another exchange configuration. Its period is that of the thread.
    #[must_use]
    pub fn with_exchange(mut self, exchange: ExchangeConfig) -> Self {
        self.exchange = exchange;
        self
    }
}

/// Why a cycle thread did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// There is nothing to drive.
    #[error("a cycle thread without sorters has nothing to do")]
    NoSorters,
    /// The queue would take no command.
    #[error("the command queue has room for 0 commands, expected 1 or more")]
    NoQueue,
    /// An exchange cannot be configured like this.
    #[error("sorter {name} cannot be armed")]
    Exchange {
        /// The sorter.
        name: String,
        /// Why.
        source: ExchangeConfigError,
    },
    /// The operating system gave no thread, no event queue or no timer.
    #[error("the cycle thread could not be set up")]
    System(#[from] io::Error),
    /// A host could not be made.
    #[error(transparent)]
    End(#[from] CycleEnd),
}

/// One sorter, ready to run.
struct Armed<H, D> {
    name: String,
    link: Link<D>,
    exchange: Exchange,
    host: Box<dyn FnOnce() -> H + Send>,
}

/// Starts cycle threads.
#[derive(Debug)]
pub struct CycleThread;

impl CycleThread {
    /// Starts the thread `sorter-cycle` with the links of these sorters.
    ///
    /// The first connects are [`CycleConfig::connect_spacing`] apart, so 72 sorters take about 9 s to come up.
    ///
    /// # Errors
    ///
    /// See [`StartError`]. A PLC that does not answer is none: its link goes on trying.
    pub fn start<H, D>(config: CycleConfig, sorters: Vec<Sorter<H, D>>) -> Result<Running<H>, StartError>
    where
        H: Host + 'static,
        D: Dial + Send + 'static,
    {
        if sorters.is_empty() {
            return Err(StartError::NoSorters);
        }
        if config.queue == 0 {
            return Err(StartError::NoQueue);
        }
        let seed = config.seed.unwrap_or_else(|| RandomState::new().build_hasher().finish());
        let links: Vec<LinkId> = (0..sorters.len()).map(LinkId).collect();
        let numbered = (0..).zip(sorters);
        let armed = numbered
            .map(|(n, sorter)| arm(config.period, seed ^ splitmix(n), sorter))
            .collect::<Result<Vec<_>, _>>()?;
        let (calls, called) = mpsc::channel(config.queue);
        let (ready, is_ready) = blocking::sync_channel(1);
        let body = move || {
            let outcome = catch_unwind(AssertUnwindSafe(|| run(config, armed, called, &ready)));
            outcome.unwrap_or_else(|panic| Err(CycleEnd::Panicked(message(panic.as_ref()))))
        };
        let thread = Builder::new().name("sorter-cycle".to_owned()).spawn(body)?;
        match is_ready.recv() {
            Ok(Ok(())) => Ok(Running { calls, thread, links }),
            Ok(Err(error)) => Err(error.into()),
            Err(_) => {
                Err(thread.join().unwrap_or(Err(CycleEnd::Ended)).err().unwrap_or(CycleEnd::Ended).into())
            }
        }
    }
}

/// Checks the configuration of a sorter and makes its link and its exchange.
fn arm<H, D: Dial>(period: Micros, seed: u64, sorter: Sorter<H, D>) -> Result<Armed<H, D>, StartError> {
    let Sorter { name, dial, host, link, exchange } = sorter;
    let exchange = ExchangeConfig { period, ..exchange };
    // One lost answer: its deadline, then a connect at once, or after the first wait when that fails.
    let first_wait = link.backoff.first.get().saturating_mul(5) / 4;
    let silence = Micros::new(link.deadline.get().saturating_add(first_wait));
    let made = exchange.check_silence(silence).and_then(|()| Exchange::new(exchange, seed));
    match made {
        Ok(exchange) => Ok(Armed { name, link: Link::new(dial, link, seed), exchange, host }),
        Err(source) => Err(StartError::Exchange { name, source }),
    }
}

/// Spreads small numbers over 64 bits.
fn splitmix(n: u64) -> u64 {
    let mut z = n.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}

/// The body of the thread.
fn run<H: Host + 'static, D: Dial + 'static>(
    config: CycleConfig,
    sorters: Vec<Armed<H, D>>,
    calls: mpsc::Receiver<Call<H>>,
    ready: &blocking::SyncSender<io::Result<()>>,
) -> Result<(), CycleEnd> {
    let grants = config.scheduling.apply();
    let runtime = match runtime::Builder::new_current_thread().enable_io().enable_time().build() {
        Ok(runtime) => runtime,
        Err(error) => return not_ready(ready, error),
    };
    let local = LocalSet::new();
    local.block_on(&runtime, async {
        let beat = match TimerBeat::new(config.period, config.epoch) {
            Ok(beat) => beat,
            Err(error) => return not_ready(ready, error),
        };
        let (strokes, heard) = watch::channel(Stroke::default());
        let clock = beat.clock();
        let begun = Instant::now();
        let mut tasks = JoinSet::new();
        let mut links = Vec::with_capacity(sorters.len());
        for (n, sorter) in (0..).zip(sorters) {
            let Armed { name, mut link, mut exchange, host } = sorter;
            let panel = Rc::new(Panel::new(host()));
            links.push((name, Rc::clone(&panel)));
            let mut beat = SharedBeat::new(heard.clone(), clock);
            let connect_at = begun + Duration::from_micros(config.connect_spacing.get()) * n;
            tasks.spawn_local(async move {
                tokio::select! {
                    biased;
                    () = panel.stopped() => {}
                    () = sleep_until(connect_at) => {}
                }
                run_link(&mut link, &mut exchange, &panel, &mut beat).await;
            });
        }
        let deck = Rc::new(Deck { clock, grants, stats: RefCell::new(CycleStats::default()), links });
        let ticking = tokio::task::spawn_local(tick(beat, strokes, Rc::clone(&deck)));
        // A caller that is gone has dropped its end of the queue too, and the links stop.
        let _ = ready.send(Ok(()));
        let last = supervise(&deck, calls, &mut tasks).await?;
        ticking.abort();
        // Only the end of the task gives its share of the deck back; that it was cancelled is no news.
        let _ = ticking.await;
        let report = deck.report();
        if let (Some(last), Some(deck)) = (last, Rc::into_inner(deck)) {
            last(report, deck.into_hosts());
        }
        Ok(())
    })
}

fn not_ready(ready: &blocking::SyncSender<io::Result<()>>, error: io::Error) -> Result<(), CycleEnd> {
    let _ = ready.send(Err(error));
    Err(CycleEnd::Ended)
}

/// Gives the ticks of the timer to all links.
async fn tick<H>(mut beat: TimerBeat, strokes: watch::Sender<Stroke>, deck: Rc<Deck<H>>) {
    let mut number = 0;
    loop {
        let tick = beat.tick().await;
        number += 1;
        strokes.send_replace(Stroke { number, scheduled: tick.scheduled });
        let mut stats = deck.stats.borrow_mut();
        stats.ticks += 1;
        stats.skipped += tick.skipped;
        stats.wake_up.record(tick.lateness());
    }
}

/// Carries out commands until all links have ended; what is to be done then.
async fn supervise<H>(
    deck: &Deck<H>,
    mut calls: mpsc::Receiver<Call<H>>,
    links: &mut JoinSet<()>,
) -> Result<Option<LastCommand<H>>, CycleEnd> {
    let mut last = None;
    let mut listening = true;
    loop {
        tokio::select! {
            biased;
            ended = links.join_next() => match ended {
                None => return Ok(last),
                Some(Ok(())) => {}
                Some(Err(error)) => {
                    let panic = error.try_into_panic().map_err(|_| CycleEnd::Ended)?;
                    return Err(CycleEnd::Panicked(message(panic.as_ref())));
                }
            },
            call = calls.recv(), if listening => match call {
                Some(Call::Do(command)) => command(deck),
                Some(Call::End(command)) => {
                    last = Some(command);
                    listening = false;
                    deck.stop();
                }
                None => {
                    listening = false;
                    deck.stop();
                }
            },
        }
    }
}
