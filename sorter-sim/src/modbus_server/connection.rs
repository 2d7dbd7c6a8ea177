//! One connection: requests in, answers out.

mod mangle;
mod serving;

use std::cell::{Cell, RefCell};
use std::io;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use sorter_core::units::Micros;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::frame::{Frame, FrameBuffer, FrameError};
use super::{Answering, Pipelining, RegisterBank, ServerCounters, ServerProfile, WireFaults};

/// A server over any stream. Clones serve the same registers and count together.
///
/// See the [module](super) for an example.
#[derive(Debug)]
pub struct ModbusServer<B: ?Sized> {
    pub(super) bank: Rc<RefCell<B>>,
    pub(super) profile: ServerProfile,
    pub(super) faults: Rc<WireFaults>,
    pub(super) counters: Rc<RefCell<ServerCounters>>,
    /// Where the grid of the PLC scans begins: when the first connection came.
    begun: Rc<Cell<Option<Instant>>>,
}

impl<B: ?Sized> Clone for ModbusServer<B> {
    fn clone(&self) -> Self {
        Self {
            bank: Rc::clone(&self.bank),
            profile: self.profile,
            faults: Rc::clone(&self.faults),
            counters: Rc::clone(&self.counters),
            begun: Rc::clone(&self.begun),
        }
    }
}

/// How a connection ended.
#[derive(Debug)]
pub enum Ended {
    /// The client closed it.
    Closed,
    /// Nothing came for the idle time of the profile, or the client took no answer for as long.
    Idle,
    /// What came is no Modbus/TCP.
    Malformed(FrameError),
    /// The profile resets the connection at such a request.
    Reset,
    /// A fault cut it.
    Cut,
    /// The stream failed.
    Io(io::Error),
}

/// What a connection has to send.
#[derive(Debug, Default)]
struct Outbox {
    /// Answers that go out with the next write.
    ready: Vec<u8>,
    /// An answer that a fault holds back until after the next one.
    held: Vec<u8>,
}

impl<B: RegisterBank + ?Sized> ModbusServer<B> {
    /// A server for a bank.
    pub fn new(bank: Rc<RefCell<B>>, profile: ServerProfile, faults: Rc<WireFaults>) -> Self {
        Self { bank, profile, faults, counters: Rc::default(), begun: Rc::default() }
    }

    /// What happened so far, over all connections and clones.
    pub fn counters(&self) -> ServerCounters {
        *self.counters.borrow()
    }

    /// The faults, to be changed while it runs.
    pub fn faults(&self) -> &Rc<WireFaults> {
        &self.faults
    }

    /// Serves one stream until it ends.
    ///
    /// Each connection needs a task of its own: a slow client holds up nobody but itself. Bytes are read into one
    /// fixed buffer, and all that can be answered at once goes out in one write.
    pub async fn serve_stream<S>(&self, stream: &mut S) -> Ended
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        if self.faults.link_is_down() {
            self.counters.borrow_mut().turned_away += 1;
            return Ended::Cut;
        }
        self.counters.borrow_mut().connections += 1;
        let cut = pin!(self.faults.cut().notified());
        let ended = tokio::select! {
            biased;
            () = cut => Ended::Cut,
            ended = self.talk(stream) => ended,
        };
        let mut counters = self.counters.borrow_mut();
        match &ended {
            Ended::Idle => counters.idle_closed += 1,
            Ended::Malformed(_) => counters.malformed += 1,
            Ended::Reset | Ended::Cut => counters.cut += 1,
            Ended::Closed | Ended::Io(_) => {}
        }
        ended
    }

    async fn talk<S>(&self, stream: &mut S) -> Ended
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut inbox = FrameBuffer::new();
        let mut outbox = Outbox::default();
        loop {
            let served = self.serve_waiting(stream, &mut inbox, &mut outbox).await;
            // What was answered before the end is still sent.
            let sent = self.send(stream, &mut outbox).await;
            if let Err(ended) = served.and(sent) {
                return ended;
            }
            let read = self.within_idle_time(stream.read(inbox.space())).await;
            match read {
                Ok(0) => return Ended::Closed,
                Ok(count) => inbox.filled(count),
                Err(ended) => return ended,
            }
        }
    }

    /// Serves every whole request that has come.
    async fn serve_waiting<S>(
        &self,
        stream: &mut S,
        inbox: &mut FrameBuffer,
        outbox: &mut Outbox,
    ) -> Result<(), Ended>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        while let Some(frame) = inbox.next_frame().map_err(Ended::Malformed)? {
            self.counters.borrow_mut().requests += 1;
            self.serve_one(stream, &frame, outbox).await?;
            if self.profile.pipelining == Pipelining::FirstOnly && inbox.waiting() > 0 {
                while let Ok(Some(_)) = inbox.next_frame() {
                    self.counters.borrow_mut().lost_pipelined += 1;
                }
                inbox.clear();
            }
        }
        Ok(())
    }

    async fn serve_one<S>(&self, stream: &mut S, frame: &Frame<'_>, outbox: &mut Outbox) -> Result<(), Ended>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        if self.profile.unit.is_some_and(|own| own != frame.header.unit) {
            self.counters.borrow_mut().foreign_units += 1;
            return Ok(());
        }
        if let Some(turn) = self.turn() {
            self.send(stream, outbox).await?;
            sleep_until(turn).await;
        }
        let begin = outbox.ready.len();
        let overtaken = std::mem::take(&mut outbox.held);
        match self.faults.strike() {
            None => self.serve_request(frame, &mut outbox.ready)?,
            Some(strike) => self.serve_struck(stream, frame, outbox, strike).await?,
        }
        if self.profile.pipelining == Pipelining::Reversed && begin <= outbox.ready.len() {
            let answer = outbox.ready.len() - begin;
            outbox.ready.rotate_right(answer);
        }
        outbox.ready.extend(overtaken);
        Ok(())
    }

    /// When the profile serves a request that is here now; `None` for at once.
    fn turn(&self) -> Option<Instant> {
        match self.profile.answering {
            Answering::AtOnce => None,
            Answering::After(time) => Some(Instant::now() + duration(time)),
            Answering::AtScan(period) => {
                let now = Instant::now();
                let begun = self.begun.get().unwrap_or(now);
                self.begun.set(Some(begun));
                let period = duration(period).max(Duration::from_micros(1)).as_nanos();
                let next = (now.duration_since(begun).as_nanos() / period + 1) * period;
                Some(begun + Duration::from_nanos(u64::try_from(next).unwrap_or(u64::MAX)))
            }
        }
    }

    /// Sends what is ready.
    async fn send<S>(&self, stream: &mut S, outbox: &mut Outbox) -> Result<(), Ended>
    where
        S: AsyncWrite + Unpin,
    {
        if outbox.ready.is_empty() {
            return Ok(());
        }
        let sent = self.write(stream, &outbox.ready).await;
        outbox.ready.clear();
        sent
    }

    async fn write<S>(&self, stream: &mut S, bytes: &[u8]) -> Result<(), Ended>
    where
        S: AsyncWrite + Unpin,
    {
        self.within_idle_time(async {
            stream.write_all(bytes).await?;
            stream.flush().await
        })
        .await
    }

    async fn within_idle_time<T>(&self, io: impl Future<Output = io::Result<T>>) -> Result<T, Ended> {
        match self.profile.idle_close {
            None => io.await.map_err(Ended::Io),
            Some(idle) => match timeout_at(Instant::now() + duration(idle), io).await {
                Ok(done) => done.map_err(Ended::Io),
                Err(_) => Err(Ended::Idle),
            },
        }
    }
}

pub(super) const fn duration(time: Micros) -> Duration {
    Duration::from_micros(time.get())
}
