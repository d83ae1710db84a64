//! What comes over the wire or out of a file of an operator: each reader of ours is fed what strangers might send, and held
//! to more than that it ends. A text stands for bytes: a character below U+0100 for the byte of its number, any other for
//! the bytes of its UTF-8.
//!
//! The folder: `request` (the canonical request, and its four readers), `told` (what is said of a visitor and of a trace
//! before us), `spans` (what is sent of spans), `times` (`Retry-After`, dates, caches), `proofs` (cookies, tokens, passwords, files of visitors), `streams`
//! (frames of gRPC, items of a stream), `places` (where a name may lead), `whose` (identities of SPIFFE, statuses of gRPC).

mod places;
mod proofs;
mod request;
mod spans;
mod streams;
mod times;
mod told;
mod whose;

use crate::mutate::Random;
use http::{HeaderMap, HeaderName, HeaderValue};

/// A reader of what comes from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// The canonical request: read again, it is the same, and all who read it see the same path and query.
    Request,
    /// `traceparent`, `tracestate`, `baggage` and B3: what is passed on is read as it was, within the limits of W3C.
    Trace,
    /// `X-Forwarded-For`: whatever strangers wrote before, those who are trusted say last who it is.
    Forwarded,
    /// Version 2 of the PROXY protocol: what is written of a visitor is what was read.
    Proxied,
    /// The name that a visitor asks for by TLS: known once, it does not change with what comes behind.
    Hello,
    /// `Retry-After` and dates: no wait is longer than what is said, and a date is read as it is written.
    Times,
    /// What may be kept of answers: nothing that is somebody's, and nothing for longer than the policy says.
    Kept,
    /// Cookies: what was sealed is what opens, and nothing else does.
    Cookies,
    /// Tokens and key sets: whatever is changed of a token, it says what was signed or is not believed.
    Tokens,
    /// What an issuer answers about an opaque token: only what says that it is active, and meant for us, lets anybody in.
    Introspected,
    /// Names and passwords, and lines of files of visitors: written again, they are read as they were.
    Visitors,
    /// Frames of gRPC: wherever they are cut, the messages are the same, and in their frames again the bytes are.
    Frames,
    /// Items of a stream, server-sent events and lines: wherever they are cut, they are the same.
    Items,
    /// Spans by OTLP and to Zipkin: who reads them has all that was written.
    Spans,
    /// Where a name may lead: an address within another is what it leads to, and who is believed less reaches no more.
    Guard,
    /// Identities of SPIFFE: the trust domain is the one that others see.
    Identity,
    /// Certificates, and what an agent of SPIFFE brings: of whom it says, or not read.
    Certificate,
    /// The text of a status of gRPC: written as it has to be, it is read as it was.
    Status,
}

/// All of them.
pub const READERS: [Reader; 18] = [
    Reader::Request,
    Reader::Trace,
    Reader::Forwarded,
    Reader::Proxied,
    Reader::Hello,
    Reader::Times,
    Reader::Kept,
    Reader::Cookies,
    Reader::Tokens,
    Reader::Introspected,
    Reader::Visitors,
    Reader::Frames,
    Reader::Items,
    Reader::Spans,
    Reader::Guard,
    Reader::Identity,
    Reader::Certificate,
    Reader::Status,
];

impl Reader {
    /// What it is called on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Trace => "trace",
            Self::Forwarded => "forwarded",
            Self::Proxied => "proxied",
            Self::Hello => "hello",
            Self::Times => "times",
            Self::Kept => "kept",
            Self::Cookies => "cookies",
            Self::Tokens => "tokens",
            Self::Introspected => "introspected",
            Self::Visitors => "visitors",
            Self::Frames => "frames",
            Self::Items => "items",
            Self::Spans => "spans",
            Self::Guard => "guard",
            Self::Identity => "identity",
            Self::Certificate => "certificate",
            Self::Status => "status",
        }
    }

    /// What somebody might send who means well.
    pub(super) fn corpus(self) -> Vec<String> {
        match self {
            Self::Request => owned(request::SEEDS),
            Self::Trace => owned(told::TRACES),
            Self::Forwarded => owned(told::FORWARDED),
            Self::Proxied => told::proxied_seeds(),
            Self::Hello => told::hello_seeds(),
            Self::Times => owned(times::SEEDS),
            Self::Kept => owned(times::ANSWERS),
            Self::Cookies => owned(proofs::COOKIES),
            Self::Tokens => owned(proofs::TOKENS),
            Self::Introspected => owned(proofs::ANSWERS),
            Self::Visitors => owned(proofs::LINES),
            Self::Frames => streams::frame_seeds(),
            Self::Items => owned(streams::ITEMS),
            Self::Spans => owned(spans::SEEDS),
            Self::Guard => owned(places::SEEDS),
            Self::Identity => owned(whose::IDENTITIES),
            Self::Certificate => whose::certificate_seeds(),
            Self::Status => owned(whose::MESSAGES),
        }
    }

    /// What is put in here and there.
    pub(super) fn words(self) -> &'static [&'static str] {
        match self {
            Self::Request => request::WORDS,
            Self::Trace | Self::Forwarded | Self::Kept | Self::Times | Self::Spans => told::WORDS,
            Self::Cookies | Self::Tokens | Self::Introspected | Self::Visitors => proofs::WORDS,
            Self::Guard => places::WORDS,
            Self::Identity | Self::Certificate | Self::Status => whose::WORDS,
            Self::Proxied | Self::Hello | Self::Frames | Self::Items => streams::WORDS,
        }
    }

    /// Feeds one text. It panics where a promise is broken.
    pub(super) fn feed(self, text: &str, random: &mut Random) {
        match self {
            Self::Request => request::feed(text),
            Self::Trace => told::trace(text),
            Self::Forwarded => told::forwarded(text, random),
            Self::Proxied => told::proxied(&bytes(text)),
            Self::Hello => told::hello(text, random),
            Self::Times => times::times(text, random),
            Self::Kept => times::kept(text, random),
            Self::Cookies => proofs::cookies(text, random),
            Self::Tokens => proofs::tokens(text),
            Self::Introspected => proofs::introspected(text),
            Self::Visitors => proofs::visitors(text),
            Self::Frames => streams::frames(&bytes(text), random),
            Self::Items => streams::items(&bytes(text), random),
            Self::Spans => spans::spans(text, random),
            Self::Guard => places::guard(text),
            Self::Identity => whose::identity(text),
            Self::Certificate => whose::certificate(&bytes(text)),
            Self::Status => whose::message(text),
        }
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// The bytes that a text stands for.
fn bytes(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for sign in text.chars() {
        match u8::try_from(u32::from(sign)) {
            Ok(byte) => bytes.push(byte),
            Err(_) => bytes.extend(sign.to_string().bytes()),
        }
    }
    bytes
}

/// The text that stands for bytes.
fn text(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// Lines of `name: value` as headers. What cannot be one does not come so far, as it is refused by whoever reads HTTP.
fn headers<'l>(lines: impl Iterator<Item = &'l str>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in lines {
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        let name = HeaderName::from_bytes(&bytes(name.trim()));
        let value = HeaderValue::from_bytes(bytes(value).trim_ascii());
        if let (Ok(name), Ok(value)) = (name, value) {
            let _ = headers.try_append(name, value);
        }
    }
    headers
}

/// Cuts bytes in up to four pieces.
fn pieces<'b>(mut bytes: &'b [u8], random: &mut Random) -> Vec<&'b [u8]> {
    let mut pieces = Vec::new();
    for _ in 0..random.below(4) {
        let (piece, rest) = bytes.split_at(random.below(bytes.len() + 1));
        pieces.push(piece);
        bytes = rest;
    }
    pieces.push(bytes);
    pieces
}
