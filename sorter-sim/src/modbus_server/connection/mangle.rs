//! A request that a fault strikes, and what becomes of its answer.

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until};

use super::serving::{Verdict, WordsOfRequest, judge};
use super::{Ended, Outbox, duration};
use crate::modbus_server::faults::Strike;
use crate::modbus_server::frame::{
    FUNCTION_23, Frame, MAX_ANSWER_WORDS, MAX_FRAME_BYTES, READ, Request, put_exception,
};
use crate::modbus_server::{Exception, Function23, ModbusServer, RegisterBank, WireFault};

use sorter_core::units::Micros;

/// The shortest pause that the timer can make.
const SHORTEST_PAUSE: Micros = Micros::new(1_000);
/// The most bytes of rubbish instead of an answer.
const MOST_GARBAGE: u32 = 64;
/// The most bytes too many behind an answer.
const MOST_EXCESS: u32 = 8;
/// Where the unit stands in a frame.
const UNIT: usize = 6;
/// Where the low byte of the length stands in a frame.
const LENGTH: usize = 5;

impl<B: RegisterBank + ?Sized> ModbusServer<B> {
    pub(super) async fn serve_struck<S>(
        &self,
        stream: &mut S,
        frame: &Frame<'_>,
        outbox: &mut Outbox,
        mut strike: Strike,
    ) -> Result<(), Ended>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let begin = outbox.ready.len();
        match strike.fault {
            WireFault::Drop => return Ok(()),
            WireFault::Exception => {
                let exception = strike.exception();
                put_exception(&mut outbox.ready, self.answers_to(frame), frame.pdu[0], exception);
                return Ok(());
            }
            WireFault::Cut => return self.cut(stream, frame, outbox, &mut strike).await,
            WireFault::Tear => {
                self.send(stream, outbox).await?;
                self.serve_torn(frame, &mut outbox.ready, &mut strike).await?;
            }
            _ => self.serve_request(frame, &mut outbox.ready)?,
        }
        if begin < outbox.ready.len() {
            match strike.fault {
                WireFault::Delay => {
                    let late = outbox.ready.split_off(begin);
                    self.send(stream, outbox).await?;
                    sleep_until(Instant::now() + duration(strike.pause())).await;
                    outbox.ready = late;
                }
                WireFault::Split => {
                    let answer = outbox.ready.split_off(begin);
                    self.send(stream, outbox).await?;
                    self.dribble(stream, &answer, strike.pause()).await?;
                }
                WireFault::Reorder => {
                    outbox.held = outbox.ready.split_off(begin);
                    return Ok(());
                }
                fault => spoil(&mut outbox.ready, begin, fault, &mut strike),
            }
        }
        Ok(())
    }

    /// Cuts the connection before the request is served, after it, or in the middle of the answer.
    async fn cut<S>(
        &self,
        stream: &mut S,
        frame: &Frame<'_>,
        outbox: &mut Outbox,
        strike: &mut Strike,
    ) -> Result<(), Ended>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let (when, begin) = (strike.below(3), outbox.ready.len());
        if when > 0 {
            self.serve_request(frame, &mut outbox.ready)?;
        }
        let answer = u32::try_from(outbox.ready.len() - begin).unwrap_or(0);
        let part = if when > 1 { strike.below(answer) as usize } else { 0 };
        outbox.ready.truncate(begin + part);
        self.send(stream, outbox).await?;
        Err(Ended::Cut)
    }

    /// Sends an answer byte by byte, in about so much time; without pauses where those would be too short.
    async fn dribble<S>(&self, stream: &mut S, answer: &[u8], time: Micros) -> Result<(), Ended>
    where
        S: AsyncWrite + Unpin,
    {
        let pause = Micros::new(time.get() / answer.len().max(1) as u64);
        for byte in answer {
            self.write(stream, std::slice::from_ref(byte)).await?;
            if pause < SHORTEST_PAUSE {
                yield_now().await;
            } else {
                sleep_until(Instant::now() + duration(pause)).await;
            }
        }
        Ok(())
    }

    /// As [`ModbusServer::serve_request`], with a pause while the registers are copied.
    async fn serve_torn(
        &self,
        frame: &Frame<'_>,
        out: &mut Vec<u8>,
        strike: &mut Strike,
    ) -> Result<(), Ended> {
        let Verdict::Serve(request) = judge(&self.profile, frame.pdu) else {
            return self.serve_request(frame, out);
        };
        if let Err(exception) = self.perform_torn(&request, frame, out, strike).await {
            self.refuse(frame, exception, out);
        }
        Ok(())
    }

    async fn perform_torn(
        &self,
        request: &Request<'_>,
        frame: &Frame<'_>,
        out: &mut Vec<u8>,
        strike: &mut Strike,
    ) -> Result<(), Exception> {
        let to = self.answers_to(frame);
        let mut read = [0; MAX_ANSWER_WORDS];
        let mut room: WordsOfRequest = [0; MAX_FRAME_BYTES / 2];
        match *request {
            Request::Read { address, count } => {
                let read = &mut read[..usize::from(count)];
                self.read_torn(address, read, strike).await?;
                self.answer_words(out, to, READ, read);
            }
            Request::Write { address, words } => {
                self.write_torn(address, words.copy_to(&mut room), strike).await?;
                self.answer_write(out, to, address, words);
            }
            Request::WriteRead { read_address, read_count, write_address, words } => {
                let read = &mut read[..usize::from(read_count)];
                let written = words.copy_to(&mut room);
                if self.profile.function_23 == Function23::ReadFirst {
                    self.read_torn(read_address, read, strike).await?;
                    self.write_torn(write_address, written, strike).await?;
                } else {
                    self.write_torn(write_address, written, strike).await?;
                    self.read_torn(read_address, read, strike).await?;
                }
                self.answer_words(out, to, FUNCTION_23, read);
            }
            // One register is never torn.
            Request::WriteOne { .. } => drop(self.serve_request(frame, out)),
        }
        Ok(())
    }

    async fn read_torn(&self, address: u16, out: &mut [u16], strike: &mut Strike) -> Result<(), Exception> {
        let (first, second) = out.split_at_mut(seam(out.len(), strike));
        if first.is_empty() {
            return self.bank.borrow_mut().read(address, second);
        }
        self.bank.borrow_mut().read(address, first)?;
        sleep_until(Instant::now() + duration(strike.pause())).await;
        self.bank.borrow_mut().read(after(address, first), second)
    }

    async fn write_torn(&self, address: u16, words: &[u16], strike: &mut Strike) -> Result<(), Exception> {
        let (first, second) = words.split_at(seam(words.len(), strike));
        if first.is_empty() {
            return self.bank.borrow_mut().write(address, second);
        }
        self.bank.borrow_mut().write(address, first)?;
        sleep_until(Instant::now() + duration(strike.pause())).await;
        self.bank.borrow_mut().write(after(address, first), second)
    }
}

/// Where a copy of so many words is interrupted; 0 when there is nothing between two words.
fn seam(words: usize, strike: &mut Strike) -> usize {
    match u32::try_from(words) {
        Ok(words @ 2..) => strike.below(words - 1) as usize + 1,
        _ => 0,
    }
}

/// The address behind some words. Requests never go beyond the last register.
fn after(address: u16, words: &[u16]) -> u16 {
    address.wrapping_add(words.len() as u16)
}

/// Changes the bytes of an answer.
fn spoil(ready: &mut Vec<u8>, begin: usize, fault: WireFault, strike: &mut Strike) {
    let length = u32::try_from(ready.len() - begin).unwrap_or(0);
    match fault {
        WireFault::Duplicate => ready.extend_from_within(begin..),
        WireFault::Silence => ready.truncate(begin),
        WireFault::WrongTransaction => {
            let other = (strike.below(0xFFFF) + 1).to_be_bytes();
            ready[begin] ^= other[2];
            ready[begin + 1] ^= other[3];
        }
        WireFault::WrongUnit => ready[begin + UNIT] ^= strike.below(0xFF).to_be_bytes()[3] + 1,
        WireFault::WrongLength => match strike.below(3) {
            0 => ready[begin + LENGTH] ^= strike.below(0xFF).to_be_bytes()[3] + 1,
            1 => ready.truncate(begin + 1 + strike.below(length - 1) as usize),
            _ => {
                for _ in 0..=strike.below(MOST_EXCESS) {
                    ready.push(strike.byte());
                }
            }
        },
        WireFault::Garbage => {
            ready.truncate(begin);
            for _ in 0..=strike.below(MOST_GARBAGE) {
                ready.push(strike.byte());
            }
        }
        _ => {}
    }
}
