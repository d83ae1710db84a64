//! `flowmesh stub FILE`: real HTTP servers in place of the program's services.

use crate::{
    draw,
    error::Error,
    exit::Exit,
    program, runtime,
    settings::Set,
    stub::{self, Door, Recorder, Script, Stubs, Style},
};
use clap::Args;
use flowmesh_ir::Program;
use std::{fs, path::PathBuf, sync::Arc};

/// Serve a program's services with example or scripted answers
///
/// Every service whose address is on this machine (`http://127.0.0.1:PORT`) becomes a server there. It answers by
/// the types of its operations, refuses what does not fit them with 400 and the path to the part that is wrong, and
/// answers a repeated `Idempotency-Key` again without counting it again.
#[derive(Args)]
#[command(after_help = "Examples:
  flowmesh stub shop.flow
  flowmesh stub shop.flow --answer 'payments.charge=402:{\"reason\":\"no funds\"}' --delay inventory.reserve=250ms
  flowmesh stub shop.flow --script stub.json --record requests.jsonl

A script maps operations to answers in order, of which the last repeats:
  { \"payments.charge\": [{ \"status\": 503, \"times\": 2 }, { \"status\": 200, \"delay\": \"1s\" }] }")]
pub(crate) struct Stub {
    /// The program, `.flow` or compiled `.json`
    file: PathBuf,
    #[command(flatten)]
    set: Set,
    #[command(flatten)]
    told: Told,
    /// Add each request to a file as a line of JSON
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Print each request as a line of JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// What stubs are told.
#[derive(Args)]
pub(crate) struct Told {
    /// Stub only this service (may be repeated)
    #[arg(long, value_name = "SERVICE")]
    only: Vec<String>,
    /// A file with scripted answers
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// Answer an operation with a status, a JSON body, or both
    #[arg(long, value_name = "OP=STATUS:JSON")]
    answer: Vec<String>,
    /// Wait before answering
    #[arg(long, value_name = "OP=DURATION")]
    delay: Vec<String>,
    /// Fail instead of answering: `close`, `hang`, or `lose` the answer after doing what was asked
    #[arg(long, value_name = "OP[=HOW]")]
    fail: Vec<String>,
}

impl Told {
    /// Everything that was told, as one script.
    fn script(&self, program: &Program) -> Result<Script, Error> {
        let mut script = match &self.script {
            Some(path) => {
                let text = fs::read_to_string(path);
                let text = text.map_err(|why| Error::unreadable(path, &crate::project::words(&why)))?;
                Script::read(&text, program)?
            }
            None => Script::default(),
        };
        self.answer
            .iter()
            .try_for_each(|form| script.answer(form, program))?;
        self.delay
            .iter()
            .try_for_each(|form| script.delay(form, program))?;
        self.fail.iter().try_for_each(|form| script.fail(form, program))?;
        Ok(script)
    }
}

impl Stub {
    /// Serves until interrupted.
    pub(crate) fn run(&self) -> Result<Exit, Error> {
        let program = Arc::new(program::load(&self.file, self.json)?);
        let settings = self.set.settings(&program)?;
        let doors = stub::doors(&program, &settings, &self.told.only)?;
        let script = self.told.script(&program)?;
        let style = if self.json { Style::Json } else { Style::People };
        let recorder = Recorder::open(style, self.record.as_deref())?;
        runtime::block_on(async {
            let mut stubs = Stubs::open(Arc::clone(&program), doors, script, recorder).await?;
            announce(&program, &stubs.doors);
            tokio::select! {
                () = stubs.wait() => {}
                _ = runtime::interrupted() => draw::say("stub: stopped"),
            }
            Ok(Exit::Ok)
        })
    }
}

/// Says where the stubs are.
pub(crate) fn announce(program: &Program, doors: &[Door]) {
    for door in doors {
        for behind in &door.services {
            let Some(service) = program.services.get(behind.service) else {
                continue;
            };
            let operations: Vec<&str> = service
                .operations
                .iter()
                .map(|operation| operation.name.as_str())
                .collect();
            draw::say(format!(
                "stub  {} at http://{}{}: {}",
                service.name,
                door.address,
                behind.base.join("{}"),
                operations.join(", ")
            ));
        }
    }
}
