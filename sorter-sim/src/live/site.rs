//! A PLC with its server, and the way to it.

use std::cell::RefCell;
use std::convert::Infallible;
use std::fmt::Debug;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;

use sorter_plc::link::{Dial, TcpDial};
use tokio::io::{AsyncRead, AsyncWrite, duplex};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, spawn_local};

use super::Transport;
use super::cable::Plug;
use crate::modbus_server::{ModbusServer, ServerProfile, WireFaults};
use crate::register_plc::NetworkedLine;

/// Bytes that one direction of a stream in memory holds: some frames.
const PIPE: usize = 4_096;

/// A PLC with its server, and the cable to it.
pub(super) struct Site {
    server: ModbusServer<NetworkedLine>,
    pub(super) plug: Plug,
    port: Option<Port>,
}

/// A port that a server listens on.
struct Port {
    address: SocketAddr,
    task: JoinHandle<Infallible>,
}

impl Site {
    /// Puts a server before a line.
    pub(super) async fn open(transport: Transport, line: Rc<RefCell<NetworkedLine>>) -> io::Result<Self> {
        let server = ModbusServer::new(line, ServerProfile::default(), WireFaults::none());
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let port = match transport {
            Transport::Memory => None,
            Transport::Loopback => Some(listen(&server, any).await?),
        };
        Ok(Self { server, plug: Plug::new(), port })
    }

    /// How to reach it.
    pub(super) fn dial(&self) -> SiteDial {
        match &self.port {
            Some(port) => SiteDial::Tcp(TcpDial::new(port.address)),
            None => SiteDial::Memory(self.server.clone()),
        }
    }

    /// The PLC is switched off: every connection is reset, and nobody listens.
    pub(super) fn shut(&self) {
        self.server.faults().set_link_down(true);
        if let Some(port) = &self.port {
            port.task.abort();
        }
    }

    /// The PLC is switched on: it listens where it did.
    pub(super) async fn reopen(&mut self) -> io::Result<()> {
        self.server.faults().set_link_down(false);
        if let Some(port) = &mut self.port {
            *port = listen(&self.server, port.address).await?;
        }
        Ok(())
    }
}

async fn listen(server: &ModbusServer<NetworkedLine>, address: SocketAddr) -> io::Result<Port> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let server = server.clone();
    let task = spawn_local(async move { server.serve_tcp(listener).await });
    Ok(Port { address, task })
}

/// Dials a site.
pub(super) enum SiteDial {
    Tcp(TcpDial),
    Memory(ModbusServer<NetworkedLine>),
}

/// A stream of either kind.
pub(super) trait Wire: AsyncRead + AsyncWrite + Debug + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Debug + Send + Unpin> Wire for S {}

impl Dial for SiteDial {
    type Stream = Box<dyn Wire>;

    async fn dial(&mut self) -> io::Result<Self::Stream> {
        match self {
            Self::Tcp(dial) => Ok(Box::new(dial.dial().await?)),
            Self::Memory(server) => {
                let (near, mut far) = duplex(PIPE);
                let server = server.clone();
                spawn_local(async move { server.serve_stream(&mut far).await });
                Ok(Box::new(near))
            }
        }
    }
}
