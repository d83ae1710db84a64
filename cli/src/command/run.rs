//! `flowmesh run FILE FLOW`: one run from its start to its end, whatever happens in between.

mod start;

use crate::{
    draw::{self, pretty::pretty, progress::Progress},
    error::Error,
    exit::Exit,
    house::{House, HouseArgs},
    input, program, runtime,
};
use clap::Args;
use flowmesh_host::{
    RunId,
    engine::view::{Ending, State},
    follow::Item,
    server::ServerOptions,
};
use flowmesh_ir::{FlowId, Program};
use serde_json::{json, value::RawValue};
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
        start::check(&program, flow, &input)?;
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
        self.announce(begun);
        let ending = self.follow(house, program, flow, begun).await?;
        Ok(self.show(begun.id, &ending))
    }

    fn announce(&self, begun: Begun) {
        let Begun { id, existing, ended } = begun;
        let what = match (existing, ended, self.resume) {
            (false, ..) => "run",
            (true, true, _) => "it has ended already: run",
            (true, false, true) => "resuming run",
            (true, false, false) => "there is a run with this key already; following run",
        };
        draw::say(format!("{what} {id} of {}", self.flow));
    }

    async fn follow(
        &self,
        house: &House,
        program: &Program,
        flow: FlowId,
        Begun { id, ended, .. }: Begun,
    ) -> Result<Ending, Error> {
        let dir = self.house.dir.display();
        let signal =
            |name: &str, payload: &str| format!("flowmesh runs signal {id} {name} '{payload}' --dir {dir}");
        let flow = program.flow(flow).ok_or(Error::Refused)?;
        let mut progress = Progress::new(flow, signal);
        let mut next = 0;
        loop {
            let mut follow = house
                .host
                .follow(id, next)
                .await
                .map_err(|why| crate::house::unfollowed(&why))?;
            while let Some(item) = follow.next().await {
                if !ended {
                    progress.item(&item);
                }
                let Item::Event(happening) = &item else { continue };
                next = happening.sequence + 1;
                if let Some(ending) = &happening.ending {
                    progress.finish();
                    return Ok(ending.clone());
                }
            }
        }
    }

    fn show(&self, id: RunId, ending: &Ending) -> Exit {
        let state = ending.state();
        if self.json {
            draw::answer(pretty(&whole(id, ending)));
        }
        match ending {
            Ending::Result(value) if !self.json => draw::answer(pretty(value.get())),
            Ending::Result(_) => {}
            Ending::Error(error) => {
                draw::say(format!("{} failed: {}", self.flow, draw::progress::error(error)));
            }
            Ending::Cancelled(why) => draw::say(format!("{} was cancelled: {why}", self.flow)),
        }
        if state == State::Done {
            Exit::Ok
        } else {
            Exit::Failed
        }
    }
}

/// The run, its state and how it ended, as JSON.
fn whole(id: RunId, ending: &Ending) -> String {
    let head = json!({ "id": id, "state": ending.state() }).to_string();
    let ending = serde_json::value::to_raw_value(ending);
    let ending = ending.as_deref().map_or("{}", RawValue::get);
    // Both are objects: the one is continued by the other, so that results keep the order of their fields.
    let head = head.strip_suffix('}').unwrap_or_default();
    format!("{head},{}", ending.strip_prefix('{').unwrap_or_default())
}
