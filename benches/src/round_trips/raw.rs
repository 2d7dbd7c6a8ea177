//! Bytes there and back, and nothing else.

use std::convert::Infallible;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener as BlockingListener, TcpStream as BlockingStream};
use std::thread;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::spawn_local;

/// More than any frame has.
const ROOM: usize = 512;

/// Answers every request of a connection with so many bytes.
pub(super) async fn echo(listener: TcpListener, frames: &'static [(usize, usize)]) -> Infallible {
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            spawn_local(async move { drop(answer_all(stream, frames).await) });
        }
    }
}

async fn answer_all(mut stream: TcpStream, frames: &[(usize, usize)]) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut bytes = [0; ROOM];
    loop {
        for (request, answer) in frames {
            let mut seen = 0;
            while seen < *request {
                match stream.read(&mut bytes[seen..]).await? {
                    0 => return Ok(()),
                    more => seen += more,
                }
            }
            stream.write_all(&bytes[..*answer]).await?;
        }
    }
}

/// The client over a stream of tokio.
pub(super) struct TokioPing {
    stream: TcpStream,
    frames: &'static [(usize, usize)],
}

impl TokioPing {
    pub(super) async fn connect(to: SocketAddr, frames: &'static [(usize, usize)]) -> io::Result<Self> {
        let stream = TcpStream::connect(to).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, frames })
    }

    pub(super) async fn round_trip(&mut self) -> io::Result<()> {
        let mut bytes = [0; ROOM];
        for (request, answer) in self.frames {
            self.stream.write_all(&bytes[..*request]).await?;
            let mut seen = 0;
            while seen < *answer {
                match self.stream.read(&mut bytes[seen..]).await? {
                    0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                    more => seen += more,
                }
            }
        }
        Ok(())
    }
}

/// The client over a blocking socket, with a thread of its own at the other end.
pub(super) struct BlockingPing {
    stream: BlockingStream,
    frames: &'static [(usize, usize)],
}

impl BlockingPing {
    pub(super) fn start(frames: &'static [(usize, usize)]) -> io::Result<Self> {
        let listener = BlockingListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let stream = BlockingStream::connect(listener.local_addr()?)?;
        stream.set_nodelay(true)?;
        let (mut far, _) = listener.accept()?;
        far.set_nodelay(true)?;
        thread::Builder::new().name("bench-raw".to_owned()).spawn(move || {
            let mut bytes = [0; ROOM];
            // It ends when the client closes.
            while frames.iter().all(|(request, answer)| {
                far.read_exact(&mut bytes[..*request]).and_then(|()| far.write_all(&bytes[..*answer])).is_ok()
            }) {}
        })?;
        Ok(Self { stream, frames })
    }

    pub(super) fn round_trip(&mut self) -> io::Result<()> {
        let mut bytes = [0; ROOM];
        for (request, answer) in self.frames {
            self.stream.write_all(&bytes[..*request])?;
            self.stream.read_exact(&mut bytes[..*answer])?;
        }
        Ok(())
    }
}
