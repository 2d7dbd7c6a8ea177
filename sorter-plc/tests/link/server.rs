//! A pipe with a link at one end and a test at the other.

use std::io;
use std::time::Duration;

use sorter_plc::link::{Dial, Link, LinkConfig, LinkError, LinkFault, UnitId};
use sorter_plc::register_map::{BlockId, ORDER_WORDS};
use sorter_plc::request::{Request, Span};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::mpsc;
use tokio::time::Instant;

/// The unit that the links of these tests ask.
pub(crate) const UNIT: u8 = 17;

/// Opens a pipe at each dial and hands its far end to the test, or refuses as long as it is told to.
#[derive(Debug)]
pub(crate) struct PipeDial {
    ends: mpsc::Sender<DuplexStream>,
    refusals: usize,
    /// When each attempt was made.
    pub(crate) attempts: mpsc::Sender<Instant>,
}

impl Dial for PipeDial {
    type Stream = DuplexStream;

    async fn dial(&mut self) -> io::Result<DuplexStream> {
        self.attempts.send(Instant::now()).await.map_err(io::Error::other)?;
        if self.refusals > 0 {
            self.refusals -= 1;
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        let (near, far) = duplex(4096);
        self.ends.send(far).await.map_err(io::Error::other)?;
        Ok(near)
    }
}

/// The far ends.
pub(crate) struct Far {
    pub(crate) ends: mpsc::Receiver<DuplexStream>,
    pub(crate) attempts: mpsc::Receiver<Instant>,
}

/// A link that is not connected, refused so many times first, and the far ends of its connections.
pub(crate) fn link_refused(config: LinkConfig, refusals: usize) -> (Link<PipeDial>, Far) {
    let (ends, far_ends) = mpsc::channel(64);
    let (attempts, far_attempts) = mpsc::channel(1024);
    let config = LinkConfig { unit: UnitId::new(UNIT), ..config };
    let link = Link::new(PipeDial { ends, refusals, attempts }, config, 42);
    (link, Far { ends: far_ends, attempts: far_attempts })
}

/// A connected link with the far end of its first connection.
pub(crate) async fn connected(config: LinkConfig) -> (Link<PipeDial>, Far, Server) {
    let (mut link, mut far) = link_refused(config, 0);
    link.connect().await.unwrap();
    let server = far.next().await;
    (link, far, server)
}

impl Far {
    /// The server of the next connection.
    pub(crate) async fn next(&mut self) -> Server {
        Server { stream: self.ends.recv().await.unwrap() }
    }
}

/// A request as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) transaction: u16,
    pub(crate) unit: u8,
    pub(crate) function: u8,
    /// What follows the function.
    pub(crate) data: Vec<u8>,
}

/// The far end of one connection.
pub(crate) struct Server {
    pub(crate) stream: DuplexStream,
}

impl Server {
    /// The next request, or none when the connection was closed.
    pub(crate) async fn request(&mut self) -> Option<Asked> {
        let mut head = [0; 8];
        self.stream.read_exact(&mut head).await.ok()?;
        assert_eq!(head[2..4], [0, 0], "the protocol of a request");
        let length = usize::from(u16::from_be_bytes([head[4], head[5]]));
        let mut data = vec![0; length - 2];
        self.stream.read_exact(&mut data).await.ok()?;
        let transaction = u16::from_be_bytes([head[0], head[1]]);
        Some(Asked { transaction, unit: head[6], function: head[7], data })
    }

    /// Takes the next request, which must be of this function.
    pub(crate) async fn expect(&mut self, function: u8) -> Asked {
        let asked = self.request().await.unwrap();
        assert_eq!(asked.function, function);
        assert_eq!(asked.unit, UNIT);
        asked
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// Takes the next request and answers it.
    pub(crate) async fn answer(&mut self, function: u8, make: impl FnOnce(&Asked) -> Vec<u8>) {
        let asked = self.expect(function).await;
        let bytes = make(&asked);
        self.send(&bytes).await;
    }

    /// Whether the link has closed this connection, without having asked anything more.
    pub(crate) async fn is_closed(&mut self) -> bool {
        let mut byte = [0];
        matches!(self.stream.read(&mut byte).await, Ok(0))
    }
}

/// A frame in answer to a request: header, then these bytes.
pub(crate) fn frame(asked: &Asked, pdu: &[u8]) -> Vec<u8> {
    let mut bytes = asked.transaction.to_be_bytes().to_vec();
    bytes.extend([0, 0]);
    bytes.extend(u16::try_from(pdu.len() + 1).unwrap().to_be_bytes());
    bytes.push(asked.unit);
    bytes.extend(pdu);
    bytes
}

/// The right answer to a read (3) or a read and write (23): words that count up from `first`.
pub(crate) fn words(asked: &Asked, first: u16) -> Vec<u8> {
    let count = u16::from_be_bytes([asked.data[2], asked.data[3]]);
    words_of(asked, first, count)
}

/// Such an answer with another number of words.
pub(crate) fn words_of(asked: &Asked, first: u16, count: u16) -> Vec<u8> {
    let mut pdu = vec![asked.function, u8::try_from(count * 2).unwrap()];
    pdu.extend((first..first + count).flat_map(u16::to_be_bytes));
    frame(asked, &pdu)
}

/// The right answer to a write (16).
pub(crate) fn echo(asked: &Asked) -> Vec<u8> {
    let mut pdu = vec![16];
    pdu.extend(&asked.data[..4]);
    frame(asked, &pdu)
}

pub(crate) fn exception(asked: &Asked, code: u8) -> Vec<u8> {
    frame(asked, &[asked.function | 0x80, code])
}

/// The read of the whole STATUS block.
pub(crate) const STATUS: Request<'static> =
    Request::Read(Span { block: BlockId::Status, offset: 0, words: 121 });

pub(crate) const ORDER: [u16; ORDER_WORDS] = {
    let mut words = [0; ORDER_WORDS];
    let mut n = 0;
    while n < ORDER_WORDS {
        words[n] = 0x1000 + n as u16;
        n += 1;
    }
    words
};

pub(crate) const CYCLE: Request<'static> = Request::Cycle { order: &ORDER, may_probe: false };
pub(crate) const PROBE: Request<'static> = Request::Cycle { order: &ORDER, may_probe: true };

/// The words of [`words`].
pub(crate) fn counted(first: u16) -> Vec<u16> {
    (first..first + 121).collect()
}

/// Carries out one request while `serve` plays the server.
pub(crate) async fn exchange<F: Future>(
    link: &mut Link<PipeDial>,
    request: &Request<'_>,
    serve: F,
) -> (Result<Vec<u16>, LinkError>, F::Output) {
    let mut answer = vec![7];
    let (outcome, served) = tokio::join!(link.request(request, &mut answer), serve);
    if outcome.is_err() {
        assert!(answer.is_empty(), "words were given with an error");
    }
    (outcome.map(|()| answer), served)
}

/// Lets time pass, in which other tasks run.
pub(crate) async fn pass(time: Duration) {
    tokio::time::timeout(time, std::future::pending::<()>()).await.unwrap_err();
}

/// The link has closed its side after a fault, and a new connection works, with numbers that begin anew.
pub(crate) async fn starts_afresh(link: &mut Link<PipeDial>, far: &mut Far, old: &mut Server) {
    assert!(!link.is_connected());
    assert!(old.is_closed().await);
    let (outcome, ()) = exchange(link, &STATUS, async {}).await;
    assert!(matches!(outcome.unwrap_err().fault, LinkFault::NotConnected));
    link.connect().await.unwrap();
    let mut server = far.next().await;
    let (outcome, ()) = exchange(link, &STATUS, server.answer(3, |asked| words(asked, 500))).await;
    assert_eq!(outcome.unwrap(), counted(500));
}
