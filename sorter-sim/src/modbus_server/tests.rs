mod faults;
mod line;
mod profiles;
mod sockets;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, duplex};
use tokio::task::{JoinHandle, LocalSet, spawn_local};
use tokio::time::timeout;

use super::*;

/// Longer than any answer takes, in virtual time.
const LONG: Duration = Duration::from_secs(5);

/// Reads two registers from 4 on.
const READ_TWO: [u8; 5] = [3, 0, 4, 0, 2];
/// Writes 7 to register 4.
const WRITE_SEVEN: [u8; 8] = [16, 0, 4, 0, 1, 2, 0, 7];
/// Writes 7 to register 4 and reads it.
const WRITE_AND_READ: [u8; 12] = [23, 0, 4, 0, 1, 0, 4, 0, 1, 2, 0, 7];

/// A server with a client at the other end of an in-memory stream.
struct Rig {
    bank: Rc<RefCell<PlainRegisters>>,
    server: ModbusServer<PlainRegisters>,
    client: DuplexStream,
    ended: JoinHandle<Ended>,
}

impl Rig {
    /// Register n holds n. Needs a local set.
    fn new(profile: ServerProfile, faults: Rc<WireFaults>) -> Self {
        let bank = Rc::new(RefCell::new(PlainRegisters::new(200)));
        (0..).zip(bank.borrow_mut().words_mut()).for_each(|(value, word)| *word = value);
        let server = ModbusServer::new(Rc::clone(&bank), profile, faults);
        let (client, ended) = connect(&server);
        Self { bank, server, client, ended }
    }

    fn named(profile: &str) -> Self {
        Self::new(ServerProfile::named(profile).expect("a known profile"), WireFaults::none())
    }

    fn plain() -> Self {
        Self::named("plain")
    }

    async fn send(&mut self, transaction: u8, pdu: &[u8]) {
        send(&mut self.client, &adu(transaction, 1, pdu)).await;
    }

    /// Sends one request and gives the function and data of its answer, whose header must be right.
    async fn ask(&mut self, pdu: &[u8]) -> Vec<u8> {
        self.send(9, pdu).await;
        let answer = receive(&mut self.client).await.expect("an answer");
        assert_eq!(answer[..4], [0, 9, 0, 0]);
        assert_eq!(answer[6], 1);
        answer[7..].to_vec()
    }

    async fn is_silent(&mut self) -> bool {
        timeout(LONG, self.client.read_u8()).await.is_err()
    }

    fn word(&self, address: usize) -> u16 {
        self.bank.borrow().words()[address]
    }
}

/// Another connection to a server.
fn connect(server: &ModbusServer<PlainRegisters>) -> (DuplexStream, JoinHandle<Ended>) {
    let (client, mut far_end) = duplex(4_096);
    let server = server.clone();
    (client, spawn_local(async move { server.serve_stream(&mut far_end).await }))
}

/// A whole request.
fn adu(transaction: u8, unit: u8, pdu: &[u8]) -> Vec<u8> {
    let length = u8::try_from(pdu.len() + 1).expect("a short request");
    [&[0, transaction, 0, 0, 0, length, unit], pdu].concat()
}

async fn send(client: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) {
    client.write_all(bytes).await.expect("the server reads");
}

/// The next whole answer, or `None` at the end of the stream or when nothing comes.
async fn receive(client: &mut (impl AsyncRead + Unpin)) -> Option<Vec<u8>> {
    let mut answer = vec![0; 6];
    timeout(LONG, client.read_exact(&mut answer)).await.ok()?.ok()?;
    let length = usize::from(u16::from_be_bytes([answer[4], answer[5]]));
    answer.resize(6 + length, 0);
    timeout(LONG, client.read_exact(&mut answer[6..])).await.ok()?.ok()?;
    Some(answer)
}

/// Everything up to the end of the stream.
async fn rest(client: &mut (impl AsyncRead + Unpin)) -> Vec<u8> {
    let mut rest = Vec::new();
    // A reset ends the stream too.
    let _ = timeout(LONG, client.read_to_end(&mut rest)).await.expect("the server closes");
    rest
}

/// Runs a test in virtual time.
fn in_virtual_time(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime");
    LocalSet::new().block_on(&runtime, test);
}
