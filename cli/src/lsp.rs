//! The editor server: one loop over standard input and output, so that changes never overtake each other.
//!
//! 1. [`queue`]: messages in the order in which they came, and which of them nobody waits for any more
//! 2. [`client`], [`offers`]: what the editor can, and what it is offered
//! 3. [`state`]: what is open, and what is known of it
//! 4. [`notified`], [`requests`], [`findings`]: what is noted, what is answered, what is wrong

mod client;
mod documents;
mod files;
mod findings;
mod from_protocol;
mod library;
mod listing;
mod notified;
mod offers;
mod queue;
mod requests;
mod state;
mod to_protocol;
mod uri;

use crate::{error::Error, memory};
use client::Client;
use lsp_server::{Connection, ErrorCode, Message, Request, Response};
use queue::{Next, Queue};
use state::State;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Serves one editor until it says `exit`.
pub(crate) fn serve() -> Result<(), Error> {
    memory::small_pages();
    let (connection, threads) = Connection::stdio();
    let ended = talk(&connection);
    // The writer ends when nobody can send any more.
    drop(connection);
    ended.map_err(|why| broken(&why))?;
    threads.join().map_err(|why| broken(&why.to_string()))
}

fn broken(why: &str) -> Error {
    Error::NoServer {
        url: "stdio".to_owned(),
        why: format!("the editor broke the protocol: {why}"),
    }
}

fn talk(connection: &Connection) -> Result<(), String> {
    let (id, params) = connection.initialize_start().map_err(|why| why.to_string())?;
    let client = Client::of(&params);
    let offered = offers::to(&client);
    connection
        .initialize_finish(id, offered)
        .map_err(|why| why.to_string())?;
    let mut state = State::new(client);
    for message in state.registrations() {
        send(connection, message);
    }
    let mut queue = Queue::default();
    loop {
        // What is wrong is told when nothing else waits.
        if queue.is_idle(&connection.receiver) {
            let found = catch_unwind(AssertUnwindSafe(|| findings::published(&mut state)));
            let found = found.unwrap_or_else(|_| {
                state.forget();
                Vec::new()
            });
            found.into_iter().for_each(|message| send(connection, message));
        }
        match queue.next(&connection.receiver, state.is_behind()) {
            Next::Gone => return Ok(()),
            Next::Quiet => {
                let caught = catch_unwind(AssertUnwindSafe(|| state.catch_up()));
                caught.unwrap_or_else(|_| state.forget());
            }
            Next::Unwanted(request, why) => send(connection, refused(request, why)),
            Next::Message(Message::Request(request)) => {
                let ends = connection.handle_shutdown(&request);
                if ends.map_err(|why| why.to_string())? {
                    return Ok(());
                }
                let answers = answered(&mut state, request);
                answers.into_iter().for_each(|message| send(connection, message));
            }
            Next::Message(Message::Notification(notification)) => {
                let noted = catch_unwind(AssertUnwindSafe(|| notified::note(&mut state, notification)));
                noted
                    .unwrap_or_default()
                    .into_iter()
                    .for_each(|message| send(connection, message));
            }
            Next::Message(Message::Response(_)) => {}
        }
    }
}

/// The answer, and what is told beside it. Whatever goes wrong on the way ends this answer and not the server.
fn answered(state: &mut State, request: Request) -> Vec<Message> {
    let id = request.id.clone();
    let done = catch_unwind(AssertUnwindSafe(|| requests::answer(state, request)));
    done.unwrap_or_else(|_| {
        state.forget();
        let why = "the server could not answer this; it goes on".to_owned();
        vec![Response::new_err(id, ErrorCode::InternalError as i32, why).into()]
    })
}

fn refused(request: Request, why: queue::Why) -> Response {
    let (code, text) = match why {
        queue::Why::Cancelled => (ErrorCode::RequestCanceled, "nobody waits for it any more"),
        queue::Why::Outdated => (ErrorCode::ContentModified, "the text has changed since"),
    };
    Response::new_err(request.id, code as i32, text.to_owned())
}

/// An editor that has gone is noticed by the reader.
fn send(connection: &Connection, message: impl Into<Message>) {
    let _ = connection.sender.send(message.into());
}
