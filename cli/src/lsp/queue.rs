//! Messages in the order in which they came, and which of them nobody waits for any more.

use crossbeam_channel::{Receiver, RecvTimeoutError};
use lsp_server::{Message, Notification, Request, RequestId};
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// How long nothing must come before something is done beside that takes no time to speak of.
const PAUSE: Duration = Duration::from_millis(20);

/// How long nothing must come before that is answered which takes its time.
const QUIET: Duration = Duration::from_millis(500);

/// What came and was not looked at yet.
#[derive(Default)]
pub(super) struct Queue {
    waiting: VecDeque<Message>,
    /// Requests about a whole project that editors ask by themselves, after each change: they wait until it is quiet.
    patient: VecDeque<Request>,
    /// Those of them that nobody waits for any more.
    unwanted: VecDeque<(Request, Why)>,
    /// When something came last.
    came: Option<Instant>,
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

    /// The next one; waits for it, and not for long where there is something to do beside.
    pub(super) fn next(&mut self, from: &Receiver<Message>, beside: bool) -> Next {
        loop {
            if let Some((request, why)) = self.unwanted.pop_front() {
                return Next::Unwanted(request, why);
            }
            match self.come(from, beside) {
                Ok(message) if ends(&message) && !self.patient.is_empty() => {
                    let patient = self.patient.drain(..);
                    self.unwanted
                        .extend(patient.map(|request| (request, Why::Cancelled)));
                    self.waiting.push_front(message);
                }
                Ok(Message::Request(request)) => match self.unwanted(&request) {
                    Some(why) => return Next::Unwanted(request, why),
                    None if is_patient(&request.method) => self.patient.push_back(request),
                    None => return Next::Message(Message::Request(request)),
                },
                Ok(message) => {
                    self.lose_patience(&message);
                    return Next::Message(message);
                }
                Err(RecvTimeoutError::Timeout) => {
                    let patient = self.patient.pop_front_if(|_| !beside);
                    return patient.map_or(Next::Quiet, |request| Next::Message(Message::Request(request)));
                }
                Err(RecvTimeoutError::Disconnected) => return Next::Gone,
            }
        }
    }

    fn come(&mut self, from: &Receiver<Message>, beside: bool) -> Result<Message, RecvTimeoutError> {
        self.fill(from);
        let since = self.came.map_or(Duration::ZERO, |came| came.elapsed());
        let come = || match (beside, self.patient.is_empty()) {
            (true, _) => from.recv_timeout(PAUSE.saturating_sub(since)),
            (false, false) => from.recv_timeout(QUIET.saturating_sub(since)),
            (false, true) => from.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        let come = self.waiting.pop_front().map_or_else(come, Ok)?;
        self.came = Some(Instant::now());
        Ok(come)
    }

    /// What a message makes of those who wait patiently.
    fn lose_patience(&mut self, message: &Message) {
        let Message::Notification(told) = message else {
            return;
        };
        let why = match told.method.as_str() {
            "$/cancelRequest" => Why::Cancelled,
            "textDocument/didChange" => Why::Outdated,
            _ => return,
        };
        for request in std::mem::take(&mut self.patient) {
            match why == Why::Outdated || cancels(told, &request) {
                true => self.unwanted.push_back((request, why)),
                false => self.patient.push_back(request),
            }
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
        if behind().any(|one| cancels(one, request)) {
            return Some(Why::Cancelled);
        }
        let text = request.params.pointer("/textDocument/uri");
        let changes = |params: &serde_json::Value| params.pointer("/textDocument/uri") == text;
        let changed = || behind().any(|one| one.method == "textDocument/didChange" && changes(&one.params));
        (is_asked_again(&request.method) && changed()).then_some(Why::Outdated)
    }
}

/// Whether a message says that nobody waits for an answer.
fn cancels(told: &Notification, request: &Request) -> bool {
    let id = told.params.get("id").cloned();
    let id = id.and_then(|id| serde_json::from_value::<RequestId>(id).ok());
    told.method == "$/cancelRequest" && id.as_ref() == Some(&request.id)
}

/// Whether nothing is answered after this.
fn ends(message: &Message) -> bool {
    matches!(message, Message::Request(request) if request.method == "shutdown")
}

/// Whether it is about a whole project, and nobody has asked for it but the editor itself.
fn is_patient(method: &str) -> bool {
    method == "codeLens/resolve"
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

    /// Messages in the order in which they are taken, and for which of them nobody waits any more.
    fn hold(messages: Vec<Message>, expected: &[(&str, Option<Why>)]) {
        let (to, from) = crossbeam_channel::unbounded();
        let mut queue = Queue::default();
        assert!(queue.is_idle(&from));
        for message in messages {
            to.send(message).unwrap();
        }
        for (method, why) in expected {
            let seen = match queue.next(&from, false) {
                Next::Unwanted(request, why) => (request.method, Some(why)),
                Next::Message(Message::Request(request)) => (request.method, None),
                Next::Message(Message::Notification(notification)) => (notification.method, None),
                Next::Gone | Next::Quiet | Next::Message(Message::Response(_)) => {
                    panic!("{method} is missing")
                }
            };
            assert_eq!(seen, ((*method).to_owned(), *why));
        }
        assert!(matches!(queue.next(&from, true), Next::Quiet));
        drop(to);
        assert!(matches!(queue.next(&from, true), Next::Gone));
    }

    #[test]
    fn what_nobody_waits_for_is_not_answered_and_the_rest_stays_in_order() {
        let change = json!({ "textDocument": { "uri": "file:///a.flow" } });
        hold(
            vec![
                request(1, "textDocument/hover"),
                request(2, "textDocument/inlayHint"),
                request(3, "textDocument/hover"),
                notification("$/cancelRequest", json!({ "id": 1 })),
                notification("textDocument/didChange", change),
            ],
            &[
                ("textDocument/hover", Some(Why::Cancelled)),
                ("textDocument/inlayHint", Some(Why::Outdated)),
                ("textDocument/hover", None),
                ("$/cancelRequest", None),
                ("textDocument/didChange", None),
            ],
        );
    }

    #[test]
    fn what_an_editor_asks_by_itself_waits_until_it_is_quiet() {
        let counted = "codeLens/resolve";
        hold(
            vec![
                request(1, counted),
                request(2, counted),
                request(3, "textDocument/hover"),
                notification("$/cancelRequest", json!({ "id": 1 })),
            ],
            &[
                (counted, Some(Why::Cancelled)),
                ("textDocument/hover", None),
                ("$/cancelRequest", None),
                (counted, None),
            ],
        );
        hold(
            vec![
                request(1, counted),
                notification("textDocument/didChange", json!({})),
            ],
            &[("textDocument/didChange", None), (counted, Some(Why::Outdated))],
        );
        hold(
            vec![request(1, counted), request(2, "shutdown")],
            &[(counted, Some(Why::Cancelled)), ("shutdown", None)],
        );
    }
}
