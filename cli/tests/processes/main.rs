//! The binary as a process: what it prints, how it ends, what it serves.

#[cfg(test)]
#[path = "../../../tests/support/ports.rs"]
mod ports;

#[cfg(test)]
mod again;
mod backfill;
#[cfg(test)]
mod ca;
#[cfg(test)]
mod canary;
#[cfg(test)]
mod choices;
#[cfg(test)]
mod cluster;
#[cfg(test)]
mod common;
#[cfg(test)]
mod deploy;
#[cfg(test)]
mod diff;
mod documents;
#[cfg(test)]
mod failing;
#[cfg(test)]
mod failover;
#[cfg(test)]
mod fix;
#[cfg(test)]
mod gateway;
#[cfg(test)]
mod guide;
#[cfg(test)]
mod hears;
#[cfg(test)]
mod line;
#[cfg(test)]
mod lsp;
#[cfg(test)]
mod operator;
#[cfg(test)]
mod places;
#[cfg(test)]
mod pods;
#[cfg(test)]
mod products;
mod program;
#[cfg(test)]
mod prompt;
#[cfg(test)]
mod proxy;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod repl;
#[cfg(test)]
mod reused;
#[cfg(test)]
mod run;
#[cfg(test)]
mod schedules;
#[cfg(test)]
mod screen;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod secure;
#[cfg(test)]
mod serve;
#[cfg(test)]
mod settings;
#[cfg(test)]
mod shop;
#[cfg(test)]
mod starts;
#[cfg(test)]
mod store;
#[cfg(test)]
mod stub;
#[cfg(test)]
mod telemetry;
#[cfg(test)]
mod tests;
mod token;
mod top;
#[cfg(test)]
mod traces;
#[cfg(test)]
mod traffic;
#[cfg(test)]
mod visitors;
#[cfg(test)]
mod workers;
