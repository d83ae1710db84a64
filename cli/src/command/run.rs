//! `flowmesh run FILE FLOW`: one run from its start to its end, whatever happens in between.

pub(crate) mod follow;
pub(crate) mod start;

use crate::{
    draw,
    error::Error,
    exit::Exit,
    house::{House, HouseArgs},
    input, program, runtime,
};
use clap::Args;
use flowmesh_host::server::ServerOptions;
use flowmesh_ir::{FlowId, Program};
use start::Begun;
use std::{path::PathBuf, sync::Arc};

/// Run a flow and print its result
///
/// What happens is kept in a directory before it takes effect. If the process is killed, the same command line with
/// `--resume` finishes the run: what was done is not done again.
#[derive(Args)]
#[command(after_help = "Examples:
  flowmesh run hello.flow greet --input '{\"name\": \"Ann\"}'
  flowmesh run shop.flow checkout --input @order.json --stub
  flowmesh run shop.flow checkout --input @order.json --resume

While it runs, `flowmesh runs signal ID NAME JSON --dir DIR` reaches it.")]
pub(crate) struct Run {
    /// The program, `.flow` or compiled `.json`
    file: PathBuf,
    /// The flow
    flow: String,
    /// Its input: JSON, `@file`, or `-` for the standard input
    #[arg(long, value_name = "JSON", default_value = "{}")]
    input: String,
    /// What makes two starts the same, where the flow declares no key of its own
    #[arg(long)]
    key: Option<String>,
    /// Finish the run that was started with this flow and input; if it has ended, print how
    #[arg(long)]
    resume: bool,
    #[command(flatten)]
    house: HouseArgs,
    /// Where to listen for signals while it runs
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: std::net::SocketAddr,
    /// Print an object with the run's id, its state and its result or error
    #[arg(long)]
    pub(crate) json: bool,
}

impl Run {
    /// Runs the flow to its end.
    pub(crate) fn run(&self) -> Result<Exit, Error> {
        let program = Arc::new(program::load(&self.file, self.json)?);
        let (flow, _) = program::flow(&program, &self.flow)?;
        let input = input::json(&self.input, "`--input`")?.to_string();
        start::check(&program, &self.house.set, flow, &input)?;
        runtime::block_on(self.in_house(&program, flow, input))
    }

    async fn in_house(&self, program: &Arc<Program>, flow: FlowId, input: String) -> Result<Exit, Error> {
        let house = House::open(program, &self.house, ServerOptions::new(self.listen)).await?;
        let ended = tokio::select! {
            ended = self.to_its_end(&house, program, flow, &input) => ended,
            () = runtime::interrupted() => {
                draw::say("stopped; the same command line with `--resume` goes on");
                Ok(Exit::Interrupted)
            }
        };
        house.close().await;
        ended
    }

    async fn to_its_end(
        &self,
        house: &House,
        program: &Program,
        flow: FlowId,
        input: &str,
    ) -> Result<Exit, Error> {
        let begun = start::begin(
            house,
            &self.flow,
            input,
            self.key.as_deref(),
            self.resume,
            &self.house.dir,
        )
        .await?;
        self.announce(house, begun);
        let known = program.flow(flow).ok_or(Error::Refused)?;
        let ending = follow::to_its_end(house, known, begun, &self.house.dir).await?;
        Ok(follow::show(&self.flow, begun.id, &ending, self.json))
    }

    fn announce(&self, house: &House, begun: Begun) {
        let Begun { id, existing, ended } = begun;
        let what = match (existing, ended, self.resume) {
            (false, ..) => "run",
            (true, true, _) => "it has ended already: run",
            (true, false, true) => "resuming run",
            (true, false, false) => "there is a run with this key already; following run",
        };
        draw::say(format!("{what} {id} of {}", self.flow));
        let others = house
            .host
            .recovered()
            .runs
            .saturating_sub(u64::from(existing && !ended));
        if others > 0 {
            draw::say(format!(
                "{others} other runs in this directory had not ended and go on while this one does"
            ));
        }
    }
}
