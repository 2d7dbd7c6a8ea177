//! One connection to one PLC: requests of an exchange as Modbus/TCP transactions, under the link rules.
//!
//! The client of tokio-modbus stays in here. It must not be used again after a time-out, a dropped future or
//! an error, so [`Link::request`] takes the connection out before each transaction and puts it back only when
//! the answer was right in every field, or a clean exception. In every other case, also when the caller drops
//! the future, the socket is closed: a late answer can never be taken for that of a later request.
//!
//! Bytes that come between two requests, or behind an answer, end the connection too, before anything more is
//! written: a guard around the stream sees to it.
//!
//! Connected is not alive: attempts count as failed until two answers are right, so a server that accepts and says
//! nothing, or that answers the first read and no write, is backed off from like one that refuses.

use std::borrow::Cow;
use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use sorter_core::units::Micros;
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_modbus::client::{Client, tcp};
use tokio_modbus::slave::Slave;
use tokio_modbus::{Error, ExceptionResponse, ProtocolError, Request as WireRequest, Response};

use crate::register_map::{BaseAddresses, BlockId, ORDER_WORDS, STATUS_WORDS};
use crate::request::{Request, Span};

mod backoff;
mod dial;
mod fault;
mod guard;

pub use backoff::Backoff;
pub use dial::{Dial, TcpDial};
pub use fault::{Asked, Consequence, Exception, Function, LinkError, LinkFault, Registers};
pub use guard::FrameFault;

pub(crate) use backoff::Attempts;
use guard::Guard;

/// The most registers of one read: a limit of Modbus.
pub const MOST_READ: u16 = 125;
/// The most registers of one write: a limit of Modbus.
pub const MOST_WRITTEN: u16 = 123;
/// Failures of function 23 in a row after which a PLC that once had it is taken to have it no more.
const STRIKES: u8 = 2;

/// No deadline or wait of a configuration is longer: one day, in microseconds.
const LONGEST_WAIT: u64 = 86_400_000_000;

const _: () = assert!(ORDER_WORDS <= MOST_WRITTEN as usize && STATUS_WORDS <= MOST_READ as usize);

/// The unit id that requests carry and answers must repeat. PLCs behind a gateway need it, others ignore it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UnitId(u8);

impl UnitId {
    /// Wraps a unit id. Some gateways answer to 255 only; that is configuration.
    pub const fn new(id: u8) -> Self {
        Self(id)
    }

    /// The bare number.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl Default for UnitId {
    /// 1.
    fn default() -> Self {
        Self(1)
    }
}

impl fmt::Display for UnitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Whether function 23, write and read in one request, is tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Function23 {
    /// Once, while no session is open; used when it answered right.
    #[default]
    Probe,
    /// Never: always function 16, then 3.
    Never,
}

/// How a link talks to its PLC.
///
/// ```
/// use sorter_core::units::Micros;
/// use sorter_plc::link::{LinkConfig, UnitId};
///
/// let config = LinkConfig { unit: UnitId::new(17), ..LinkConfig::default() };
/// assert_eq!(config.deadline, Micros::from_millis(100));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct LinkConfig {
    /// The unit id. Default 1.
    pub unit: UnitId,
    /// Where the blocks begin. Default: the addresses of the contract.
    pub bases: BaseAddresses,
    /// Time for one transaction, from the first byte sent to the last byte of the answer; single bytes do
    /// not extend it. Default 100 ms.
    pub deadline: Micros,
    /// Time for opening a connection. Default 1 s.
    pub connect_timeout: Micros,
    /// Waits between attempts to connect. Default 50 ms doubling to 2 s.
    pub backoff: Backoff,
    /// Whether function 23 is tried. Default: probed.
    pub function_23: Function23,
}

impl Default for LinkConfig {
    fn default() -> Self {
        Self {
            unit: UnitId::default(),
            bases: BaseAddresses::default(),
            deadline: Micros::from_millis(100),
            connect_timeout: Micros::from_secs(1),
            backoff: Backoff::default(),
            function_23: Function23::default(),
        }
    }
}

/// What is known of function 23; it outlives connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ReadWrite {
    Unknown,
    /// Present, with this many failures since it last answered right.
    Present(u8),
    Absent,
}

/// One link: one connection at a time, one request in flight.
///
/// Its futures need a tokio runtime with time (and I/O for TCP); paused time works.
pub struct Link<D> {
    dial: D,
    config: LinkConfig,
    client: Option<Box<dyn Client>>,
    attempts: Attempts,
    read_write: ReadWrite,
    /// One timer for the life of the link: moving its deadline further away costs no entry in the wheel.
    timer: Option<Pin<Box<Sleep>>>,
}

impl<D> fmt::Debug for Link<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("unit", &self.config.unit)
            .field("connected", &self.client.is_some())
            .field("read_write", &self.read_write)
            .finish_non_exhaustive()
    }
}

impl<D: Dial> Link<D> {
    /// A link that is not connected yet. The seed spreads the back-off: give each link another one.
    pub fn new(dial: D, config: LinkConfig, jitter_seed: u64) -> Self {
        let read_write = match config.function_23 {
            Function23::Probe => ReadWrite::Unknown,
            Function23::Never => ReadWrite::Absent,
        };
        let attempts = Attempts::new(config.backoff, jitter_seed);
        Self { dial, config, client: None, attempts, read_write, timer: None }
    }

    /// The configuration.
    pub fn config(&self) -> &LinkConfig {
        &self.config
    }

    /// Whether there is a connection. Only a right answer shows that the PLC behind it lives.
    pub fn is_connected(&self) -> bool {
        self.client.is_some()
    }

    /// Whether cycles go as function 23: the probe found it and it has not failed since.
    pub fn uses_function_23(&self) -> bool {
        matches!(self.read_write, ReadWrite::Present(_))
    }

    /// Opens a connection, after the wait that the attempts since the last one that worked ask for. An open
    /// connection is closed first.
    ///
    /// # Errors
    ///
    /// [`LinkFault::Connect`] or [`LinkFault::ConnectTimeout`]; calling again waits longer.
    pub async fn connect(&mut self) -> Result<(), LinkError> {
        self.client = None;
        self.attempts.connecting();
        self.back_off().await;
        let timeout = self.config.connect_timeout;
        let timer = armed(&mut self.timer, timeout);
        let dialled = tokio::select! {
            biased;
            dialled = self.dial.dial() => dialled.map_err(LinkFault::Connect),
            () = timer => Err(LinkFault::ConnectTimeout(timeout)),
        };
        let unit = self.config.unit;
        let stream = dialled.map_err(|fault| LinkError { unit, asked: None, fault })?;
        self.client = Some(tcp::attach_slave(Guard::new(stream), Slave(unit.get())).into());
        Ok(())
    }

    /// Waits as long as the failures in a row ask for; the first time not at all. What to do after
    /// [`Consequence::BackOff`]; [`Link::connect`] does it itself.
    pub async fn back_off(&mut self) {
        let wait = self.attempts.next_wait();
        if wait > Micros::ZERO {
            armed(&mut self.timer, wait).await;
        }
    }

    /// Closes the connection, if there is one.
    pub fn disconnect(&mut self) {
        self.client = None;
    }

    /// Carries out one request; `answer` then holds exactly the words that it reads.
    ///
    /// A [`Request::Cycle`] is one function 23 where the probe found it, else function 16, then 3. After an
    /// error `answer` is empty. Dropping the future closes the connection.
    ///
    /// # Errors
    ///
    /// See [`LinkFault`]; [`LinkError::consequence`] tells what to do. After anything but a clean exception
    /// (and a request outside the limits, which is not sent) the connection is closed when this returns.
    pub async fn request(&mut self, request: &Request<'_>, answer: &mut Vec<u16>) -> Result<(), LinkError> {
        answer.clear();
        let words = match *request {
            Request::Read(span) => self.read(span).await,
            Request::Cycle { order, may_probe } => self.cycle(order, may_probe).await,
        }?;
        self.attempts.answered();
        *answer = words;
        Ok(())
    }

    async fn cycle(&mut self, order: &[u16; ORDER_WORDS], may_probe: bool) -> Result<Vec<u16>, LinkError> {
        let probing = may_probe && self.read_write == ReadWrite::Unknown;
        if probing || self.uses_function_23() {
            let outcome = self.read_write(order).await;
            self.learn(probing, outcome.as_ref().err());
            match outcome {
                // An exception says that nothing was written: the older functions can do it at once.
                Err(error) if self.is_connected() && self.read_write == ReadWrite::Absent => drop(error),
                outcome => return outcome,
            }
        }
        self.write(order).await?;
        self.read(STATUS).await
    }

    /// Draws the conclusion about function 23 from its outcome.
    fn learn(&mut self, probing: bool, error: Option<&LinkError>) {
        let illegal = |error: &LinkError| {
            matches!(error.fault, LinkFault::Exception(Exception::ILLEGAL_FUNCTION)) || probing
        };
        self.read_write = match (error, self.read_write) {
            (None, _) => ReadWrite::Present(0),
            (Some(error), _) if illegal(error) => ReadWrite::Absent,
            // Other exceptions are about the registers or the moment, not about the function.
            (Some(_), known) if self.client.is_some() => known,
            // A PLC that was exchanged may be silent on it: reads go through and each cycle ends the link.
            (Some(_), ReadWrite::Present(strikes)) if strikes + 1 < STRIKES => {
                ReadWrite::Present(strikes + 1)
            }
            (Some(_), _) => ReadWrite::Absent,
        };
    }

    async fn read_write(&mut self, order: &[u16; ORDER_WORDS]) -> Result<Vec<u16>, LinkError> {
        let asked = self.asked(Function::READ_WRITE, STATUS)?;
        let Registers { address, count } = asked.registers;
        let to = self.config.bases.order;
        let wire = WireRequest::ReadWriteMultipleRegisters(address, count, to, Cow::Borrowed(order));
        self.transact(asked, wire, |response| match response {
            Response::ReadWriteMultipleRegisters(words) => of_length(words, count),
            other => Err(LinkFault::Function { received: Function::new(other.function_code().value()) }),
        })
        .await
    }

    async fn write(&mut self, order: &[u16; ORDER_WORDS]) -> Result<(), LinkError> {
        let asked = self.asked(Function::WRITE, ORDER)?;
        let expected = asked.registers;
        let wire = WireRequest::WriteMultipleRegisters(expected.address, Cow::Borrowed(order));
        self.transact(asked, wire, |response| match response {
            Response::WriteMultipleRegisters(address, count) => {
                let received = Registers { address, count };
                if received == expected { Ok(()) } else { Err(LinkFault::Echo { expected, received }) }
            }
            other => Err(LinkFault::Function { received: Function::new(other.function_code().value()) }),
        })
        .await
    }

    async fn read(&mut self, span: Span) -> Result<Vec<u16>, LinkError> {
        let asked = self.asked(Function::READ, span)?;
        let Registers { address, count } = asked.registers;
        let wire = WireRequest::ReadHoldingRegisters(address, count);
        self.transact(asked, wire, |response| match response {
            Response::ReadHoldingRegisters(words) => of_length(words, count),
            other => Err(LinkFault::Function { received: Function::new(other.function_code().value()) }),
        })
        .await
    }

    /// The registers of a span, when Modbus allows them.
    fn asked(&self, function: Function, span: Span) -> Result<Asked, LinkError> {
        let most = if function == Function::WRITE { MOST_WRITTEN } else { MOST_READ };
        let base = self.config.bases.of(span.block);
        let address = base.saturating_add(span.offset);
        let asked =
            Asked { function, block: span.block, registers: Registers { address, count: span.words } };
        let end = u32::from(base) + u32::from(span.offset) + u32::from(span.words);
        if (1..=most).contains(&span.words) && end <= 1 << 16 {
            Ok(asked)
        } else {
            Err(LinkError { unit: self.config.unit, asked: Some(asked), fault: LinkFault::Limit { most } })
        }
    }

    /// One transaction under its deadline. The client is put back only after a right answer or an exception.
    async fn transact<T>(
        &mut self,
        asked: Asked,
        request: WireRequest<'_>,
        accept: impl FnOnce(Response) -> Result<T, LinkFault>,
    ) -> Result<T, LinkError> {
        let failed = |fault| LinkError { unit: self.config.unit, asked: Some(asked), fault };
        let mut client = self.client.take().ok_or_else(|| failed(LinkFault::NotConnected))?;
        let timer = armed(&mut self.timer, self.config.deadline);
        let outcome = tokio::select! {
            biased;
            outcome = client.call(request) => outcome,
            () = timer => return Err(failed(LinkFault::Deadline(self.config.deadline))),
        };
        let accepted = match outcome {
            Ok(Ok(response)) => accept(response),
            Ok(Err(exception)) => Err(LinkFault::Exception(Exception::new(exception.into()))),
            Err(error) => Err(fault_of(error)),
        };
        if matches!(accepted, Ok(_) | Err(LinkFault::Exception(_))) {
            self.client = Some(client);
        }
        accepted.map_err(failed)
    }
}

/// The whole STATUS block.
const STATUS: Span = Span { block: BlockId::Status, offset: 0, words: STATUS_WORDS as u16 };
/// The whole ORDER block.
const ORDER: Span = Span { block: BlockId::Order, offset: 0, words: ORDER_WORDS as u16 };

fn of_length(words: Vec<u16>, expected: u16) -> Result<Vec<u16>, LinkFault> {
    if words.len() == usize::from(expected) {
        Ok(words)
    } else {
        Err(LinkFault::Length { expected, received: words.len() })
    }
}

/// The timer of a link, set to go off after `time`.
fn armed(timer: &mut Option<Pin<Box<Sleep>>>, time: Micros) -> Pin<&mut Sleep> {
    let at = Instant::now() + Duration::from_micros(time.get().min(LONGEST_WAIT));
    if let Some(set) = timer.as_mut() {
        set.as_mut().reset(at);
    }
    timer.get_or_insert_with(|| Box::pin(sleep_until(at))).as_mut()
}

fn fault_of(error: Error) -> LinkFault {
    match error {
        Error::Transport(error) => {
            let frame = error.get_ref().and_then(|inner| inner.downcast_ref::<FrameFault>());
            frame.copied().map_or_else(|| LinkFault::Transport(error), LinkFault::Frame)
        }
        Error::Protocol(ProtocolError::HeaderMismatch { message, .. }) => LinkFault::Header(message),
        Error::Protocol(ProtocolError::FunctionCodeMismatch { result, .. }) => {
            let code = match result {
                Ok(response) => response.function_code(),
                Err(ExceptionResponse { function, .. }) => function,
            };
            LinkFault::Function { received: Function::new(code.value()) }
        }
    }
}
