//! The editor server: one loop over standard input and output, so that changes never overtake each other.

mod answer;
mod documents;
mod from_protocol;
mod to_protocol;
mod uri;

use crate::error::Error;
use documents::Documents;
use gen_lsp_types::{
    DocumentFormattingProvider, HoverProvider, InitializeResult, PositionEncodingKind, ServerCapabilities,
    ServerInfo, TextDocumentSync, TextDocumentSyncKind, TextDocumentSyncOptions,
};
use lsp_server::{Connection, Message};

/// Serves one editor until it says `exit`.
pub(crate) fn serve() -> Result<(), Error> {
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
    let (id, _) = connection.initialize_start().map_err(|why| why.to_string())?;
    let version = Some(env!("CARGO_PKG_VERSION").to_owned());
    let server_info = Some(ServerInfo {
        name: "flowmesh".to_owned(),
        version,
    });
    let result = InitializeResult {
        capabilities: capabilities(),
        server_info,
    };
    let result = serde_json::to_value(result).map_err(|why| why.to_string())?;
    connection
        .initialize_finish(id, result)
        .map_err(|why| why.to_string())?;
    let mut documents = Documents::default();
    for message in &connection.receiver {
        match message {
            Message::Request(request) => {
                if connection
                    .handle_shutdown(&request)
                    .map_err(|why| why.to_string())?
                {
                    return Ok(());
                }
                send(connection, answer::request(&documents, request));
            }
            Message::Notification(notification) => {
                for message in answer::notification(&mut documents, notification) {
                    send(connection, message);
                }
            }
            Message::Response(_) => {}
        }
    }
    Ok(())
}

/// An editor that has gone is noticed by the reader.
fn send(connection: &Connection, message: impl Into<Message>) {
    let _ = connection.sender.send(message.into());
}

fn capabilities() -> ServerCapabilities {
    let sync = TextDocumentSyncOptions {
        open_close: Some(true),
        change: Some(TextDocumentSyncKind::Incremental),
        ..TextDocumentSyncOptions::default()
    };
    ServerCapabilities {
        position_encoding: Some(PositionEncodingKind::UTF16),
        text_document_sync: Some(TextDocumentSync::Options(sync)),
        hover_provider: Some(HoverProvider::Bool(true)),
        document_formatting_provider: Some(DocumentFormattingProvider::Bool(true)),
        ..ServerCapabilities::default()
    }
}
