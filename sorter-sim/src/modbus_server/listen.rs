//! The server behind a TCP port.

use std::convert::Infallible;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::{Ended, ModbusServer, RegisterBank};

/// How long it does not accept after the operating system refused, so that it does not spin meanwhile.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

impl<B: RegisterBank + ?Sized + 'static> ModbusServer<B> {
    /// Serves every connection of a listener, each in a local task of its own, for as long as the future is
    /// polled. Dropping it closes all connections.
    ///
    /// Connections beyond the most of the profile are closed at once. Nothing that a client does ends it.
    ///
    /// # Panics
    /// Outside of a [`LocalSet`](tokio::task::LocalSet), and when the bank panics.
    pub async fn serve_tcp(&self, listener: TcpListener) -> Infallible {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                biased;
                Some(ended) = connections.join_next() => {
                    if let Err(error) = ended
                        && let Ok(panic) = error.try_into_panic()
                    {
                        std::panic::resume_unwind(panic);
                    }
                }
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) if connections.len() < self.profile.max_connections => {
                        connections.spawn_local(serve_socket(self.clone(), stream));
                    }
                    Ok(_) => self.counters.borrow_mut().turned_away += 1,
                    Err(_) => {
                        self.counters.borrow_mut().accept_errors += 1;
                        sleep_until(Instant::now() + ACCEPT_PAUSE).await;
                    }
                }
            }
        }
    }
}

async fn serve_socket<B: RegisterBank + ?Sized>(server: ModbusServer<B>, mut stream: TcpStream) {
    // Nagle's algorithm would hold a short answer back until the one before it is acknowledged. Where it cannot be
    // turned off, the connection still works.
    let _ = stream.set_nodelay(true);
    if let Ended::Reset | Ended::Cut = server.serve_stream(&mut stream).await {
        // The client is to see a reset, not an orderly end; if not, it sees an end all the same.
        let _ = stream.set_zero_linger();
    }
}
