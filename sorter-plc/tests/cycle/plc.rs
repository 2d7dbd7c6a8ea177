//! A PLC with an empty belt, in registers, and a server in front of it.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::time::Duration;

use sorter_core::units::{EncoderCount, Micros, MmPerSecond, Pulses};
use sorter_plc::codec::{BeltHead, PlantBlock, StatusImage};
use sorter_plc::contract::{Capabilities, Order, Seq, StateBits, Status};
use sorter_plc::controller::Inputs;
use sorter_plc::cycle::{Panel, PausedBeat, run_link};
use sorter_plc::exchange::{Exchange, ExchangeConfig, Mode};
use sorter_plc::host::{Host, Resync};
use sorter_plc::link::{Dial, Link, LinkConfig};
use sorter_plc::register_map::{BELT_HEAD_WORDS, PLANT_WORDS, STATUS_WORDS, WordOrder};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Counts what it is called for and orders nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counting {
    pub(crate) restarts: u64,
    pub(crate) polls: u64,
    pub(crate) resyncs: u64,
}

impl Host for Counting {
    fn plc_restarted(&mut self, _now: Micros) {
        self.restarts += 1;
    }

    fn poll(&mut self, _now: Micros, _inputs: &Inputs<'_>, _orders: &mut Vec<Order>) {
        self.polls += 1;
    }

    fn resync(&mut self, _now: Micros, _resync: &Resync<'_>) {
        self.resyncs += 1;
    }
}

/// What a PLC did with one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Served {
    /// When it came, after the begin of the test.
    pub(crate) at: Duration,
    pub(crate) function: u8,
    pub(crate) address: u16,
    /// Session and permit, of a write.
    pub(crate) written: Option<(u16, u16)>,
}

/// The registers of the contract for a belt that stays empty.
#[derive(Debug)]
pub(crate) struct Plc {
    begun: Instant,
    order: [u16; 96],
    counter: u16,
    served: Vec<Served>,
    /// What to answer instead of the next requests.
    pub(crate) exceptions: Vec<u8>,
}

impl Plc {
    fn new() -> Self {
        Self { begun: Instant::now(), order: [0; 96], counter: 0, served: Vec::new(), exceptions: Vec::new() }
    }

    /// What was asked since the last call.
    pub(crate) fn take_served(&mut self) -> Vec<Served> {
        std::mem::take(&mut self.served)
    }

    fn block(&mut self, address: u16) -> Vec<u16> {
        match address {
            0 => {
                let mut words = [0; STATUS_WORDS];
                self.counter = self.counter.wrapping_add(1);
                let status = Status {
                    session_echo: self.order[0],
                    boot: 7,
                    capabilities: Capabilities(Capabilities::FIRE_POINTS),
                    encoder: EncoderCount::new(u32::from(self.counter)),
                    belt_speed: MmPerSecond::new(2000),
                    state: StateBits(StateBits::LIVE | StateBits::RUNNING),
                    scan_time: Micros::from_millis(1),
                    minimum_lead: Pulses::new(10),
                    order_ack: Seq::NONE,
                    orders_pending: 0,
                    events_published: Seq::NONE,
                    event_backlog: 0,
                    scans_published: Seq::NONE,
                    scan_backlog: 0,
                    items_on_belt: 0,
                    belt_at: Seq::NONE,
                };
                let image = StatusImage { counter: self.counter, status, events: Default::default() };
                image.encode(&mut words, WordOrder::HighFirst);
                words.to_vec()
            }
            384 => {
                let mut words = [0; PLANT_WORDS];
                PlantBlock::default().encode(&mut words, WordOrder::HighFirst);
                words.to_vec()
            }
            1024 => {
                let mut words = [0; BELT_HEAD_WORDS];
                BeltHead { entries: 0, snapshot: 1 }.encode(&mut words);
                words.to_vec()
            }
            _ => vec![0; 125],
        }
    }

    /// The answer to the function and the data of a request.
    fn answer(&mut self, pdu: &[u8]) -> Vec<u8> {
        let word = |place: usize| u16::from_be_bytes([pdu[place], pdu[place + 1]]);
        let (function, address) = (pdu[0], word(1));
        let image = match function {
            16 => Some(&pdu[6..]),
            23 => Some(&pdu[10..]),
            _ => None,
        };
        let words =
            |bytes: &[u8]| bytes.chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
        let image: Option<Vec<u16>> = image.map(words);
        let written = image.as_ref().map(|words| (words[0], words[4]));
        self.served.push(Served { at: self.begun.elapsed(), function, address, written });
        if !self.exceptions.is_empty() {
            return vec![function | 0x80, self.exceptions.remove(0)];
        }
        if let Some(image) = image {
            self.order.copy_from_slice(&image);
        }
        if function == 16 {
            return pdu[..5].to_vec();
        }
        let count = usize::from(word(3));
        let read = self.block(address);
        let mut answer = vec![function, u8::try_from(count * 2).unwrap()];
        answer.extend(read[..count].iter().flat_map(|word| word.to_be_bytes()));
        answer
    }
}

/// A PLC with the way in which it answers.
#[derive(Clone, Debug)]
pub(crate) struct Served23 {
    pub(crate) plc: Rc<RefCell<Plc>>,
    /// How long an answer takes.
    pub(crate) delay: Rc<Cell<Duration>>,
}

impl Served23 {
    pub(crate) fn new(delay: Duration) -> Self {
        Self { plc: Rc::new(RefCell::new(Plc::new())), delay: Rc::new(Cell::new(delay)) }
    }

    pub(crate) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(&self, mut stream: S) -> io::Result<()> {
        let mut frame = Vec::new();
        loop {
            let mut head = [0; 7];
            stream.read_exact(&mut head).await?;
            frame.resize(usize::from(u16::from_be_bytes([head[4], head[5]])) - 1, 0);
            stream.read_exact(&mut frame).await?;
            pass(self.delay.get()).await;
            let pdu = self.plc.borrow_mut().answer(&frame);
            head[4..6].copy_from_slice(&u16::try_from(pdu.len() + 1).unwrap().to_be_bytes());
            let mut answer = head.to_vec();
            answer.extend(pdu);
            stream.write_all(&answer).await?;
        }
    }
}

/// Lets time pass, in which other tasks run.
pub(crate) async fn pass(time: Duration) {
    if !time.is_zero() {
        tokio::time::timeout(time, std::future::pending::<()>()).await.unwrap_err();
    }
}

/// Opens a pipe to the PLC at each dial.
pub(crate) struct PlcDial {
    ends: mpsc::Sender<DuplexStream>,
}

impl Dial for PlcDial {
    type Stream = DuplexStream;

    async fn dial(&mut self) -> io::Result<DuplexStream> {
        let (near, far) = duplex(4096);
        self.ends.try_send(far).map_err(|_| io::ErrorKind::ConnectionRefused)?;
        Ok(near)
    }
}

/// A host, its link and its PLC.
pub(crate) struct Scene {
    pub(crate) panel: Panel<Counting>,
    pub(crate) server: Served23,
    pub(crate) link: LinkConfig,
    pub(crate) mode: Mode,
    /// Closes the connection each time this is notified.
    pub(crate) cut: tokio::sync::Notify,
    /// Takes no connection while it is false.
    pub(crate) listens: Cell<bool>,
}

impl Scene {
    pub(crate) fn new(delay: Duration) -> Self {
        Self {
            panel: Panel::new(Counting::default()),
            server: Served23::new(delay),
            link: LinkConfig::default(),
            mode: Mode::Control,
            cut: tokio::sync::Notify::new(),
            listens: Cell::new(true),
        }
    }

    /// Runs until the panel says stop.
    pub(crate) async fn run(&self) {
        let (ends, mut dialled) = mpsc::channel(1);
        let mut link = Link::new(PlcDial { ends }, self.link, 5);
        let config = ExchangeConfig { mode: self.mode, ..ExchangeConfig::default() };
        let mut exchange = Exchange::new(config, 9).unwrap();
        let mut beat = PausedBeat::new(Micros::from_millis(10), Micros::ZERO);
        let serve = async {
            while let Some(stream) = dialled.recv().await {
                if !self.listens.get() {
                    continue;
                }
                tokio::select! {
                    biased;
                    () = self.cut.notified() => {}
                    _ = self.server.serve(stream) => {}
                }
            }
        };
        tokio::select! {
            biased;
            () = run_link(&mut link, &mut exchange, &self.panel, &mut beat) => {}
            () = serve => unreachable!("the dial lives as long as the link"),
        }
    }

    /// Runs for so long, then stops it.
    pub(crate) async fn run_for(&self, time: Duration) {
        let stop = async {
            pass(time).await;
            self.panel.stop();
        };
        tokio::join!(self.run(), stop);
    }
}
