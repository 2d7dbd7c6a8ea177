//! Sorters in a process of their own: the mock of the simulator, started by the program that measures.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;

use anyhow::{Context, Result};
use sorter_core::units::Micros;
use sorter_sim::mock::{self, MockConfig};
use sorter_sim::modbus_server::ServerProfile;
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::task::LocalSet;

/// Parcels an hour that come to each sorter: 3.7 in a second, design load.
const PARCELS_PER_HOUR: u32 = 13_250;
/// A process of sorters ends after this if nobody ends it. It outlives every turn of a figure.
const LONGEST: Micros = Micros::from_secs(3_600);

/// A process with sorters behind ports. It ends when this is dropped, or when this process ends.
pub(super) struct Plants {
    child: Child,
    /// Its end is the sign for the child to end.
    sign: Option<ChildStdin>,
    out: BufReader<std::process::ChildStdout>,
    pub(super) addresses: Vec<SocketAddr>,
}

/// What a process of sorters says at its end.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Scans {
    pub(super) scans: u64,
    pub(super) skipped: u64,
    pub(super) orders: u64,
}

impl Plants {
    /// Starts this program again with so many sorters of a profile. It is no real-time process.
    pub(super) fn start(sorters: u8, profile: &str, nice: i8) -> Result<Self> {
        let program = std::env::current_exe().context("this program does not know where it is")?;
        let mut child = Command::new("nice")
            .args(["-n", &nice.to_string()])
            .arg(program)
            .args(["plants", "--sorters", &sorters.to_string(), "--profile", profile])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("the sorters cannot be started")?;
        let sign = child.stdin.take();
        let mut out = BufReader::new(child.stdout.take().context("the sorters have no output")?);
        let mut addresses = Vec::new();
        for _ in 0..sorters {
            let mut line = String::new();
            out.read_line(&mut line)?;
            addresses.push(line.trim().parse().with_context(|| format!("a sorter said {line:?}"))?);
        }
        Ok(Self { child, sign, out, addresses })
    }

    /// Ends it.
    pub(super) fn stop(mut self) -> Result<Scans> {
        self.sign = None;
        let mut said = String::new();
        self.out.read_to_string(&mut said)?;
        self.child.wait()?;
        let numbers: Vec<u64> = said.split_whitespace().map_while(|word| word.parse().ok()).collect();
        let [scans, skipped, orders] = numbers[..] else {
            anyhow::bail!("the sorters ended with {said:?}");
        };
        Ok(Scans { scans, skipped, orders })
    }
}

impl Drop for Plants {
    fn drop(&mut self) {
        self.sign = None;
        // Nothing is left to be told when this fails.
        let _ = self.child.wait();
    }
}

/// Serves sorters until the input ends: the other process.
///
/// # Errors
/// When there is no such profile, or no sockets.
pub fn serve(sorters: u8, profile: &str) -> Result<()> {
    let config = MockConfig {
        sorters,
        profile: ServerProfile::named(profile).context("there is no such profile")?,
        // Parcels are drawn for as long as it may run: a day of 72 sorters would be 23 million of them.
        duration: Some(LONGEST),
        parcels_per_hour: PARCELS_PER_HOUR,
        ..MockConfig::default()
    };
    let (stop, stopped) = oneshot::channel();
    thread::spawn(move || {
        // Whatever ends the input ends the sorters.
        let _ = io::stdin().lock().read_to_end(&mut Vec::new());
        let _ = stop.send(());
    });
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let report = LocalSet::new().block_on(&runtime, async {
        let mut text = String::new();
        let listening = |_, address: SocketAddr| {
            text.push_str(&format!("{address}\n"));
            if text.lines().count() == usize::from(sorters) {
                let _ = io::stdout().lock().write_all(text.as_bytes()).and_then(|()| io::stdout().flush());
            }
        };
        mock::run(&config, listening, async { drop(stopped.await) }).await
    })?;
    let orders: u64 = report.sorters.iter().filter_map(|sorter| sorter.host.get("orders")).sum();
    println!("{} {} {orders}", report.scans, report.skipped_scans);
    Ok(())
}
