//! The loop of one link.

use std::pin::pin;

use sorter_core::units::Micros;

use crate::exchange::{Exchange, ExchangeFault, SessionState};
use crate::host::Host;
use crate::link::{Consequence, Dial, Link, LinkError};
use crate::register_map::BlockId;
use crate::request::Request;

use super::beat::Beat;
use super::panel::{IncidentKind, Panel};

/// Runs a link until [`Panel::stop`]: connects, begins a cycle at each tick that finds the link idle, and carries
/// out what the exchange asks for.
///
/// It works on any current-thread runtime, in paused time too. It ends with one last cycle in which induction is
/// not permitted, when there is a connection, and closes it.
///
/// # Panics
///
/// When the host does; nothing is sent then, and the PLC notices that the heartbeat stands still.
pub async fn run_link<D: Dial, H: Host, B: Beat>(
    link: &mut Link<D>,
    exchange: &mut Exchange,
    panel: &Panel<H>,
    beat: &mut B,
) {
    let mut answer = Vec::new();
    let mut offline = true;
    panel.host_mut().timed(exchange.config().period, link.config().deadline);
    loop {
        if !link.is_connected() {
            offline = true;
            if !connect(link, panel, beat).await {
                if panel.is_stopping() {
                    break;
                }
                continue;
            }
        }
        let tick = beat.tick().await;
        {
            let mut stats = panel.stats.borrow_mut();
            if std::mem::take(&mut offline) {
                stats.offline += tick.skipped;
            } else {
                stats.missed += tick.skipped;
            }
            stats.lateness.record(tick.lateness());
        }
        let stopping = panel.is_stopping();
        exchange.set_permit(panel.permits());
        if let Some(limit) = panel.take_limit() {
            exchange.set_induction_limit(limit);
        }
        if let Err(fault) = exchange.begin_cycle(beat.now(), &mut *panel.host_mut()) {
            panel.tell(beat.now(), IncidentKind::Exchange(fault));
        }
        panel.show_journal(exchange.journal());
        let outcome = cycle(link, exchange, panel, beat, &mut answer).await;
        if let Err(error) = outcome {
            offline |= broken(link, exchange, panel, beat.now(), error).await;
        } else {
            panel.stats.borrow_mut().cycles += 1;
        }
        if exchange.state() != SessionState::Live {
            panel.host_mut().unheard(beat.now());
        }
        while let Some(notice) = exchange.take_notice() {
            panel.tell(beat.now(), IncidentKind::Notice(notice));
        }
        panel.show(beat.now(), exchange.state(), exchange.counters());
        if stopping {
            break;
        }
    }
    if link.is_connected() {
        link.disconnect();
        exchange.cut(beat.now());
    }
    panel.show(beat.now(), exchange.state(), exchange.counters());
}

/// Opens a connection; `false` when that failed, or when the link is to stop.
async fn connect<D: Dial, H: Host, B: Beat>(link: &mut Link<D>, panel: &Panel<H>, beat: &mut B) -> bool {
    let outcome = {
        let mut connecting = pin!(link.connect());
        loop {
            tokio::select! {
                biased;
                () = panel.stopped() => return false,
                outcome = &mut connecting => break outcome,
                tick = beat.tick() => {
                    panel.stats.borrow_mut().offline += 1 + tick.skipped;
                    panel.host_mut().unheard(beat.now());
                }
            }
        }
    };
    let connected = outcome.is_ok();
    {
        let mut stats = panel.stats.borrow_mut();
        if connected {
            stats.connects += 1;
        } else {
            stats.refused_connects += 1;
        }
    }
    panel.tell(beat.now(), outcome.map_or_else(IncidentKind::Link, |()| IncidentKind::Connected));
    connected
}

/// All requests of one cycle.
async fn cycle<D: Dial, H: Host, B: Beat>(
    link: &mut Link<D>,
    exchange: &mut Exchange,
    panel: &Panel<H>,
    beat: &B,
    answer: &mut Vec<u16>,
) -> Result<(), LinkError> {
    while let Some(request) = exchange.next_request() {
        let is_cycle = matches!(request, Request::Cycle { .. });
        let sent = is_cycle.then(|| beat.now());
        link.request(&request, answer).await?;
        let now = beat.now();
        if let Some(sent) = sent {
            panel.stats.borrow_mut().round_trip.record(now.saturating_since(sent));
        }
        if let Err(fault) = exchange.answered(now, answer, &mut *panel.host_mut()) {
            panel.tell(now, IncidentKind::Exchange(fault));
        }
    }
    Ok(())
}

/// Does what the error asks for; whether ticks passed meanwhile because of it.
async fn broken<D: Dial, H>(
    link: &mut Link<D>,
    exchange: &mut Exchange,
    panel: &Panel<H>,
    now: Micros,
    error: LinkError,
) -> bool {
    panel.stats.borrow_mut().broken += 1;
    let consequence = error.consequence();
    let block = error.block().unwrap_or(BlockId::Status);
    panel.tell(now, IncidentKind::Link(error));
    match consequence {
        Consequence::Reconnect => {
            exchange.cut(now);
            true
        }
        Consequence::NextCycle => {
            exchange.refused(now, block);
            false
        }
        Consequence::BackOff => {
            exchange.refused(now, block);
            tokio::select! {
                biased;
                () = panel.stopped() => {}
                () = link.back_off() => {}
            }
            true
        }
        Consequence::Stop => {
            let fault = exchange.rejected(now, block);
            panel.tell(now, IncidentKind::Exchange(ExchangeFault::Setup(fault)));
            false
        }
    }
}
