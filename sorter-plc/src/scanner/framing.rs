//! Telegrams out of a byte stream: where each begins and ends.
//!
//! A stream may be cut anywhere: however its bytes are split, the same telegrams and refusals come out.
//!
//! ```
//! use sorter_plc::scanner::{Deframer, Framing};
//!
//! let mut deframer = Deframer::new(Framing::stx_etx());
//! let mut input: &[u8] = b"\x0217;4711;1;LP263";
//! assert_eq!(deframer.next(&mut input), None);
//! let mut input: &[u8] = b"072004SG@210\x03\x02";
//! assert_eq!(deframer.next(&mut input), Some(Ok(&b"17;4711;1;LP263072004SG@210"[..])));
//! assert_eq!(deframer.next(&mut input), None);
//! ```

use thiserror::Error;

/// Start of text.
pub const STX: u8 = 0x02;
/// End of text.
pub const ETX: u8 = 0x03;
/// The longest telegram that a configuration may allow, in bytes between start and end.
pub const LONGEST_TELEGRAM: usize = 4_096;
/// The longest telegram where nothing else is configured: 8 codes of 64 bytes with their positions, and more
/// than enough for the fields before them.
pub const DEFAULT_LONGEST: usize = 1_024;

/// How the telegrams of a scanner stand in its byte stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Framing {
    start: Option<u8>,
    end: [u8; 2],
    end_length: usize,
    longest: usize,
}

/// Why a framing cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FramingError {
    /// No end, or one of more than two bytes.
    #[error("end of a telegram has {received} bytes, 1 or 2 are expected")]
    EndLength {
        /// The bytes of the end.
        received: usize,
    },
    /// A telegram would end where it begins.
    #[error("byte {0:#04x} cannot both start and end a telegram")]
    SameByte(u8),
    /// The longest telegram is empty or longer than the limit.
    #[error("longest telegram has {received} bytes, 1 to {LONGEST_TELEGRAM} are expected")]
    Longest {
        /// The bytes asked for.
        received: usize,
    },
}

impl Framing {
    /// STX in front of a telegram and ETX behind it, the default.
    pub const fn stx_etx() -> Self {
        Self { start: Some(STX), end: [ETX, 0], end_length: 1, longest: DEFAULT_LONGEST }
    }

    /// No start; CR LF behind a telegram.
    pub const fn cr_lf() -> Self {
        Self { start: None, end: *b"\r\n", end_length: 2, longest: DEFAULT_LONGEST }
    }

    /// No start; LF behind a telegram.
    pub const fn lf() -> Self {
        Self { start: None, end: [b'\n', 0], end_length: 1, longest: DEFAULT_LONGEST }
    }

    /// Any start byte or none, an end of one or two bytes, and the most bytes between them.
    ///
    /// # Errors
    /// See [`FramingError`].
    pub fn new(start: Option<u8>, end: &[u8], longest: usize) -> Result<Self, FramingError> {
        let end_length = end.len();
        let two = match *end {
            [one] => [one, 0],
            [first, second] => [first, second],
            _ => return Err(FramingError::EndLength { received: end_length }),
        };
        if let Some(start) = start.filter(|start| end.contains(start)) {
            return Err(FramingError::SameByte(start));
        }
        if longest == 0 || longest > LONGEST_TELEGRAM {
            return Err(FramingError::Longest { received: longest });
        }
        Ok(Self { start, end: two, end_length, longest })
    }

    /// The most bytes between start and end.
    pub const fn longest(&self) -> usize {
        self.longest
    }

    fn end(&self) -> &[u8] {
        &self.end[..self.end_length]
    }
}

impl Default for Framing {
    fn default() -> Self {
        Self::stx_etx()
    }
}

/// What came over the stream and is not a telegram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FrameRefusal {
    /// No end within the limit. What follows is skipped up to the next start, or the next end where
    /// telegrams have no start.
    #[error("telegram has no end within {limit} bytes")]
    TooLong {
        /// The longest telegram allowed.
        limit: usize,
    },
    /// The next telegram began before the end of this one.
    #[error("telegram was cut after {received} bytes by the start of the next one")]
    Cut {
        /// Bytes that had come of it.
        received: usize,
    },
    /// Bytes between telegrams, or the rest of one that was too long. CR and LF between telegrams are no
    /// offence.
    #[error("{received} bytes stand outside of any telegram")]
    Stray {
        /// How many; no more than the longest telegram at a time.
        received: usize,
    },
}

impl FrameRefusal {
    /// The bytes that were thrown away with it.
    pub const fn bytes(self) -> usize {
        match self {
            Self::TooLong { limit } => limit,
            Self::Cut { received } | Self::Stray { received } => received,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Between telegrams, waiting for a start.
    Outside,
    Inside,
    /// In a telegram without start that was too long, waiting for its end; with the byte before.
    Overrun(u8),
}

/// Cuts a byte stream into telegrams. Its memory is bounded by the longest telegram.
#[derive(Clone, Debug)]
pub struct Deframer {
    framing: Framing,
    place: Place,
    buffer: Vec<u8>,
    /// The buffer holds a telegram that was handed out.
    done: bool,
    stray: usize,
}

impl Deframer {
    /// At the begin of a stream.
    pub fn new(framing: Framing) -> Self {
        let mut new = Self {
            framing,
            place: Place::Outside,
            buffer: Vec::with_capacity(framing.longest + framing.end_length),
            done: false,
            stray: 0,
        };
        new.restart();
        new
    }

    /// Forgets what came of a telegram: another stream begins.
    pub fn restart(&mut self) {
        self.place = if self.framing.start.is_some() { Place::Outside } else { Place::Inside };
        self.buffer.clear();
        self.done = false;
        self.stray = 0;
    }

    /// Whether a part of a telegram has come.
    pub fn is_open(&self) -> bool {
        let begun = self.framing.start.is_some() || (!self.buffer.is_empty() && !self.done);
        self.place == Place::Inside && begun
    }

    /// Takes bytes from the front of `input` up to the next telegram or refusal. `None`: all were taken, and
    /// more are needed.
    pub fn next(&mut self, input: &mut &[u8]) -> Option<Result<&[u8], FrameRefusal>> {
        if std::mem::take(&mut self.done) {
            self.buffer.clear();
        }
        while let Some((byte, rest)) = input.split_first() {
            let starts = self.framing.start == Some(*byte);
            if starts && (self.stray > 0 || self.place == Place::Inside) {
                // The start itself is taken in the next call.
                return Some(Err(self.interrupted()));
            }
            *input = rest;
            if starts {
                self.place = Place::Inside;
                self.buffer.clear();
                continue;
            }
            match self.take(*byte) {
                None => {}
                Some(Err(refusal)) => return Some(Err(refusal)),
                Some(Ok(length)) => {
                    self.done = true;
                    return Some(Ok(&self.buffer[..length]));
                }
            }
        }
        None
    }

    /// What a start byte puts an end to.
    fn interrupted(&mut self) -> FrameRefusal {
        if self.stray > 0 {
            return FrameRefusal::Stray { received: std::mem::take(&mut self.stray) };
        }
        self.place = Place::Outside;
        let received = self.buffer.len();
        self.buffer.clear();
        FrameRefusal::Cut { received }
    }

    /// Takes a byte that is no start. Gives the length of the telegram that it ends.
    fn take(&mut self, byte: u8) -> Option<Result<usize, FrameRefusal>> {
        match self.place {
            Place::Outside => {
                self.stray += usize::from(!matches!(byte, b'\r' | b'\n'));
                if self.stray < self.framing.longest {
                    return None;
                }
                Some(Err(FrameRefusal::Stray { received: std::mem::take(&mut self.stray) }))
            }
            Place::Inside => self.take_inside(byte),
            Place::Overrun(before) => {
                let ends = match *self.framing.end() {
                    [first, second] => before == first && byte == second,
                    _ => byte == self.framing.end[0],
                };
                self.place = if ends { Place::Inside } else { Place::Overrun(byte) };
                self.stray += 1;
                if !ends && self.stray < self.framing.longest {
                    return None;
                }
                Some(Err(FrameRefusal::Stray { received: std::mem::take(&mut self.stray) }))
            }
        }
    }

    fn take_inside(&mut self, byte: u8) -> Option<Result<usize, FrameRefusal>> {
        self.buffer.push(byte);
        let end = self.framing.end();
        if self.buffer.ends_with(end) {
            let length = self.buffer.len() - end.len();
            if self.framing.start.is_some() {
                self.place = Place::Outside;
            }
            return Some(Ok(length));
        }
        let half_an_end = end.len() == 2 && byte == end[0];
        if self.buffer.len() - usize::from(half_an_end) <= self.framing.longest {
            return None;
        }
        self.buffer.clear();
        self.place = if self.framing.start.is_some() { Place::Outside } else { Place::Overrun(byte) };
        Some(Err(FrameRefusal::TooLong { limit: self.framing.longest }))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq)]
    enum Piece {
        Telegram(Vec<u8>),
        Refusal(FrameRefusal),
    }

    fn pieces(framing: Framing, stream: &[u8], splits: &[usize]) -> Vec<Piece> {
        let mut deframer = Deframer::new(framing);
        let mut pieces = Vec::new();
        let mut cuts: Vec<usize> = splits.iter().map(|cut| cut % (stream.len() + 1)).collect();
        cuts.extend([0, stream.len()]);
        cuts.sort_unstable();
        for cut in cuts.windows(2) {
            let mut input = &stream[cut[0]..cut[1]];
            while let Some(piece) = deframer.next(&mut input) {
                pieces.push(match piece {
                    Ok(telegram) => Piece::Telegram(telegram.to_vec()),
                    Err(refusal) => Piece::Refusal(refusal),
                });
            }
            assert!(input.is_empty());
        }
        pieces
    }

    fn telegrams(framing: Framing, stream: &[u8]) -> Vec<Vec<u8>> {
        let telegram = |piece| match piece {
            Piece::Telegram(telegram) => Some(telegram),
            Piece::Refusal(_) => None,
        };
        pieces(framing, stream, &[]).into_iter().filter_map(telegram).collect()
    }

    /// The whole stream at once: what stands between a start and the next end, if no start and not too much
    /// is between them.
    fn naive(framing: Framing, stream: &[u8]) -> Vec<Vec<u8>> {
        let end = framing.end();
        let next_end = |from: usize| (from..stream.len()).find(|at| stream[*at..].starts_with(end));
        let mut found = Vec::new();
        let mut at = 0;
        while at < stream.len() {
            if let Some(start) = framing.start {
                let Some(begin) = (at..stream.len()).find(|at| stream[*at] == start) else { break };
                let Some(stop) = next_end(begin) else { break };
                let next = (begin + 1..stop).find(|at| stream[*at] == start);
                at = begin + 1;
                if next.is_none() && stop - at <= framing.longest {
                    found.push(stream[at..stop].to_vec());
                }
            } else {
                let Some(stop) = next_end(at) else { break };
                if stop - at <= framing.longest {
                    found.push(stream[at..stop].to_vec());
                }
                at = stop + end.len();
            }
        }
        found
    }

    fn framings() -> [Framing; 4] {
        let odd = Framing::new(Some(b'S'), b"\r\n", 5).unwrap();
        let short = |framing| Framing { longest: 5, ..framing };
        [short(Framing::stx_etx()), short(Framing::cr_lf()), short(Framing::lf()), odd]
    }

    proptest! {
        #[test]
        fn any_split_gives_what_a_search_in_the_whole_stream_finds(
            stream in prop::collection::vec(
                prop::sample::select(b"ABS\x02\x03\r\n;".to_vec()), 0..60),
            splits in prop::collection::vec(any::<usize>(), 0..12),
        ) {
            for framing in framings() {
                prop_assert_eq!(pieces(framing, &stream, &splits), pieces(framing, &stream, &[]));
                prop_assert_eq!(telegrams(framing, &stream), naive(framing, &stream));
            }
        }
    }

    #[test]
    fn a_telegram_that_is_too_long_costs_nothing_but_itself() {
        let [with_start, without, ..] = framings();
        let stream = b"\x02123456789\x03\x02ok\x03";
        let limit = 5;
        let expected = [
            Piece::Refusal(FrameRefusal::TooLong { limit }),
            Piece::Refusal(FrameRefusal::Stray { received: 4 }),
            Piece::Telegram(b"ok".to_vec()),
        ];
        assert_eq!(pieces(with_start, stream, &[3]), expected);
        assert_eq!(telegrams(without, b"123456789\r\nok\r\n12345\r\n"), [&b"ok"[..], b"12345"]);
    }

    #[test]
    fn a_start_within_a_telegram_cuts_it() {
        let expected = [Piece::Refusal(FrameRefusal::Cut { received: 3 }), Piece::Telegram(b"17".to_vec())];
        assert_eq!(pieces(Framing::stx_etx(), b"\x02123\x0217\x03", &[2, 4]), expected);
        assert_eq!(
            FrameRefusal::Cut { received: 3 }.to_string(),
            "telegram was cut after 3 bytes by the start of the next one"
        );
    }

    #[test]
    fn rubbish_without_end_is_told_again_and_again() {
        for framing in framings() {
            let told: usize = pieces(framing, &[b'A'; 100], &[])
                .iter()
                .map(|piece| match piece {
                    Piece::Refusal(refusal) => refusal.bytes(),
                    Piece::Telegram(_) => panic!("no telegram"),
                })
                .sum();
            assert!((90..=100).contains(&told), "{told} of 100 bytes under {framing:?}");
        }
    }

    #[test]
    fn line_ends_between_telegrams_are_no_offence() {
        let expected = [Piece::Telegram(b"1".to_vec()), Piece::Telegram(b"2".to_vec())];
        assert_eq!(pieces(Framing::stx_etx(), b"\x021\x03\r\n\x022\x03\r\n", &[]), expected);
    }

    #[test]
    fn a_framing_that_cannot_work_is_refused() {
        assert_eq!(Framing::new(None, b"", 10), Err(FramingError::EndLength { received: 0 }));
        assert_eq!(Framing::new(Some(3), b"\x03", 10), Err(FramingError::SameByte(3)));
        assert_eq!(
            Framing::new(None, b"\n", 4_097).unwrap_err().to_string(),
            "longest telegram has 4097 bytes, 1 to 4096 are expected"
        );
    }
}
