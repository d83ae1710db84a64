//! HTTP/2 by hand: visitors who send what costs them little and a server much. Each is told to go away, or held to what it
//! may have, and others are served meanwhile.

use crate::{
    memory::{alone, resident_kib},
    support::{
        plain,
        server::{Answer, Server},
    },
    town::{Town, gateway, route},
};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

const LONG: Duration = Duration::from_secs(30);

/// Types of frames (RFC 9113, 6).
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// The head of `GET / HTTP/2` for `http://a`, without a table (RFC 7541): indexed fields, and `:authority` as it stands.
const GET: &[u8] = b"\x82\x86\x84\x01\x01a";

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A connection that has said its preface.
async fn open(town: &Town) -> TcpStream {
    let mut stream = town.connect().await;
    let mut hello = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    hello.extend(frame(SETTINGS, 0, 0, &[]));
    stream.write_all(&hello).await.unwrap();
    stream
}

/// One frame; `None` where the connection has ended.
async fn next(stream: &mut TcpStream) -> Option<(u8, u32, Vec<u8>)> {
    let mut head = [0; 9];
    timeout(LONG, stream.read_exact(&mut head))
        .await
        .expect("a frame in time")
        .ok()?;
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
    let mut payload = vec![0; usize::try_from(length).unwrap()];
    timeout(LONG, stream.read_exact(&mut payload))
        .await
        .expect("a frame in time")
        .ok()?;
    let id = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
    Some((head[3], id, payload))
}

/// Reads until the other side says that it is over, or closes; whether it did either in time.
async fn is_sent_away(stream: &mut TcpStream) -> bool {
    loop {
        match next(stream).await {
            None => return true,
            Some((GOAWAY, _, payload)) => {
                let code = payload.get(4..8).map(<[u8]>::to_vec);
                assert_ne!(code.as_deref(), Some(&[0, 0, 0, 0][..]), "it is no ordinary end");
                return true;
            }
            Some(_) => {}
        }
    }
}

/// Sends the same again and again until the other side has had enough; whether it had within so many.
async fn is_stopped(stream: &mut TcpStream, mut say: impl FnMut(u32) -> Vec<u8>, most: u32) -> bool {
    for turn in 0..most {
        if stream.write_all(&say(turn)).await.is_err() {
            return true;
        }
    }
    is_sent_away(stream).await
}

async fn town() -> (Server, Town) {
    let server = Server::start(|_| Answer::Status(200)).await;
    let town = Town::before(&server).await;
    (server, town)
}

/// Whoever comes meanwhile is served.
async fn serves_others(town: &Town) {
    let said = timeout(LONG, town.get("/other"))
        .await
        .expect("an answer in time");
    assert_eq!(said.status, 200);
}

#[tokio::test]
async fn a_request_by_hand_is_answered() {
    let _alone = alone().await;
    let (_server, town) = town().await;
    let mut stream = open(&town).await;
    let request = frame(HEADERS, END_STREAM | END_HEADERS, 1, GET);
    stream.write_all(&request).await.unwrap();
    loop {
        let (kind, id, payload) = next(&mut stream).await.expect("an answer");
        if (kind, id) == (HEADERS, 1) {
            // 0x88 is `:status: 200`.
            assert_eq!(payload.first(), Some(&0x88));
            return;
        }
    }
}

#[tokio::test]
async fn streams_that_are_opened_and_reset_at_once_end_the_connection() {
    let _alone = alone().await;
    let (server, town) = town().await;
    let mut stream = open(&town).await;
    let one = |turn: u32| {
        let id = turn * 2 + 1;
        let mut both = frame(HEADERS, END_STREAM | END_HEADERS, id, GET);
        both.extend(frame(RST_STREAM, 0, id, &8u32.to_be_bytes()));
        both
    };
    assert!(is_stopped(&mut stream, one, 100_000).await);
    assert!(
        server.requests() < 5_000,
        "{} requests came through",
        server.requests()
    );
    serves_others(&town).await;
}

#[tokio::test]
async fn a_head_that_never_ends_ends_the_connection() {
    let _alone = alone().await;
    let (server, town) = town().await;
    let mut stream = open(&town).await;
    stream
        .write_all(&frame(HEADERS, END_STREAM, 1, GET))
        .await
        .unwrap();
    // A literal header without indexing: `x: ` and a kilobyte.
    let mut field = b"\x00\x01x\x7f\x81\x07".to_vec();
    field.resize(field.len() + 1024, b'a');
    let stopped = is_stopped(&mut stream, |_| frame(CONTINUATION, 0, 1, &field), 20_000).await;
    assert!(stopped);
    assert_eq!(server.requests(), 0);
    serves_others(&town).await;
}

#[tokio::test]
async fn a_head_in_empty_pieces_ends_the_connection() {
    let _alone = alone().await;
    let (server, town) = town().await;
    let mut stream = open(&town).await;
    stream
        .write_all(&frame(HEADERS, END_STREAM, 1, GET))
        .await
        .unwrap();
    assert!(is_stopped(&mut stream, |_| frame(CONTINUATION, 0, 1, &[]), 200_000).await);
    assert_eq!(server.requests(), 0);
    serves_others(&town).await;
}

#[tokio::test]
async fn whoever_lets_answers_to_pings_and_settings_pile_up_is_not_waited_for() {
    let _alone = alone().await;
    for (kind, payload) in [(PING, &[0u8; 8][..]), (SETTINGS, &[][..])] {
        let (_server, town) = town().await;
        let mut stream = open(&town).await;
        let piece: Vec<u8> = std::iter::repeat_n(frame(kind, 0, 0, payload), 1_000)
            .flatten()
            .collect();
        // Nothing is read of what comes back: the writing stops when the answers fill the way, and no memory does.
        let before = resident_kib();
        let writing = async {
            for _ in 0..20_000 {
                if stream.write_all(&piece).await.is_err() {
                    return;
                }
            }
        };
        let _ = timeout(Duration::from_secs(3), writing).await;
        let grown = resident_kib().saturating_sub(before);
        assert!(grown < 64 << 10, "{grown} KiB for frames of type {kind}");
        serves_others(&town).await;
    }
}

#[tokio::test]
async fn an_answer_that_nobody_takes_is_not_gathered() {
    let _alone = alone().await;
    let server = Server::start(|_| Answer::Body(vec![b'a'; 8 << 20])).await;
    let town = Town::before(&server).await;
    let before = resident_kib();
    let mut held = Vec::new();
    for _ in 0..8 {
        let mut stream = open(&town).await;
        // Each stream may send nothing: its window is 0.
        let window = [0, 4, 0, 0, 0, 0];
        stream.write_all(&frame(SETTINGS, 0, 0, &window)).await.unwrap();
        for id in (1..32).step_by(2) {
            let request = frame(HEADERS, END_STREAM | END_HEADERS, id, GET);
            stream.write_all(&request).await.unwrap();
        }
        held.push(stream);
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let grown = resident_kib().saturating_sub(before);
    // The servers of the test hold 8 MiB for each request; 128 of them whole would be twice a GiB.
    assert!(grown < 1600 << 10, "{grown} KiB");
    drop(held);
}

#[tokio::test]
async fn a_window_that_grows_beyond_what_there_is_ends_the_connection() {
    let _alone = alone().await;
    let (_server, town) = town().await;
    let mut stream = open(&town).await;
    let grow = frame(WINDOW_UPDATE, 0, 0, &0x7fff_ffff_u32.to_be_bytes());
    assert!(is_stopped(&mut stream, |_| grow.clone(), 4).await);
}

#[tokio::test]
async fn bodies_longer_than_they_may_be_are_not_taken() {
    let _alone = alone().await;
    let server = Server::start(|_| Answer::Status(200)).await;
    let front = gateway(vec![route(None, "/**")]);
    let town = Town::with(&server, plain(), front, |options| options.body_bytes = 100 << 10).await;
    let mut stream = open(&town).await;
    // `POST /`
    let head = frame(HEADERS, END_HEADERS, 1, b"\x83\x86\x84\x01\x01a");
    stream.write_all(&head).await.unwrap();
    // As much as fits the first window: more than the server may get, and no end of it.
    for _ in 0..3 {
        let data = frame(DATA, 0, 1, &[b'a'; 16 << 10]);
        stream.write_all(&data).await.unwrap();
    }
    let mut credit = 0u64;
    while let Some((kind, id, _)) = next(&mut stream).await {
        match (kind, id) {
            (HEADERS | RST_STREAM, 1) | (GOAWAY, _) => break,
            (WINDOW_UPDATE, 1) => {
                credit += 1;
                let data = frame(DATA, 0, 1, &[b'a'; 16 << 10]);
                let _ = stream.write_all(&data).await;
                assert!(credit < 1_000, "it is taken for ever");
            }
            _ => {}
        }
    }
    assert_eq!(
        server.requests(),
        0,
        "the service got what is longer than it may be"
    );
    serves_others(&town).await;
}
