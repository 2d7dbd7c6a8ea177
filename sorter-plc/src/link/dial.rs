//! Where the byte stream of a link comes from.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// Opens the byte stream to a PLC, again after each loss.
///
/// TCP is one; a TLS stream or an in-memory pipe of a test are others. The link itself applies the connect
/// timeout and the back-off.
pub trait Dial {
    /// The stream.
    type Stream: AsyncRead + AsyncWrite + fmt::Debug + Send + Unpin + 'static;

    /// Opens a new stream.
    ///
    /// # Errors
    ///
    /// Whatever the transport says; the link tries again after its back-off.
    fn dial(&mut self) -> impl Future<Output = io::Result<Self::Stream>>;
}

/// Dials a PLC over TCP with Nagle's algorithm off.
#[derive(Clone, Copy, Debug)]
pub struct TcpDial {
    address: SocketAddr,
}

impl TcpDial {
    /// Dials this address; Modbus/TCP servers listen on port 502.
    pub const fn new(address: SocketAddr) -> Self {
        Self { address }
    }

    /// The address.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Dial for TcpDial {
    type Stream = TcpStream;

    async fn dial(&mut self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect(self.address).await?;
        // A request is one small segment that must not wait for the acknowledgement of the one before.
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}
