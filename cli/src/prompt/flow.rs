//! Running a flow from the prompt, in a directory that lasts as long as the run.

use super::Talk;
use crate::{
    command::run::{follow, start},
    draw,
    error::Error,
    house::{House, HouseArgs},
    input, program, runtime,
};
use flowmesh_host::server::ServerOptions;
use flowmesh_ir::Program;
use std::{
    env, fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

impl Talk<'_> {
    /// `:run greet {"name": "Ada"}`: runs a flow with its real services. Ctrl-C ends the run and nothing else.
    pub(super) fn run(&mut self, text: &str) -> Result<(), Error> {
        if text.is_empty() {
            let mine = self.stage.program().map(|(program, _)| program).ok();
            let flows = mine.iter().flat_map(|program| &program.flows);
            let names: Vec<&str> = flows.map(|flow| flow.name.as_str()).collect();
            return Err(Error::BadSetting {
                text: ":run".to_owned(),
                why: "no flow is named".to_owned(),
                help: match names.as_slice() {
                    [] => "declare one, or `:load` a file".to_owned(),
                    names => format!("there are {}", names.join(", ")),
                },
            });
        }
        let (name, input) = text.split_once(char::is_whitespace).unwrap_or((text, "{}"));
        let Ok((program, _)) = self.stage.program() else {
            return Err(Error::UnknownFlow {
                name: name.to_owned(),
                nearest: None,
                known: Vec::new(),
            });
        };
        let program = Arc::new(program);
        let (flow, _) = program::flow(&program, name)?;
        let input = input::json(input.trim(), "the input")?.to_string();
        start::check(&program, self.stage.set, flow, &input)?;
        let dir = Passing::new()?;
        let args = HouseArgs {
            dir: dir.0.clone(),
            set: self.stage.set.clone(),
            stub: self.stub,
            ..HouseArgs::default()
        };
        runtime::block_on(async {
            let house = House::open(
                &program,
                &args,
                ServerOptions::new(SocketAddr::from(([127, 0, 0, 1], 0))),
            )
            .await?;
            let ended = tokio::select! {
                ended = to_its_end(&house, &program, name, &input, &args.dir) => ended,
                () = runtime::interrupted() => {
                    draw::say("interrupted; nothing of the run is kept");
                    Ok(())
                }
            };
            house.close().await;
            ended
        })
    }
}

async fn to_its_end(
    house: &House,
    program: &Program,
    name: &str,
    input: &str,
    dir: &Path,
) -> Result<(), Error> {
    let begun = start::begin(house, name, input, None, false, dir).await?;
    let (_, flow) = program::flow(program, name)?;
    let ending = follow::to_its_end(house, flow, begun, dir).await?;
    follow::show(name, begun.id, &ending, false);
    Ok(())
}

/// A directory that goes when the run is over.
struct Passing(PathBuf);

impl Passing {
    fn new() -> Result<Self, Error> {
        let path = env::temp_dir().join(format!(
            "flowmesh-{}-{:08x}",
            std::process::id(),
            rand::random::<u32>()
        ));
        fs::create_dir(&path).map_err(|why| Error::unwritable(&path, &crate::project::words(&why)))?;
        Ok(Self(path))
    }
}

impl Drop for Passing {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
