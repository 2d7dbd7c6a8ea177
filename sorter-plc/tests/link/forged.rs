//! A million answers, most of them forged, stale, cut or late: what has a wrong field is never taken.
//!
//! The oracle is the server itself. It knows whether the bytes that it sent for a request are exactly the right
//! answer, came while the link waited for it, and came alone. Only then may the link take it, and then it must.
//! `SORTER_FRAMES` and `SORTER_SEED` set another number and another seed.

use std::time::Duration;

use sorter_plc::link::{Link, LinkConfig, LinkFault};
use sorter_plc::register_map::BlockId;
use sorter_plc::request::{Request, Span};
use tokio::io::AsyncWriteExt;

use super::server::{
    Asked, Far, ORDER, PROBE, PipeDial, Server, connected, echo, exception, exchange, frame, pass,
};

/// The kinds of forgery, each with its name.
const KINDS: [(&str, Forge); 24] = [
    ("right", |draw, right, _| Sent::pieces(right.to_vec(), draw)),
    ("other transaction", |draw, right, _| Sent::with_word(right, 0, draw)),
    ("other protocol", |draw, right, _| Sent::with_word(right, 2, draw)),
    ("other length", |draw, right, _| Sent::with_word(right, 4, draw)),
    ("other unit", |draw, right, _| Sent::with_byte(right, 6, draw)),
    ("other function", |draw, right, _| Sent::with_byte(right, 7, draw)),
    ("other byte count or echo", |draw, right, _| Sent::with_byte(right, 8, draw)),
    ("other count of words", |draw, _, asked| Sent::once(words_of(asked, draw.below(126), draw))),
    ("bits of the head", |draw, right, _| {
        let mut bytes = right.to_vec();
        for _ in 0..=draw.below(3) {
            let place = usize::from(draw.below(9));
            bytes[place] ^= 1 << draw.below(8);
        }
        Sent::once(bytes)
    }),
    ("truncated", |draw, right, _| Sent::once(right[..draw.index(right.len())].to_vec())),
    ("truncated and closed", |draw, right, _| Sent {
        close: true,
        ..Sent::once(right[..draw.index(right.len())].to_vec())
    }),
    ("right and closed", |_, right, _| Sent { close: true, ..Sent::once(right.to_vec()) }),
    ("doubled at once", |_, right, _| Sent::once([right, right].concat())),
    ("doubled later", |_, right, _| Sent { after: right.to_vec(), ..Sent::once(right.to_vec()) }),
    ("answer to the next request", |_, right, asked| {
        let transaction = asked.transaction.wrapping_add(1);
        let next = [&transaction.to_be_bytes(), &right[2..]].concat();
        Sent { after: next, ..Sent::once(right.to_vec()) }
    }),
    ("something behind it", |draw, right, _| {
        let size = 1 + draw.index(20);
        Sent::once([right, &draw.bytes(size)].concat())
    }),
    ("halves swapped", |draw, right, _| {
        let (head, tail) = right.split_at(1 + draw.index(right.len() - 1));
        Sent::once([tail, head].concat())
    }),
    ("shifted", |draw, right, _| Sent::once(right[1 + draw.index(right.len() - 1)..].to_vec())),
    ("garbage", |draw, _, _| {
        let size = 1 + draw.index(299);
        Sent::once(draw.bytes(size))
    }),
    ("exception", |draw, _, asked| Sent::once(exception(asked, draw.byte()))),
    ("exception of another function", |draw, _, asked| {
        Sent::once(frame(asked, &[0x80 | draw.byte(), draw.byte()]))
    }),
    ("long exception", |draw, _, asked| {
        let size = 2 + draw.index(5);
        let data = draw.bytes(size);
        Sent::once(frame(asked, &[&[asked.function | 0x80], &data[..]].concat()))
    }),
    ("late", |_, right, _| Sent { late: true, ..Sent::once(right.to_vec()) }),
    ("too slow", |draw, right, _| {
        let cut = 1 + draw.index(right.len() - 1);
        let mut sent = Sent::once(right.to_vec());
        sent.cuts = vec![cut];
        sent.pause = Duration::from_millis(101 + u64::from(draw.below(400)));
        sent
    }),
];

type Forge = fn(&mut Draw, &[u8], &Asked) -> Sent;

/// What a server sends in answer to one request.
#[derive(Clone, Debug)]
struct Sent {
    bytes: Vec<u8>,
    /// Where the bytes are cut into pieces.
    cuts: Vec<usize>,
    /// Time before each piece but the first.
    pause: Duration,
    /// Sent after the answer was taken, before the next request.
    after: Vec<u8>,
    close: bool,
    /// Sent after the deadline.
    late: bool,
}

impl Sent {
    fn once(bytes: Vec<u8>) -> Self {
        Self { bytes, cuts: vec![], pause: Duration::ZERO, after: vec![], close: false, late: false }
    }

    /// In up to four pieces, well within the deadline.
    fn pieces(bytes: Vec<u8>, draw: &mut Draw) -> Self {
        let mut cuts: Vec<usize> = (0..draw.below(4)).map(|_| draw.index(bytes.len())).collect();
        cuts.sort_unstable();
        let pause = Duration::from_millis(u64::from(draw.below(20)));
        Self { cuts, pause, ..Self::once(bytes) }
    }

    fn with_byte(right: &[u8], place: usize, draw: &mut Draw) -> Self {
        let mut bytes = right.to_vec();
        bytes[place] = draw.byte();
        Self::once(bytes)
    }

    /// Often a word that is close to the right one.
    fn with_word(right: &[u8], place: usize, draw: &mut Draw) -> Self {
        let mut bytes = right.to_vec();
        let word = u16::from_be_bytes([bytes[place], bytes[place + 1]]);
        let other = if draw.below(2) == 0 {
            word.wrapping_add(draw.below(9)).wrapping_sub(4)
        } else {
            draw.below(u16::MAX)
        };
        bytes[place..place + 2].copy_from_slice(&other.to_be_bytes());
        Self::once(bytes)
    }
}

/// Numbers from a seed: xorshift64*.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, limit: u16) -> u16 {
        u16::try_from((self.next() >> 32) % u64::from(limit)).unwrap()
    }

    fn index(&mut self, limit: usize) -> usize {
        usize::from(self.below(u16::try_from(limit).unwrap()))
    }

    fn byte(&mut self) -> u8 {
        self.next().to_be_bytes()[0]
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.byte()).collect()
    }
}

/// An answer of so many words of anything.
fn words_of(asked: &Asked, count: u16, draw: &mut Draw) -> Vec<u8> {
    let mut pdu = vec![asked.function, u8::try_from(count * 2).unwrap()];
    pdu.extend(draw.bytes(usize::from(count) * 2));
    frame(asked, &pdu)
}

fn right_answer(asked: &Asked, draw: &mut Draw) -> Vec<u8> {
    if asked.function == 16 {
        return echo(asked);
    }
    words_of(asked, u16::from_be_bytes([asked.data[2], asked.data[3]]), draw)
}

/// What must come of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict {
    /// These bytes are its answer.
    Takes(Vec<u8>),
    /// It is this exception, and the connection stays.
    Exception(u8),
    /// It ends the connection.
    Drops,
}

/// Answers one transaction with a forgery and says what must come of it.
async fn forge(server: &mut Option<Server>, draw: &mut Draw, forge: Forge) -> (Verdict, Sent) {
    let open = server.as_mut().unwrap();
    let asked = open.request().await.unwrap();
    let right = right_answer(&asked, draw);
    let sent = forge(draw, &right, &asked);
    if sent.late {
        pass(Duration::from_millis(102 + u64::from(draw.below(300)))).await;
    }
    let mut from = 0;
    for to in sent.cuts.iter().copied().chain([sent.bytes.len()]) {
        if from > 0 && !sent.pause.is_zero() {
            pass(sent.pause).await;
        }
        // A link that has closed its end takes no more, and that is the point.
        let _ = open.stream.write_all(&sent.bytes[from..to]).await;
        from = to;
    }
    let in_time =
        !sent.late && sent.pause * u32::try_from(sent.cuts.len()).unwrap() < Duration::from_millis(100);
    let is_exception = sent.bytes.len() == 9
        && sent.bytes[..6] == [&right[..2], &[0, 0, 0, 3]].concat()
        && sent.bytes[6] == asked.unit
        && sent.bytes[7] == asked.function | 0x80;
    let verdict = match () {
        () if !in_time => Verdict::Drops,
        () if sent.bytes == right => Verdict::Takes(right),
        // It falls back to functions 16 and 3, and these are not answered.
        () if is_exception && asked.function == 23 && sent.bytes[8] == 1 => Verdict::Drops,
        () if is_exception => Verdict::Exception(sent.bytes[8]),
        // The words themselves are data: any of them are right as long as all fields around them are.
        () if asked.function != 16 && sent.bytes.len() == right.len() && sent.bytes[..9] == right[..9] => {
            Verdict::Takes(sent.bytes.clone())
        }
        () => Verdict::Drops,
    };
    if sent.close {
        *server = None;
    }
    (verdict, sent)
}

fn request(draw: &mut Draw) -> Request<'static> {
    match draw.below(3) {
        0 => Request::Cycle { order: &ORDER, may_probe: false },
        1 => Request::Read(Span { block: BlockId::Status, offset: 0, words: 121 }),
        _ => {
            Request::Read(Span { block: BlockId::Belt, offset: draw.below(500), words: 1 + draw.below(125) })
        }
    }
}

/// What happened so far.
#[derive(Debug, Default)]
struct Tally {
    frames: u64,
    taken: u64,
    exceptions: u64,
    dropped: u64,
    unasked: u64,
}

/// One connection that is forged at until it ends.
struct Run {
    link: Link<PipeDial>,
    far: Far,
    server: Option<Server>,
    draw: Draw,
    tally: Tally,
}

impl Run {
    /// Connects again, now and then with a new link that finds function 23.
    async fn connect(&mut self) {
        if self.draw.below(4) > 0 {
            self.link.connect().await.unwrap();
            self.server = Some(self.far.next().await);
            // Each attempt is told; nobody listens here.
            while self.far.attempts.try_recv().is_ok() {}
            return;
        }
        let (mut link, far, mut server) = connected(LinkConfig::default()).await;
        let serve = server.answer(23, |asked| right_answer(asked, &mut self.draw));
        exchange(&mut link, &PROBE, serve).await.0.unwrap();
        assert!(link.uses_function_23());
        (self.link, self.far, self.server) = (link, far, Some(server));
    }

    /// One request, of one or two transactions, each answered with a forgery.
    async fn step(&mut self) {
        if !self.link.is_connected() {
            self.connect().await;
        }
        let request = request(&mut self.draw);
        let mut kinds = String::new();
        let mut after = Vec::new();
        let mut verdict = Verdict::Drops;
        let in_two = matches!(request, Request::Cycle { .. }) && !self.link.uses_function_23();
        let transactions = if in_two { 2 } else { 1 };
        let serve = async {
            for n in 0..transactions {
                // The first half of a cycle is mostly right, so that the second has its share.
                let right_first = n + 1 < transactions && self.draw.below(4) > 0;
                let kind = if right_first { 0 } else { self.draw.index(KINDS.len()) };
                let (name, kind) = KINDS[kind];
                kinds.push_str(name);
                let (made, sent) = forge(&mut self.server, &mut self.draw, kind).await;
                self.tally.frames += 1;
                after = sent.after;
                verdict = made;
                if n + 1 < transactions && verdict == Verdict::Drops && !sent.close {
                    let open = self.server.as_mut().unwrap();
                    assert!(open.is_closed().await, "{kinds}: it went on after a wrong confirmation");
                }
                if n + 1 < transactions && (!matches!(verdict, Verdict::Takes(_)) || sent.close) {
                    // A right confirmation on a connection that is closed then leaves the read without an answer.
                    let taken = matches!(verdict, Verdict::Takes(_));
                    verdict = if taken { Verdict::Drops } else { verdict.clone() };
                    break;
                }
                if n + 1 < transactions && !after.is_empty() {
                    let open = self.server.as_mut().unwrap();
                    let _ = open.stream.write_all(&std::mem::take(&mut after)).await;
                    verdict = Verdict::Drops;
                    break;
                }
                kinds.push_str(", ");
            }
        };
        let (outcome, ()) = exchange(&mut self.link, &request, serve).await;
        let context = || format!("{request:?} answered with {kinds}: {outcome:?}");
        match &verdict {
            Verdict::Takes(bytes) => {
                self.tally.taken += 1;
                let words = outcome.as_ref().unwrap_or_else(|_| panic!("not taken: {}", context()));
                assert!(words.iter().flat_map(|word| word.to_be_bytes()).eq(bytes[9..].iter().copied()));
            }
            Verdict::Exception(code) => {
                self.tally.exceptions += 1;
                let fault = &outcome.as_ref().expect_err("an exception").fault;
                assert!(matches!(fault, LinkFault::Exception(it) if it.get() == *code), "{}", context());
                assert!(self.link.is_connected(), "{}", context());
            }
            Verdict::Drops => {
                self.tally.dropped += 1;
                let error = outcome.as_ref().err().unwrap_or_else(|| panic!("taken: {}", context()));
                assert!(!matches!(error.fault, LinkFault::Exception(_)), "{}", context());
                assert!(!self.link.is_connected(), "{}", context());
            }
        }
        self.send_unasked(&after).await;
    }

    /// Something comes between two requests, or the end of the connection: the next one must not even be written.
    async fn send_unasked(&mut self, bytes: &[u8]) {
        if !self.link.is_connected() || (bytes.is_empty() && self.server.is_some()) {
            return;
        }
        self.tally.unasked += 1;
        let mut server = self.server.take();
        if let Some(server) = &mut server {
            server.stream.write_all(bytes).await.unwrap();
        }
        let (outcome, ()) = exchange(&mut self.link, &request(&mut self.draw), async {}).await;
        let fault = outcome.unwrap_err().fault;
        assert!(!self.link.is_connected());
        if let Some(mut server) = server {
            assert!(matches!(fault, LinkFault::Frame(_)), "{fault}");
            assert!(server.is_closed().await, "nothing was written");
        } else {
            assert!(matches!(fault, LinkFault::Transport(_)), "{fault}");
        }
    }
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

#[tokio::test(start_paused = true)]
async fn takes_nothing_with_a_wrong_field_and_nothing_after_a_time_out() {
    let (frames, seed) = (setting("SORTER_FRAMES", 1_000_000), setting("SORTER_SEED", 20_261_123));
    println!("{frames} frames with SORTER_SEED={seed}");
    let (link, far, server) = connected(LinkConfig::default()).await;
    let draw = Draw(seed.max(1));
    let mut run = Run { link, far, server: Some(server), draw, tally: Tally::default() };
    while run.tally.frames < frames {
        run.step().await;
    }
    println!("{:?}", run.tally);
    let Tally { taken, exceptions, dropped, unasked, .. } = run.tally;
    assert!(
        [taken, exceptions, dropped, unasked].iter().all(|count| *count > frames / 200),
        "{:?}",
        run.tally
    );
}
