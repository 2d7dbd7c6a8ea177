//! `sorter-sim drive --commission`: one PLC, step by step.

use std::fs::File;
use std::io::{self, BufRead, Write};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use comfy_table::Table;
use comfy_table::presets::NOTHING;
use serde_json::json;
use sorter_core::ids::ChuteId;
use sorter_plc::cycle::{CycleReport, CycleThread, LinkId, Running, Sorter};
use sorter_plc::exchange::SessionState;
use tokio::time::{interval, timeout};

use super::super::mock::say;
use crate::drive::DriveConfig;
use crate::drive::commission::{Finding, Judged, Look, Tester, judge, look};

/// How often is looked whether a step is done.
const LOOK: Duration = Duration::from_millis(20);
/// How long opening a session and the lamps may take.
const SOON: Duration = Duration::from_secs(10);
/// How long an item may take to come and to reach what it is measured at.
const LATE: Duration = Duration::from_secs(90);
/// Items over which pulses are measured.
const ITEMS: usize = 3;

/// Runs all steps and gives the exit code: 0 when every line is good.
pub(super) fn run(config: &DriveConfig, chute: ChuteId, yes: bool, json: Option<File>) -> anyhow::Result<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let read = config.addresses[0];
    let exchange = &config.exchange;
    let look = runtime
        .block_on(look(read, config.link, exchange.word_order, exchange.belt_capacity))
        .with_context(|| format!("{read} cannot be commissioned"))?;
    let mut page = Vec::new();
    look.print(&mut page)?;
    say(&page);
    let mut session = None;
    let stopped = runtime.block_on(steps(config, chute, yes, &mut session));
    drop(runtime);
    let tester = match session {
        None => None,
        Some(running) => running.stop_with(|mut hosts| hosts.pop())?.1,
    };
    let findings = judge(&look, tester.as_ref(), &config.layout, &config.link, &config.cycle);
    publish(&look, &findings, json)?;
    if let Err(error) = stopped {
        eprintln!("stopped: {error}");
        return Ok(1);
    }
    Ok(u8::from(findings.iter().any(|finding| finding.verdict != Judged::Good)))
}

/// The steps that write. What was opened is left in `session`, whether all steps were gone or not.
async fn steps(
    config: &DriveConfig,
    chute: ChuteId,
    yes: bool,
    session: &mut Option<Running<Tester>>,
) -> anyhow::Result<()> {
    confirm(yes, "open a session; nothing moves yet, and any other host loses the PLC")?;
    let tester = Tester::new(Arc::clone(&config.layout));
    let sorter = Sorter::new("commissioned", config.addresses[0], tester)
        .with_link(config.link)
        .with_exchange(config.exchange);
    let running = session.insert(CycleThread::start(config.cycle, vec![sorter])?);
    let link = running.sorters()[0];
    // Opening takes several cycles, and this is there before the second one.
    permit(running, link, false).await?;
    is_open(running).await?;

    confirm(yes, "light the lamp of each chute, then put them out")?;
    for pattern in [1, 0] {
        ask(running, link, move |tester| tester.set_lamps(pattern)).await?;
        until(running, link, SOON, "the lamps", Tester::is_idle).await?;
    }

    confirm(yes, &format!("let the induction run and divert the next item into {chute}"))?;
    ask(running, link, move |tester| tester.aim(chute)).await?;
    permit(running, link, true).await?;
    until(running, link, LATE, "an item", |tester| tester.shot().is_some()).await?;
    permit(running, link, false).await?;
    until(running, link, LATE, "the divert", |tester| tester.shot().is_some_and(|shot| shot.is_over()))
        .await?;

    confirm(yes, "let some items run to the end of the belt and count pulses between two photo-eyes")?;
    let layout = Arc::clone(&config.layout);
    let begun = ask(running, link, |tester| tester.tracks().count()).await?;
    permit(running, link, true).await?;
    until(running, link, LATE, "items", move |tester| tester.tracks().count() >= begun + ITEMS).await?;
    permit(running, link, false).await?;
    let measured = move |tester: &Tester| tester.measured(&layout) >= ITEMS;
    until(running, link, LATE, "the photo-eyes", measured).await
}

/// Asks a person, unless told not to.
fn confirm(yes: bool, what: &str) -> anyhow::Result<()> {
    if yes {
        say(format!("\nnow: {what}\n").as_bytes());
        return Ok(());
    }
    say(format!("\nnext: {what}\nEnter to go on, anything else to stop: ").as_bytes());
    let mut answer = String::new();
    if io::stdin().lock().read_line(&mut answer)? == 0 || !answer.trim().is_empty() {
        bail!("before the step: {what}");
    }
    Ok(())
}

async fn ask<R: Send + 'static>(
    running: &Running<Tester>,
    link: LinkId,
    what: impl FnOnce(&mut Tester) -> R + Send + 'static,
) -> anyhow::Result<R> {
    let reply = running.with(link, what).map_err(|refused| refused.kind)?;
    Ok(reply.received().await?)
}

async fn permit(running: &Running<Tester>, link: LinkId, permit: bool) -> anyhow::Result<()> {
    Ok(running.set_permit(link, permit)?.received().await?)
}

/// Waits until the session is open; what stands in its way is told.
async fn is_open(running: &Running<Tester>) -> anyhow::Result<()> {
    let mut seen: Option<String> = None;
    let waiting = async {
        let mut looks = interval(LOOK);
        loop {
            looks.tick().await;
            let report: CycleReport = running.report()?.received().await?;
            let link = &report.links[0];
            if link.state == SessionState::Live {
                return anyhow::Ok(());
            }
            seen = link.incidents.last().map(ToString::to_string).or(seen.take());
        }
    };
    match timeout(SOON, waiting).await {
        Ok(open) => open,
        Err(_) => bail!("no session within {} s: {}", SOON.as_secs(), seen.unwrap_or_default()),
    }
}

/// Waits until something holds of the tester.
async fn until(
    running: &Running<Tester>,
    link: LinkId,
    within: Duration,
    what: &str,
    holds: impl Fn(&Tester) -> bool + Clone + Send + 'static,
) -> anyhow::Result<()> {
    let waiting = async {
        let mut looks = interval(LOOK);
        loop {
            looks.tick().await;
            let holds = holds.clone();
            if ask(running, link, move |tester| holds(tester)).await? {
                return anyhow::Ok(());
            }
        }
    };
    match timeout(within, waiting).await {
        Ok(done) => done,
        Err(_) => bail!("{what} did not come within {} s", within.as_secs()),
    }
}

fn publish(look: &Look, findings: &[Finding], json: Option<File>) -> anyhow::Result<()> {
    let mut table = Table::new();
    table.load_style(NOTHING).force_no_tty();
    table.set_header(["", "measured", "expected", "verdict"]);
    for finding in findings {
        let verdict = match finding.verdict {
            Judged::Good => "good",
            Judged::Wrong => "WRONG",
            Judged::NotMeasured => "not measured",
        };
        table.add_row([finding.what, &finding.measured, &finding.expected, verdict]);
    }
    say(format!("\n{table}\n").as_bytes());
    if let Some(mut file) = json {
        let report = json!({
            "schema": 1,
            "version": env!("CARGO_PKG_VERSION"),
            "boot": look.status.status.boot,
            "findings": findings,
        });
        writeln!(file, "{report:#}").context("the report cannot be written")?;
    }
    Ok(())
}
