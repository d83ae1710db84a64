//! Stubs: real HTTP servers in place of a program's services, answering by the types of their operations.

mod address;
mod example;
mod fits;
mod matching;
mod memory;
mod raw;
pub(crate) mod record;
mod script;
mod serve;

pub(crate) use address::{Behind, Door, doors};
pub(crate) use record::{Recorder, Style};
pub(crate) use script::Script;

use crate::error::Error;
use flowmesh_ir::Program;
use memory::Memory;
use std::{net::SocketAddr, sync::Arc};
use tokio::{net::TcpListener, task::JoinSet};

/// Stubs that stand ready. They end when this is dropped.
pub(crate) struct Stubs {
    /// Where they listen and for which services.
    pub(crate) doors: Vec<Door>,
    servers: JoinSet<()>,
}

impl Stubs {
    /// Opens a server for each door.
    pub(crate) async fn open(
        program: Arc<Program>,
        doors: Vec<Door>,
        script: Script,
        recorder: Recorder,
    ) -> Result<Self, Error> {
        let (memory, recorder) = (Arc::new(Memory::new(script)), Arc::new(recorder));
        let mut servers = JoinSet::new();
        for door in &doors {
            let listener = listen(door.address).await?;
            let (program, services) = (Arc::clone(&program), door.services.clone());
            let (memory, recorder) = (Arc::clone(&memory), Arc::clone(&recorder));
            let stub = serve::Stub {
                program,
                services,
                memory,
                recorder,
            };
            servers.spawn(serve::serve(listener, Arc::new(stub)));
        }
        Ok(Self { doors, servers })
    }

    /// Serves until something ends all servers, which nothing but dropping does.
    pub(crate) async fn wait(&mut self) {
        while self.servers.join_next().await.is_some() {}
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Error> {
    let taken = |why: std::io::Error| Error::PortTaken {
        address: address.to_string(),
        why: why.to_string(),
    };
    TcpListener::bind(address).await.map_err(taken)
}

#[cfg(test)]
pub(crate) mod tests {
    use flowmesh_ir::{PolicyId, Program, program::VERSION, service::*, ty::Type};

    pub(crate) fn empty_program() -> Program {
        Program {
            version: VERSION,
            name: "test".into(),
            configs: Vec::new(),
            secrets: Vec::new(),
            types: Vec::new(),
            errors: Vec::new(),
            policies: vec![flowmesh_ir::policy::Policy::default()],
            services: Vec::new(),
            functions: Vec::new(),
            flows: Vec::new(),
            ..Program::default()
        }
    }

    pub(crate) fn operation(name: &str, method: Method, path: Vec<Piece>) -> Operation {
        Operation {
            name: name.into(),
            doc: None,
            params: Vec::new(),
            result: Type::Unit,
            fails: Vec::new(),
            binding: Binding::Http,
            stream: None,
            method,
            path,
            address: Vec::new(),
            query: Vec::new(),
            body: None,
            headers: Vec::new(),
            secret_headers: Vec::new(),
            key: None,
            on: Vec::new(),
            policy: PolicyId(0),
            effect: EffectKind::Once,
        }
    }

    pub(crate) fn program_with_charge() -> Program {
        let charge = operation("charge", Method::Post, vec![Piece::Literal("/charges".into())]);
        let mut program = empty_program();
        let payments = Service {
            name: "payments".into(),
            doc: None,
            subsets: Vec::new(),
            address_params: Vec::new(),
            routes: Vec::new(),
            policy: PolicyId(0),
            auth: None,
            operations: vec![charge],
            descriptors: None,
        };
        program.services.push(payments.into());
        program
    }
}
