//! What a request does to the registers, and its answer.

use crate::modbus_server::connection::Ended;
use crate::modbus_server::frame::{
    FUNCTION_23, Frame, Header, MAX_ANSWER_WORDS, MAX_FRAME_BYTES, READ, Request, WRITE, WRITE_ONE, Words,
    put_echo, put_exception, put_words,
};
use crate::modbus_server::{
    Echo16, Exception, Function23, ModbusServer, RegisterBank, ServerProfile, UnknownFunction,
};

/// What is to be done about a frame.
pub(super) enum Verdict<'a> {
    Serve(Request<'a>),
    Refuse(Exception),
    Ignore,
    Reset,
}

/// Room for the words of one request.
pub(super) type WordsOfRequest = [u16; MAX_FRAME_BYTES / 2];

impl<B: RegisterBank + ?Sized> ModbusServer<B> {
    /// Does what a frame asks and appends the answer, if there is one.
    pub(super) fn serve_request(&self, frame: &Frame<'_>, out: &mut Vec<u8>) -> Result<(), Ended> {
        let result = match judge(&self.profile, frame.pdu) {
            Verdict::Serve(request) => self.perform(&request, self.answers_to(frame), out),
            Verdict::Refuse(exception) => Err(exception),
            Verdict::Ignore => Ok(()),
            Verdict::Reset => return Err(Ended::Reset),
        };
        if let Err(exception) = result {
            self.refuse(frame, exception, out);
        }
        Ok(())
    }

    /// Appends an exception of the server's own.
    pub(super) fn refuse(&self, frame: &Frame<'_>, exception: Exception, out: &mut Vec<u8>) {
        self.counters.borrow_mut().exceptions += 1;
        put_exception(out, self.answers_to(frame), frame.pdu[0], exception);
    }

    /// The header of the answer to a frame.
    pub(super) fn answers_to(&self, frame: &Frame<'_>) -> Header {
        let Header { transaction, unit } = frame.header;
        Header { transaction, unit: self.profile.unit_echo.unwrap_or(unit) }
    }

    fn perform(&self, request: &Request<'_>, to: Header, out: &mut Vec<u8>) -> Result<(), Exception> {
        let mut bank = self.bank.borrow_mut();
        let mut read = [0; MAX_ANSWER_WORDS];
        match *request {
            Request::Read { address, count } => {
                let read = &mut read[..usize::from(count)];
                bank.read(address, read)?;
                self.answer_words(out, to, READ, read);
            }
            Request::WriteOne { address, value } => {
                bank.write(address, &[value])?;
                put_echo(out, to, WRITE_ONE, address, value);
            }
            Request::Write { address, words } => {
                bank.write(address, words.copy_to(&mut [0; MAX_FRAME_BYTES / 2]))?;
                self.answer_write(out, to, address, words);
            }
            Request::WriteRead { read_address, read_count, write_address, words } => {
                let read = &mut read[..usize::from(read_count)];
                let mut room: WordsOfRequest = [0; MAX_FRAME_BYTES / 2];
                let written = words.copy_to(&mut room);
                if self.profile.function_23 == Function23::ReadFirst {
                    bank.read(read_address, read)?;
                    bank.write(write_address, written)?;
                } else {
                    bank.write(write_address, written)?;
                    bank.read(read_address, read)?;
                }
                self.answer_words(out, to, FUNCTION_23, read);
            }
        }
        Ok(())
    }

    pub(super) fn answer_words(&self, out: &mut Vec<u8>, to: Header, function: u8, words: &[u16]) {
        let most = self.profile.short_reply.map_or(words.len(), usize::from);
        put_words(out, to, function, &words[..words.len().min(most)]);
    }

    pub(super) fn answer_write(&self, out: &mut Vec<u8>, to: Header, address: u16, words: Words<'_>) {
        let count = u16::try_from(words.len()).expect("a frame has room for 126 words");
        let (address, count) = match self.profile.echo_16 {
            Echo16::Right => (address, count),
            Echo16::WrongAddress => (address.wrapping_add(1), count),
            Echo16::WrongCount => (address, count.wrapping_sub(1)),
        };
        put_echo(out, to, WRITE, address, count);
    }
}

/// Decides what is to be done about a frame: function, form, quantity and range, in this order.
pub(super) fn judge<'a>(profile: &ServerProfile, pdu: &'a [u8]) -> Verdict<'a> {
    if pdu[0] == FUNCTION_23 {
        match profile.function_23 {
            Function23::WriteFirst | Function23::ReadFirst => {}
            Function23::Exception01 => return Verdict::Refuse(Exception::IllegalFunction),
            Function23::Exception03 => return Verdict::Refuse(Exception::IllegalValue),
            Function23::Silent => return Verdict::Ignore,
            Function23::Reset => return Verdict::Reset,
        }
    }
    let request = match Request::parse(pdu) {
        Ok(request) => request,
        Err(Exception::IllegalFunction) => {
            return match profile.unknown_function {
                UnknownFunction::Exception01 => Verdict::Refuse(Exception::IllegalFunction),
                UnknownFunction::Silent => Verdict::Ignore,
                UnknownFunction::Reset => Verdict::Reset,
            };
        }
        Err(exception) => return Verdict::Refuse(exception),
    };
    let readable = |address: u16, count: u16| {
        let most = profile.max_read.min(MAX_ANSWER_WORDS as u16);
        within(address, usize::from(count), most)
    };
    let allowed = match request {
        Request::Read { address, count } => readable(address, count),
        Request::WriteOne { .. } => Ok(()),
        Request::Write { address, words } => within(address, words.len(), profile.max_write),
        Request::WriteRead { read_address, read_count, write_address, words } => {
            readable(read_address, read_count).and(within(write_address, words.len(), profile.max_write_23))
        }
    };
    allowed.map_or_else(Verdict::Refuse, |()| Verdict::Serve(request))
}

/// Whether so many registers may be asked for at an address.
fn within(address: u16, count: usize, most: u16) -> Result<(), Exception> {
    if count == 0 || count > usize::from(most) {
        return Err(Exception::IllegalValue);
    }
    if usize::from(address) + count > 1 << 16 {
        return Err(Exception::IllegalAddress);
    }
    Ok(())
}
