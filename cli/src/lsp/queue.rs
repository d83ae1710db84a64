//! Messages in the order in which they came, and which of them nobody waits for any more.

use crossbeam_channel::{Receiver, RecvTimeoutError};
use lsp_server::{Message, Request, RequestId};
use std::{collections::VecDeque, time::Duration};

/// What came and was not looked at yet.
#[derive(Default)]
pub(super) struct Queue {
    waiting: VecDeque<Message>,
}

/// What comes next.
pub(super) enum Next {
    Message(Message),
    /// A request that is not worth an answer any more.
    Unwanted(Request, Why),
    /// Nothing came for a while.
    Quiet,
    /// The editor has gone.
    Gone,
}

/// Why nobody waits for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    Cancelled,
    /// What it would say is about a text that has changed; the editor asks again.
    Outdated,
}

impl Queue {
    /// Whether nothing waits.
    pub(super) fn is_idle(&mut self, from: &Receiver<Message>) -> bool {
        self.fill(from);
        self.waiting.is_empty()
    }

    /// The next one; waits for it, and no longer than a while where there is something to do beside.
    pub(super) fn next(&mut self, from: &Receiver<Message>, at_most: Option<Duration>) -> Next {
        self.fill(from);
        let come = || match at_most {
            Some(at_most) => from.recv_timeout(at_most),
            None => from.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        let message = match self.waiting.pop_front().map_or_else(come, Ok) {
            Ok(message) => message,
            Err(RecvTimeoutError::Timeout) => return Next::Quiet,
            Err(RecvTimeoutError::Disconnected) => return Next::Gone,
        };
        match message {
            Message::Request(request) => match self.unwanted(&request) {
                Some(why) => Next::Unwanted(request, why),
                None => Next::Message(Message::Request(request)),
            },
            message => Next::Message(message),
        }
    }

    fn fill(&mut self, from: &Receiver<Message>) {
        self.waiting.extend(from.try_iter());
    }

    fn unwanted(&self, request: &Request) -> Option<Why> {
        let behind = || {
            self.waiting.iter().filter_map(|message| match message {
                Message::Notification(notification) => Some(notification),
                _ => None,
            })
        };
        let cancels = |method: &str, params: &serde_json::Value| {
            let id = params.get("id").cloned();
            let id = id.and_then(|id| serde_json::from_value::<RequestId>(id).ok());
            method == "$/cancelRequest" && id.as_ref() == Some(&request.id)
        };
        if behind().any(|one| cancels(&one.method, &one.params)) {
            return Some(Why::Cancelled);
        }
        let text = request.params.pointer("/textDocument/uri");
        let changes = |params: &serde_json::Value| params.pointer("/textDocument/uri") == text;
        let changed = || behind().any(|one| one.method == "textDocument/didChange" && changes(&one.params));
        (is_asked_again(&request.method) && changed()).then_some(Why::Outdated)
    }
}

/// Whether editors ask this again by themselves after each change.
fn is_asked_again(method: &str) -> bool {
    matches!(
        method,
        "textDocument/semanticTokens/full"
            | "textDocument/semanticTokens/range"
            | "textDocument/inlayHint"
            | "textDocument/codeLens"
            | "textDocument/documentSymbol"
            | "textDocument/foldingRange"
            | "textDocument/documentLink"
            | "textDocument/documentHighlight"
            | "flowmesh/graph"
    )
}

#[cfg(test)]
mod tests {
    use super::{Next, Queue, Why};
    use lsp_server::{Message, Notification, Request};
    use serde_json::json;

    fn request(id: i32, method: &str) -> Message {
        let params = json!({ "textDocument": { "uri": "file:///a.flow" } });
        Message::Request(Request::new(id.into(), method.to_owned(), params))
    }

    fn notification(method: &str, params: serde_json::Value) -> Message {
        Message::Notification(Notification::new(method.to_owned(), params))
    }

    #[test]
    fn what_nobody_waits_for_is_not_answered_and_the_rest_stays_in_order() {
        let (to, from) = crossbeam_channel::unbounded();
        let mut queue = Queue::default();
        assert!(queue.is_idle(&from));
        let change = json!({ "textDocument": { "uri": "file:///a.flow" } });
        for message in [
            request(1, "textDocument/hover"),
            request(2, "textDocument/inlayHint"),
            request(3, "textDocument/hover"),
            notification("$/cancelRequest", json!({ "id": 1 })),
            notification("textDocument/didChange", change),
        ] {
            to.send(message).unwrap();
        }
        drop(to);
        let mut seen = Vec::new();
        loop {
            seen.push(match queue.next(&from, None) {
                Next::Gone | Next::Quiet => break,
                Next::Unwanted(request, why) => (request.method, Some(why)),
                Next::Message(Message::Request(request)) => (request.method, None),
                Next::Message(Message::Notification(notification)) => (notification.method, None),
                Next::Message(Message::Response(_)) => continue,
            });
        }
        let seen: Vec<(&str, Option<Why>)> =
            seen.iter().map(|(method, why)| (method.as_str(), *why)).collect();
        assert_eq!(
            seen,
            [
                ("textDocument/hover", Some(Why::Cancelled)),
                ("textDocument/inlayHint", Some(Why::Outdated)),
                ("textDocument/hover", None),
                ("$/cancelRequest", None),
                ("textDocument/didChange", None),
            ]
        );
    }
}
