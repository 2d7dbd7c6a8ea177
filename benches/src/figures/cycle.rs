//! One exchange cycle against a raw ping-pong.

use std::time::Duration;

use anyhow::{Context, Result};

use super::machine::Load;
use super::{Effort, Sheet};
use crate::now;
use crate::plc::Work;
use crate::round_trips::{Arena, Contestant, Functions, InMemory};

/// Round trips of one contestant before the next one's turn.
const TURN: u32 = 32;

pub(super) fn take(effort: Effort, sheet: &mut Sheet) -> Result<()> {
    sheet.title("one exchange cycle over TCP loopback, and a raw ping-pong of equal size in turns of 32");
    for functions in [Functions::ReadWrite, Functions::WriteThenRead] {
        over_sockets(functions, effort, sheet)?;
    }
    in_memory(sheet);
    Ok(())
}

fn over_sockets(functions: Functions, effort: Effort, sheet: &mut Sheet) -> Result<()> {
    let mut arena = Arena::open(functions).context("no arena")?;
    let before = Load::now();
    let mut turns: [Vec<Duration>; 3] = Default::default();
    let begun = now();
    let lasts = Duration::from_secs(effort.seconds.min(20));
    while begun.elapsed() < lasts {
        for (times, contestant) in turns.iter_mut().zip(Contestant::ALL) {
            times.push(arena.run(contestant, TURN)?);
        }
    }
    let key = format!("cycle_{}", functions.key());
    let rates = turns.map(|mut times| {
        times.sort_unstable();
        let at = |share: usize| f64::from(TURN) / times[times.len() * share / 100].as_secs_f64();
        let mean = times.len() as f64 * f64::from(TURN) / times.iter().sum::<Duration>().as_secs_f64();
        [mean, at(50), at(10)]
    });
    for (contestant, [mean, median, best]) in Contestant::ALL.iter().zip(rates) {
        let key = format!("{key}_{}", contestant.key());
        sheet.put_rounded(format!("{key}_per_s"), mean, 0);
        sheet.put_rounded(format!("{key}_median_us"), 1e6 / median, 2);
        sheet.put_rounded(format!("{key}_p10_us"), 1e6 / best, 2);
    }
    let [exchange, tokio, blocking] = rates;
    for (name, raw) in [("tokio", tokio), ("blocking", blocking)] {
        for (place, what) in [(0, "mean"), (1, "median"), (2, "p10")] {
            sheet.put_rounded(format!("{key}_rate_of_raw_{name}_{what}"), exchange[place] / raw[place], 3);
        }
    }
    let (live, sessions) = arena.audit();
    sheet.put(format!("{key}_live_cycles"), live);
    sheet.put(format!("{key}_sessions"), sessions);
    Load::now().since(before).put(&key, sheet);
    Ok(())
}

/// The same cycle without a wire.
fn in_memory(sheet: &mut Sheet) {
    const CYCLES: u32 = 20_000;
    for (name, work) in [("idle", Work::Nothing), ("order_and_event", Work::EveryCycle)] {
        let mut cycle = InMemory::new(work);
        let mut time = Duration::ZERO;
        for _ in 0..CYCLES {
            cycle.scan();
            let begun = now();
            cycle.cycle();
            time += begun.elapsed();
        }
        sheet.put_rounded(
            format!("cycle_in_memory_{name}_ns"),
            time.as_nanos() as f64 / f64::from(CYCLES),
            0,
        );
    }
}
