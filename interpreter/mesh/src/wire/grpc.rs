//! gRPC: a call is a message in a frame over HTTP/2, its end is said in trailers.
//!
//! `codec` turns the JSON of a call into messages and back, `frame` cuts bytes into messages, `channel` keeps the one
//! connection that an endpoint needs, `status` says what a code means to the plan of a call.

pub(crate) mod channel;
pub(crate) mod codec;
mod details;
mod duration;
pub(crate) mod frame;
mod json;
pub(crate) mod status;

use super::{
    connection::Sent,
    endpoint::Endpoint,
    exchange::{Progress, Stage},
};
use crate::{decide::outcome::Outcome, mesh::Limits};
use codec::Method;
use frame::Frames;
use http::{HeaderMap, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use std::sync::Arc;
use tokio::time::Instant;

/// The messages of an answer, as they come.
pub(crate) struct Messages {
    label: Arc<str>,
    method: Method,
    body: Incoming,
    frames: Frames,
    /// What said how it ended, once it has.
    end: Option<HeaderMap>,
}

/// Sends a request with one message and waits for one message.
pub(crate) async fn exchange(
    endpoint: &Endpoint,
    method: &Method,
    request: Sent,
    limits: &Limits,
    progress: &mut Progress,
) -> Outcome {
    let mut messages = match open(endpoint, method, request, limits, progress).await {
        Ok(messages) => messages,
        Err(outcome) => return outcome,
    };
    progress.stage = Stage::Reading;
    let first = match messages.next().await {
        Ok(first) => first,
        Err(outcome) => return outcome,
    };
    match messages.next().await {
        Err(outcome) => outcome,
        Ok(None) => match first {
            Some(body) => Outcome::Answer {
                status: 200,
                body: body.into(),
                retry_after: None,
            },
            None => Outcome::Malformed(format!("the answer of {} holds no message", endpoint.label)),
        },
        Ok(Some(_)) => Outcome::Malformed(format!("the answer of {} holds two messages", endpoint.label)),
    }
}

/// Sends a request over the connection of an endpoint and gives the status of its answer. What no method answers for is
/// an answer of gRPC, which has a code of its own beside a status that says nothing.
pub(super) async fn status_of(endpoint: &Endpoint, request: Sent, limits: &Limits) -> Result<u16, String> {
    let mut progress = Progress::default();
    let answer = endpoint
        .channel
        .send(endpoint, request, limits, &mut progress)
        .await;
    let answer = answer.map_err(|outcome| outcome.to_string())?;
    match answer.headers().get(status::CODE) {
        Some(code) if code != "0" => Err(format!("it answered with the code {code:?} of gRPC")),
        _ => Ok(answer.status().as_u16()),
    }
}

/// Sends a request and gives the messages of its answer, once its head has come.
pub(crate) async fn open(
    endpoint: &Endpoint,
    method: &Method,
    request: Sent,
    limits: &Limits,
    progress: &mut Progress,
) -> Result<Messages, Outcome> {
    let pending = endpoint.begin();
    let started = Instant::now();
    progress.stage = Stage::Connecting;
    let answer = endpoint.channel.send(endpoint, request, limits, progress).await?;
    progress.first_byte = Some(started.elapsed());
    drop(pending);
    let (head, body) = answer.into_parts();
    let mut messages = Messages {
        label: endpoint.label.clone(),
        method: method.clone(),
        body,
        frames: Frames::new(limits.body_bytes),
        end: None,
    };
    if !head.status.is_success() {
        let status = head.status.as_u16();
        return Err(status::of_http(status, &endpoint.label));
    }
    // An answer that is an error at once has no trailers: its head says how it ended.
    if head.headers.contains_key(status::CODE) {
        messages.end = Some(head.headers);
        messages.ended()?;
    }
    Ok(messages)
}

impl Messages {
    /// The next message as JSON, or `None` when the answer has ended well.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<u8>>, Outcome> {
        loop {
            let message = self.frames.message().map_err(|why| self.malformed(why))?;
            if let Some(message) = message {
                return self
                    .method
                    .read(&message)
                    .map(Some)
                    .map_err(|why| self.malformed(&why));
            }
            if self.end.is_some() {
                self.ended()?;
                return match self.frames.is_empty() {
                    true => Ok(None),
                    false => Err(self.malformed("it ends in the middle of a message")),
                };
            }
            self.piece().await?;
        }
    }

    async fn piece(&mut self) -> Result<(), Outcome> {
        match self.body.frame().await {
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => self.frames.take(&data),
                Err(frame) => self.end = frame.into_trailers().ok(),
            },
            Some(Err(_)) => {
                let why = format!(
                    "the connection to {} broke in the middle of the answer",
                    self.label
                );
                return Err(Outcome::Broken(why));
            }
            None => self.end = Some(HeaderMap::new()),
        }
        Ok(())
    }

    /// Whether it ended well.
    fn ended(&self) -> Result<(), Outcome> {
        match &self.end {
            Some(trailers) => status::of(trailers, &self.method, &self.label),
            None => Ok(()),
        }
    }

    fn malformed(&self, why: &str) -> Outcome {
        Outcome::Malformed(format!("the answer of {} cannot be read: {why}", self.label))
    }
}

/// An answer whose body was not looked at.
pub(crate) type Answer = Response<Incoming>;
