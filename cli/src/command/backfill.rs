//! `flowmesh backfill FLOW --day 2026-01-01..2026-01-31`: a run for each value of a parameter.

mod spelled;
mod values;
mod work;

pub(crate) use spelled::spelled;

use super::runs::server::Server;
use crate::{error::Error, exit::Exit, input, runtime};
use clap::{Args, ValueEnum};
use serde_json::{Map, Value};
use values::Values;
use work::Backlog;

/// Run a flow once for each value of a parameter: for days, or for whole numbers
#[derive(Args)]
#[command(after_help = "Examples:
  flowmesh backfill report --day 2026-01-01..2026-01-31 --dry-run
  flowmesh backfill report --day 2026-01-01..2026-01-31 --concurrency 4 --newest-first
  flowmesh backfill shard --number 0..99 --input '{\"table\": \"orders\"}'
  flowmesh backfill report --day 2026-01-17 --again failed

`--NAME FROM..TO` names a parameter of the flow; both ends are within. A value whose run is there
already, by the flow's `key`, is not run again; a flow without one gets a key of its name, its
values and its input here. So the same line goes on where it was interrupted.")]
pub(crate) struct Backfill {
    /// The flow
    flow: String,
    /// The parameter and its values, where its name is that of an option here; else write `--NAME FROM..TO`
    #[arg(long = "range", value_name = "NAME=FROM..TO")]
    ranges: Vec<String>,
    /// The other parameters: JSON, `@file`, or `-` for the standard input
    #[arg(long, value_name = "JSON", default_value = "{}")]
    input: String,
    /// Which values are run again whose run is there already: none, or those whose run has failed, from the call that
    /// it failed with
    #[arg(long, value_enum, default_value_t = Again::None)]
    again: Again,
    /// Begin with the last value
    #[arg(long)]
    newest_first: bool,
    /// How many runs go on at once, as long as this command does
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1000))]
    concurrency: u16,
    /// Only show what would be run
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    server: Server,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Which values are run again.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Again {
    None,
    Failed,
}

impl Backfill {
    /// Starts the runs and waits for their ends.
    pub(crate) fn run(&self) -> Result<Exit, Error> {
        let values = self.values()?;
        let client = self.server.client()?;
        let backlog = Backlog {
            flow: self.flow.clone(),
            name: values.name,
            values: values.all,
            input: self.beside()?,
            again: self.again == Again::Failed,
            concurrency: usize::from(self.concurrency),
            json: self.json,
        };
        runtime::block_on(async {
            let keyed = backlog.check(&client).await?;
            if self.dry_run {
                backlog.show();
                return Ok(Exit::Ok);
            }
            backlog.carry_out(&client, keyed).await
        })
    }

    fn values(&self) -> Result<Values, Error> {
        let [range] = self.ranges.as_slice() else {
            return Err(Error::BadSetting {
                text: "backfill".to_owned(),
                why: format!("expected one range of values, found {}", self.ranges.len()),
                help: "write `--NAME FROM..TO` with one parameter of the flow, such as \
                       `--day 2026-01-01..2026-01-31`"
                    .to_owned(),
            });
        };
        let mut values = values::read(range)?;
        if self.newest_first {
            values.all.reverse();
        }
        Ok(values)
    }

    fn beside(&self) -> Result<Map<String, Value>, Error> {
        let json = input::json(&self.input, "`--input`")?;
        serde_json::from_str(json.get()).map_err(|_| Error::BadJson {
            whose: "`--input`".to_owned(),
            why: "expected an object with a member for each parameter".to_owned(),
        })
    }
}
