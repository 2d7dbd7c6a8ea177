//! One exchange cycle against a raw ping-pong of equal size, taken in turns.
//!
//! The same client thread does both, and the same server thread answers both over TCP on 127.0.0.1, so that both
//! see the same kernel, the same cores and the same neighbours.

mod in_memory;
mod raw;

use std::cell::RefCell;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use sorter_core::units::Micros;
use sorter_plc::exchange::{Exchange, ExchangeConfig, SessionState};
use sorter_plc::link::{Function23, Link, LinkConfig, TcpDial};
use sorter_sim::modbus_server::{ModbusServer, ServerProfile, WireFaults};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tokio::task::{LocalSet, spawn_local};
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::now;
use crate::plc::{BenchPlc, BusyHost, SCAN, Work};
pub use in_memory::InMemory;
use raw::{BlockingPing, TokioPing};

/// How a cycle goes over the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Functions {
    /// One transaction: function 23.
    ReadWrite,
    /// Two: function 16, then 3.
    WriteThenRead,
}

impl Functions {
    /// The key in names of benches and figures.
    pub const fn key(self) -> &'static str {
        match self {
            Self::ReadWrite => "fc23",
            Self::WriteThenRead => "fc16_fc3",
        }
    }

    /// Bytes of each request and its answer, headers included: 96 words are written and 121 read.
    pub const fn frames(self) -> &'static [(usize, usize)] {
        match self {
            Self::ReadWrite => &[(7 + 10 + 192, 7 + 2 + 242)],
            Self::WriteThenRead => &[(7 + 6 + 192, 7 + 5), (7 + 5, 7 + 2 + 242)],
        }
    }
}

/// Who is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contestant {
    /// Codec, exchange and link against a Modbus server with the registers of a PLC.
    Exchange,
    /// Bytes of the same number over a stream of the same runtime.
    RawTokio,
    /// Bytes of the same number over blocking sockets, without a runtime at either end.
    RawBlocking,
}

impl Contestant {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Exchange, Self::RawTokio, Self::RawBlocking];

    /// The key in names of benches and figures.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Exchange => "exchange",
            Self::RawTokio => "raw_tokio",
            Self::RawBlocking => "raw_blocking",
        }
    }
}

/// The server thread: a Modbus server and an echo of the same sizes. Dropping it ends the thread.
struct Servers {
    modbus: SocketAddr,
    raw: SocketAddr,
    _stop: oneshot::Sender<()>,
}

impl Servers {
    fn start(functions: Functions) -> io::Result<Self> {
        let (stop, stopped) = oneshot::channel::<()>();
        let (told, telling) = mpsc::sync_channel(1);
        thread::Builder::new().name("bench-plc".to_owned()).spawn(move || {
            let served = current_thread().and_then(|runtime| {
                LocalSet::new().block_on(&runtime, async {
                    let (modbus, raw) = serve(functions).await?;
                    let _ = told.send((modbus, raw));
                    let _ = stopped.await;
                    Ok::<_, io::Error>(())
                })
            });
            // Without addresses the one who waits for them hears that this end is gone.
            drop(served);
        })?;
        let (modbus, raw) = telling.recv().map_err(io::Error::other)?;
        Ok(Self { modbus, raw, _stop: stop })
    }
}

/// Serves on the present thread, with a scan every 10 ms.
async fn serve(functions: Functions) -> io::Result<(SocketAddr, SocketAddr)> {
    let plc = Rc::new(RefCell::new(BenchPlc::new()));
    let server = ModbusServer::new(Rc::clone(&plc), ServerProfile::default(), WireFaults::none());
    let modbus = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let raw = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let addresses = (modbus.local_addr()?, raw.local_addr()?);
    spawn_local(async move { server.serve_tcp(modbus).await });
    spawn_local(raw::echo(raw, functions.frames()));
    spawn_local(async move {
        let mut scans = interval(Duration::from_micros(SCAN.get()));
        scans.set_missed_tick_behavior(MissedTickBehavior::Skip);
        for number in 1_u64.. {
            scans.tick().await;
            plc.borrow_mut().scan(Micros::new(number * SCAN.get()));
        }
    });
    Ok(addresses)
}

fn current_thread() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// All contestants, connected and warm.
pub struct Arena {
    runtime: Runtime,
    link: Link<TcpDial>,
    exchange: Exchange,
    host: BusyHost,
    answer: Vec<u16>,
    raw: TokioPing,
    blocking: BlockingPing,
    begun: std::time::Instant,
    _servers: Servers,
}

impl Arena {
    /// Starts the servers and opens a session.
    ///
    /// # Errors
    /// When there are no sockets, or the link fails.
    pub fn open(functions: Functions) -> io::Result<Self> {
        let servers = Servers::start(functions)?;
        let runtime = current_thread()?;
        let function_23 = match functions {
            Functions::ReadWrite => Function23::Probe,
            Functions::WriteThenRead => Function23::Never,
        };
        // Neighbours on the machine may delay an answer; a deadline of the contract would end the bench.
        let config = LinkConfig { function_23, deadline: Micros::from_secs(10), ..LinkConfig::default() };
        let exchange = Exchange::new(ExchangeConfig::default(), 1).map_err(io::Error::other)?;
        let mut arena = Self {
            link: Link::new(TcpDial::new(servers.modbus), config, 1),
            exchange,
            host: BusyHost::new(Work::EveryCycle),
            answer: Vec::new(),
            raw: runtime.block_on(TokioPing::connect(servers.raw, functions.frames()))?,
            blocking: BlockingPing::start(functions.frames())?,
            begun: now(),
            runtime,
            _servers: servers,
        };
        arena.go_live()?;
        arena.check(functions)?;
        Ok(arena)
    }

    fn go_live(&mut self) -> io::Result<()> {
        let Self { runtime, link, exchange, host, answer, begun, .. } = self;
        runtime.block_on(async {
            link.connect().await.map_err(io::Error::other)?;
            for _ in 0..1_000 {
                cycle(link, exchange, host, answer, *begun).await?;
                if exchange.state() == SessionState::Live {
                    return Ok(());
                }
                sleep(Duration::from_millis(5)).await;
            }
            Err(io::Error::other("no session became live"))
        })
    }

    fn check(&self, functions: Functions) -> io::Result<()> {
        if self.link.uses_function_23() == (functions == Functions::ReadWrite) {
            Ok(())
        } else {
            Err(io::Error::other("the link does not use the functions that are measured"))
        }
    }

    /// The time of so many round trips of one contestant.
    ///
    /// # Errors
    /// When a connection breaks.
    pub fn run(&mut self, contestant: Contestant, count: u32) -> io::Result<Duration> {
        let Self { runtime, link, exchange, host, answer, raw, blocking, begun, .. } = self;
        match contestant {
            Contestant::Exchange => runtime.block_on(async {
                let start = now();
                for _ in 0..count {
                    cycle(link, exchange, host, answer, *begun).await?;
                }
                Ok(start.elapsed())
            }),
            Contestant::RawTokio => runtime.block_on(async {
                let start = now();
                for _ in 0..count {
                    raw.round_trip().await?;
                }
                Ok(start.elapsed())
            }),
            Contestant::RawBlocking => {
                let start = now();
                for _ in 0..count {
                    blocking.round_trip()?;
                }
                Ok(start.elapsed())
            }
        }
    }

    /// Cycles whose session was live, and sessions: there is to be one.
    pub fn audit(&self) -> (u64, u64) {
        (self.host.live_polls, self.exchange.counters().sessions)
    }
}

/// One cycle of the exchange over its link.
async fn cycle(
    link: &mut Link<TcpDial>,
    exchange: &mut Exchange,
    host: &mut BusyHost,
    answer: &mut Vec<u16>,
    begun: std::time::Instant,
) -> io::Result<()> {
    let time = || Micros::new(u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX));
    exchange.begin_cycle(time(), host).map_err(io::Error::other)?;
    while let Some(request) = exchange.next_request() {
        link.request(&request, answer).await.map_err(io::Error::other)?;
        exchange.answered(time(), answer, host).map_err(io::Error::other)?;
    }
    Ok(())
}
