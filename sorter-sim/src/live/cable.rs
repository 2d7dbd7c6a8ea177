//! A cable between host and PLC that can be pulled and put back.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use sorter_plc::link::Dial;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;

/// The hand that pulls a cable and puts it back.
#[derive(Debug)]
pub(super) struct Plug(watch::Sender<bool>);

impl Plug {
    /// A cable that is in.
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(true))
    }

    /// Another end of the same cable.
    pub(super) fn cable(&self) -> Cable {
        Cable(self.0.subscribe())
    }

    /// Pulls it: from now on nothing arrives at either end, and nobody is told.
    pub(super) fn pull(&self) {
        self.0.send_replace(false);
    }

    /// Puts it back. What was under way when it was pulled has been lost.
    pub(super) fn put_back(&self) {
        self.0.send_replace(true);
    }
}

/// One end of the cable.
#[derive(Clone, Debug)]
pub(super) struct Cable(watch::Receiver<bool>);

impl Cable {
    fn is_in(&self) -> bool {
        *self.0.borrow()
    }
}

/// Dials through a cable.
#[derive(Debug)]
pub(super) struct ThroughCable<D> {
    pub(super) dial: D,
    pub(super) cable: Cable,
}

impl<D: Dial> Dial for ThroughCable<D> {
    type Stream = Cabled<D::Stream>;

    async fn dial(&mut self) -> io::Result<Self::Stream> {
        // A packet into the void is never answered, and the one who dials gives up by his own clock.
        if !self.cable.is_in() {
            std::future::pending::<()>().await;
        }
        Ok(Cabled { stream: self.dial.dial().await?, cable: self.cable.clone() })
    }
}

/// A stream through a cable: silent from the moment at which it is pulled.
#[derive(Debug)]
pub(super) struct Cabled<S> {
    stream: S,
    cable: Cable,
}

impl<S: AsyncRead + Unpin> AsyncRead for Cabled<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.cable.is_in() { Pin::new(&mut self.stream).poll_read(cx, buf) } else { Poll::Pending }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Cabled<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.cable.is_in() {
            Pin::new(&mut self.stream).poll_write(cx, bytes)
        } else {
            Poll::Ready(Ok(bytes.len()))
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
