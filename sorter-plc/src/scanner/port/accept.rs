//! Scanners that dial the host.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpStream};

use crate::link::Dial;

/// Waits for a scanner that opens the connection itself. One connection at a time: the next one is taken when
/// the port has given up the one before.
#[derive(Debug)]
pub struct TcpAccept(TcpListener);

impl TcpAccept {
    /// Listens at this address.
    ///
    /// # Errors
    /// What the operating system says, such as an address in use.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        Ok(Self(TcpListener::bind(address).await?))
    }

    /// The address, with the port that was given where 0 was asked for.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl Dial for TcpAccept {
    type Stream = TcpStream;

    async fn dial(&mut self) -> io::Result<TcpStream> {
        Ok(self.0.accept().await?.0)
    }
}
