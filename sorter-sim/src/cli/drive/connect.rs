//! Where the PLCs are, as it is written on the command line.

use std::net::{SocketAddr, ToSocketAddrs};
use std::str::FromStr;

use anyhow::{Context, ensure};

/// Addresses of PLCs; names are looked up by [`Targets::resolve`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Targets(Vec<(String, u16)>);

impl FromStr for Targets {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut targets = Vec::new();
        for part in text.split(',') {
            let wrong = || format!("{part:?} is not HOST:PORT or HOST:PORT+N");
            let (address, count) = part.split_once('+').unwrap_or((part, "1"));
            let (host, port) =
                address.rsplit_once(':').filter(|(host, _)| !host.is_empty()).ok_or_else(wrong)?;
            let port: u16 = port.parse().ok().filter(|port| *port > 0).ok_or_else(wrong)?;
            let count: u16 = count.parse().ok().filter(|count| *count > 0).ok_or_else(wrong)?;
            let last = port
                .checked_add(count - 1)
                .ok_or_else(|| format!("{count} ports from {port} on end above 65535"))?;
            targets.extend((port..=last).map(|port| (host.to_owned(), port)));
        }
        Ok(Self(targets))
    }
}

impl Targets {
    /// The addresses. A name that has several gives its first.
    pub(super) fn resolve(&self) -> anyhow::Result<Vec<SocketAddr>> {
        let resolved = self.0.iter().map(|(host, port)| {
            let name = host.trim_start_matches('[').trim_end_matches(']');
            let found = (name, *port).to_socket_addrs();
            let found = found.with_context(|| format!("{host}:{port} cannot be looked up"))?.next();
            found.with_context(|| format!("{host} has no address"))
        });
        let addresses = resolved.collect::<anyhow::Result<Vec<_>>>()?;
        let mut sorted = addresses.clone();
        sorted.sort_unstable();
        sorted.dedup();
        ensure!(sorted.len() == addresses.len(), "--connect names an address twice");
        Ok(addresses)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_in_a_row_are_counted_from_the_first() {
        let targets: Targets = "127.0.0.1:1502+3,[::1]:502".parse().unwrap();
        let addresses: Vec<String> = targets.resolve().unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(addresses, ["127.0.0.1:1502", "127.0.0.1:1503", "127.0.0.1:1504", "[::1]:502"]);
    }

    #[test]
    fn what_is_no_address_is_refused_with_what_is_expected() {
        for text in ["", "plc", "plc:", ":502", "plc:0", "plc:502+0", "plc:502+x", "plc:65535+2"] {
            assert!(text.parse::<Targets>().is_err(), "{text}");
        }
        let twice: Targets = "127.0.0.1:502+2,127.0.0.1:503".parse().unwrap();
        assert_eq!(twice.resolve().unwrap_err().to_string(), "--connect names an address twice");
    }
}
