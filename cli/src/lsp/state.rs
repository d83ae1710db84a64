//! What is open, and what is known of it. What is known is of one moment: a change makes it another.

use super::{
    client::Client,
    documents::{Desk, Documents},
    listing::Listing,
    requests::MOST,
};
use flowmesh_diagnostics::SourceId;
use flowmesh_frontend::{
    Workspace, World,
    ide::{self, Index, Known, Snapshot, completion::Completion},
};
use lsp_server::{Message, Request};
use serde_json::json;
use std::{collections::BTreeMap, path::PathBuf, rc::Rc, thread};

/// What the server knows.
pub(super) struct State {
    pub(super) client: Client,
    pub(super) documents: Documents,
    /// How often anything has changed.
    moment: u64,
    rooms: BTreeMap<String, Room>,
    /// All modules of a project, by its folder, at a moment.
    projects: BTreeMap<Option<PathBuf>, Room>,
    /// What modules declare.
    listing: Listing,
    /// URIs for which something was told that was not taken back, and a number of what that was.
    pub(super) marked: BTreeMap<String, u64>,
    /// Whether what is wrong was told since the last change.
    pub(super) told: bool,
    /// What was offered last, so that its words can be asked for.
    pub(super) offered: Option<Rc<Completion>>,
    requests: i32,
}

/// What is known of one document, or of one project.
#[derive(Default)]
struct Room {
    workspace: Workspace,
    last: Option<(u64, Rc<Snapshot>)>,
}

/// A document that is asked about, and what is known of it.
pub(super) struct Seen<'s> {
    pub(super) desk: Desk<'s>,
    pub(super) snapshot: Rc<Snapshot>,
    pub(super) source: SourceId,
}

/// Lets go what was known, beside all else: it is made of many parts.
fn let_go(known: Rc<Snapshot>) {
    if let Some(known) = Rc::into_inner(known) {
        // Where there is no thread to be had it goes at once.
        drop(thread::Builder::new().spawn(move || drop(known)));
    }
}

impl Room {
    /// All modules of a project as they are now.
    fn all(&mut self, desk: &Desk<'_>) -> Rc<Snapshot> {
        let paths = desk.modules();
        Rc::new(Snapshot::project_again(&mut self.workspace, desk, &paths))
    }
}

impl State {
    /// Nothing is open yet.
    pub(super) fn new(client: Client) -> Self {
        Self {
            client,
            documents: Documents::default(),
            moment: 0,
            rooms: BTreeMap::new(),
            projects: BTreeMap::new(),
            listing: Listing::default(),
            marked: BTreeMap::new(),
            told: true,
            offered: None,
            requests: 0,
        }
    }

    /// Something has changed.
    pub(super) fn changed(&mut self) {
        self.moment += 1;
        self.told = false;
        // Two programs are not held at once: they are large.
        if let Some(offered) = self.offered.as_mut().and_then(Rc::get_mut) {
            offered.settle(MOST);
        }
    }

    /// A document is closed.
    pub(super) fn closed(&mut self, uri: &str) {
        self.documents.open.remove(uri);
        self.rooms.remove(uri);
        self.changed();
    }

    /// Lets go what is known of a document that is not open.
    pub(super) fn close_room(&mut self, uri: &str) {
        self.rooms.remove(uri);
    }

    /// All that was made of texts, in case something went wrong with it.
    pub(super) fn forget(&mut self) {
        self.rooms.clear();
        self.projects.clear();
        self.offered = None;
    }

    /// The program whose root is a document, as it is now.
    pub(super) fn snapshot(&mut self, uri: &str) -> Rc<Snapshot> {
        let room = self.rooms.entry(uri.to_owned()).or_default();
        if let Some((moment, snapshot)) = &room.last
            && *moment == self.moment
        {
            return Rc::clone(snapshot);
        }
        // It is large: two of them are not held at once.
        if let Some((_, before)) = room.last.take() {
            let_go(before);
        }
        let desk = self.documents.desk(uri);
        let snapshot = Rc::new(Snapshot::again(&mut room.workspace, &desk, &desk.root));
        room.last = Some((self.moment, Rc::clone(&snapshot)));
        snapshot
    }

    /// A document with what is known of it.
    pub(super) fn seen(&mut self, uri: &str) -> Option<Seen<'_>> {
        let snapshot = self.snapshot(uri);
        let desk = self.documents.desk(uri);
        let source = snapshot.source(&desk.root)?;
        Some(Seen {
            desk,
            snapshot,
            source,
        })
    }

    /// A document among all modules of its project.
    pub(super) fn among(&mut self, uri: &str) -> Option<Seen<'_>> {
        let desk = self.documents.desk(uri);
        let folder = desk.folder();
        let room = self.projects.entry(folder).or_default();
        let known = room.last.take().filter(|(moment, _)| *moment == self.moment);
        let snapshot = known.map_or_else(|| room.all(&desk), |(_, snapshot)| snapshot);
        room.last = Some((self.moment, Rc::clone(&snapshot)));
        let source = snapshot.source(&desk.root)?;
        Some(Seen {
            desk,
            snapshot,
            source,
        })
    }

    /// The project of a document that need not exist: its folder counts.
    pub(super) fn project(&mut self, uri: &str) -> Option<Seen<'_>> {
        let desk = self.documents.desk(uri);
        let first = desk.modules().into_iter().find(|name| desk.read(name).is_ok())?;
        let first = desk.uri_of(&first)?;
        self.among(&first)
    }

    /// Whether there is something to do while nobody waits.
    pub(super) fn is_behind(&self) -> bool {
        self.listing.is_behind(self.moment)
    }

    /// Does a little of it. What was known of whole projects before something changed is let go: it is large.
    pub(super) fn catch_up(&mut self) {
        self.listing.go_on(&self.documents, self.moment);
        let now = self.moment;
        self.projects
            .retain(|_, room| room.last.as_ref().is_some_and(|(moment, _)| *moment == now));
    }

    /// A document, and the names of its project.
    pub(super) fn beside(&mut self, uri: &str) -> Option<(Seen<'_>, &Index)> {
        let snapshot = self.snapshot(uri);
        let desk = self.documents.desk(uri);
        let source = snapshot.source(&desk.root)?;
        let index = self.listing.of(&self.documents, uri);
        let seen = Seen {
            desk,
            snapshot,
            source,
        };
        Some((seen, index))
    }

    /// What can be written at a place of a document.
    pub(super) fn complete(&mut self, uri: &str, offset: u32) -> Rc<Completion> {
        self.offered = None;
        let Room { workspace, last } = self.rooms.entry(uri.to_owned()).or_default();
        let now = last.as_ref().filter(|(moment, _)| *moment == self.moment);
        let desk = self.documents.desk(uri);
        let desk = match now {
            Some(_) => desk.recent(),
            None => desk,
        };
        let known = Known {
            elsewhere: Some(self.listing.of(&self.documents, uri)),
            program: now.map(|(_, snapshot)| snapshot),
        };
        let mut offered = ide::complete(workspace, &desk, &desk.root, offset, known);
        if let Some(program) = offered.take_program() {
            let before = last.replace((self.moment, Rc::new(program)));
            before.into_iter().for_each(|(_, before)| let_go(before));
        }
        let offered = Rc::new(offered);
        self.offered = Some(Rc::clone(&offered));
        offered
    }

    /// A request to the editor.
    pub(super) fn request(&mut self, method: &str, params: serde_json::Value) -> Message {
        self.requests += 1;
        let id = format!("flowmesh-{}", self.requests);
        Request::new(id.into(), method.to_owned(), params).into()
    }

    /// What the editor is asked to do for the server from now on.
    pub(super) fn registrations(&mut self) -> Vec<Message> {
        if !self.client.watches {
            return Vec::new();
        }
        let watchers = ["**/*.flow", "**/flowmesh.toml", "**/*.{yaml,yml,json,proto}"];
        let watchers: Vec<_> = watchers
            .iter()
            .map(|glob| json!({ "globPattern": glob }))
            .collect();
        let registration = json!({
            "id": "files",
            "method": "workspace/didChangeWatchedFiles",
            "registerOptions": { "watchers": watchers },
        });
        vec![self.request(
            "client/registerCapability",
            json!({ "registrations": [registration] }),
        )]
    }
}
