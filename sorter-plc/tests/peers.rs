//! The link and the virtual PLC against programs that others wrote.
//!
//! The link speaks with register servers on pymodbus and on libmodbus, in C; the virtual PLC, as `sorter-sim mock`, with
//! mbpoll and a host on pymodbus; and tshark looks at what link and virtual PLC say to each other. All are started by
//! the tests, on ports that are free. `.ci/peers` builds and installs what is needed and runs these tests.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a scene that cannot be set ends its test")]

#[path = "peers/mock_clients.rs"]
mod mock_clients;
#[path = "peers/plain_servers.rs"]
mod plain_servers;
#[path = "peers/process.rs"]
mod process;
