//! What is said of a visitor and of a trace by those before us: trace headers, `X-Forwarded-For`, the PROXY protocol, and
//! the name in a TLS hello.

use super::{bytes, headers, text};
use crate::mutate::Random;
use flowmesh_ir::{
    trace::{BAGGAGE_MAX, STATE_MAX, TraceContext},
    traffic::Propagation,
};
use flowmesh_mesh::{
    decide::{
        propagation::{Forms, Told, accompany, read, write},
        proxied::{FIXED_BYTES, fixed, header},
    },
    readers::{server_name, visitor_address},
};
use http::{HeaderMap, HeaderValue};
use std::net::{IpAddr, SocketAddr};

pub(super) const TRACES: &[&str] = &[
    "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\ntracestate: rojo=00f067aa0ba902b7,congo=t61rcWkgMzE\nbaggage: who=ann;p=1,of=shop\n",
    "traceparent: 01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00-what\ntracestate: tenant@system=1\ntracestate: a=b\n",
    "b3: 80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1-05e3ac9a4f6e3b90\nbaggage: a = b\n",
    "x-b3-traceid: 80f198ee56343ba8\nx-b3-spanid: e457b5a2e4d86bd1\nx-b3-sampled: 1\nx-b3-flags: 1\n",
    "b3: 0\ntracestate: a=1\n",
];

pub(super) const FORWARDED: &[&str] = &[
    "x-forwarded-for: 203.0.113.7, 10.0.0.8\n",
    "x-forwarded-for: [2001:db8::1]:443\nx-forwarded-for: unknown, 10.0.0.8:80\n",
    "x-forwarded-for: ::ffff:1.1.1.1,,1.1.1.1\n",
];

pub(super) const WORDS: &[&str] = &[
    ",",
    "-",
    "=",
    ";",
    ":",
    " ",
    "\t",
    "\n",
    "00",
    "ff",
    "0000000000000000",
    "\u{e9}",
    "\"",
    "a=",
    "@",
    "d",
    "true",
    "[",
    "]",
    "1.1.1.1",
    "::1",
    "x-forwarded-for: ",
    "tracestate: ",
    "baggage: ",
    "b3: ",
    "no-store",
    "max-age=",
    "s-maxage=1",
    "private",
    "vary: *\n",
    "set-cookie: a\n",
    "public",
    "-1",
    "GMT",
    "Sun, ",
    "9999",
    "age: ",
    "date: ",
    "\n\n",
];

pub(super) fn trace(said: &str) {
    let mut headers = headers(said.split('\n'));
    let told = read(&headers);
    let Told { ids, sampled, .. } = &told;
    let within = |text: &Option<std::sync::Arc<str>>, most: usize| {
        text.as_deref()
            .is_none_or(|text| !text.is_empty() && text.len() <= most)
    };
    assert!(within(&told.state, STATE_MAX) && within(&told.baggage, BAGGAGE_MAX));
    assert!(ids.is_some() || told.state.is_none(), "the state of no trace");
    let Some((trace, span)) = *ids else { return };
    assert!(trace != 0 && span != 0);
    let lineage = told.clone().lineage().expect("it has a trace");
    let context = TraceContext {
        trace,
        span,
        sampled: sampled.unwrap_or(true),
    };
    for forms in [
        &[][..],
        &[Propagation::B3],
        &[Propagation::B3Multi],
        &[Propagation::W3c, Propagation::B3],
    ] {
        accompany(&mut headers, &lineage);
        write(&mut headers, context, Forms::new(forms));
        let next = read(&headers);
        assert_eq!(next.ids, Some((trace, span)), "{forms:?}");
        assert_eq!(next.sampled, Some(context.sampled), "{forms:?}");
        assert_eq!(next.baggage, told.baggage, "{forms:?}");
        if forms.is_empty() {
            assert_eq!(next.state, told.state);
        }
    }
}

pub(super) fn forwarded(said: &str, random: &mut Random) {
    let headers = headers(said.split('\n'));
    let peer = IpAddr::from([10, 0, 0, 9]);
    assert_eq!(visitor_address(peer, &headers, 0), peer, "nobody is trusted");
    // One trusted proxy, which says behind all that it heard, in the last header or in one of its own, who asked.
    let asked = IpAddr::from([203, 0, 113, u8::try_from(random.below(256)).unwrap_or_default()]);
    let values: Vec<HeaderValue> = headers.get_all("x-forwarded-for").iter().cloned().collect();
    let mut joined = HeaderMap::new();
    for (at, value) in values.iter().enumerate() {
        let last = at + 1 == values.len();
        let bytes = match last {
            true => [value.as_bytes(), format!(", {asked}").as_bytes()].concat(),
            false => value.as_bytes().to_vec(),
        };
        joined.append(
            "x-forwarded-for",
            HeaderValue::from_bytes(&bytes).expect("it was one"),
        );
    }
    let mut apart = headers.clone();
    let own = HeaderValue::from_str(&asked.to_string()).expect("an address is text");
    apart.append("x-forwarded-for", own);
    assert_eq!(visitor_address(peer, &apart, 1), asked, "in a header of its own");
    if !values.is_empty() {
        assert_eq!(visitor_address(peer, &joined, 1), asked, "at the end of the last");
    }
}

pub(super) fn proxied_seeds() -> Vec<String> {
    let of = |from: &str, to: &str| header(from.parse().expect("one"), to.parse().expect("one"));
    let mut more = of("1.2.3.4:5", "10.0.0.1:443");
    more[15] += 5;
    more.extend([3, 0, 2, 0, 0]);
    let mut local = of("1.2.3.4:5", "10.0.0.1:443");
    local[12] = 0x20;
    let all = [
        of("1.2.3.4:5", "10.0.0.1:443"),
        of("[2001:db8::7]:9", "[::1]:443"),
        more,
        local,
    ];
    all.iter().map(|bytes| text(bytes)).collect()
}

pub(super) fn proxied(bytes: &[u8]) {
    let Some((head, rest)) = bytes.split_first_chunk::<FIXED_BYTES>() else {
        return;
    };
    let Ok(known) = fixed(head) else { return };
    let Some(rest) = rest.get(..known.rest) else {
        return;
    };
    let Ok(Some(visitor)) = known.visitor(rest) else {
        return;
    };
    let to = SocketAddr::from(([127, 0, 0, 1], 443));
    let again = header(visitor, to);
    let (head, rest) = again.split_first_chunk::<FIXED_BYTES>().expect("a head");
    let again = fixed(head)
        .expect("ours is good")
        .visitor(rest)
        .expect("all is there");
    let plain = |address: SocketAddr| (address.ip().to_canonical(), address.port());
    assert_eq!(again.map(plain), Some(plain(visitor)));
}

pub(super) fn hello_seeds() -> Vec<String> {
    let of = |name: &str| text(&said_first(name));
    [of("db.example.com"), of("x"), text(b"GET / HTTP/1.1\r\n\r\n")].to_vec()
}

/// The first message of somebody who asks for a name by TLS 1.3 (RFC 8446, 4.1.2), in one record.
fn said_first(name: &str) -> Vec<u8> {
    let sized = |bytes: &[u8]| {
        [
            &u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_be_bytes()[..],
            bytes,
        ]
        .concat()
    };
    let extension = |kind: u16, bytes: &[u8]| [&kind.to_be_bytes()[..], &sized(bytes)].concat();
    let named = sized(&[&[0][..], &sized(name.as_bytes())].concat());
    let share = sized(&[&[0, 29][..], &sized(&[7; 32])].concat());
    let extensions = [
        extension(0, &named),
        extension(10, &sized(&[0, 29])),
        extension(13, &sized(&[4, 3, 8, 4])),
        extension(43, &[2, 3, 4]),
        extension(51, &share),
    ]
    .concat();
    let fixed = [&[3, 3][..], &[5; 32], &[0], &sized(&[0x13, 1]), &[1, 0]].concat();
    let body = [fixed, sized(&extensions)].concat();
    let length = u32::try_from(body.len()).unwrap_or_default().to_be_bytes();
    let message = [&[1][..], &length[1..], &body].concat();
    [&[22, 3, 1][..], &sized(&message)].concat()
}

pub(super) fn hello(said: &str, random: &mut Random) {
    let heard = bytes(said);
    let known = server_name(&heard);
    // What comes in pieces is no other for it: who knew a name goes on knowing it.
    let early = server_name(&heard[..random.below(heard.len() + 1)]);
    if let Ok(Some(early)) = early {
        assert_eq!(known, Ok(Some(early)), "what came behind changed the name");
    } else if let Err(early) = early {
        assert!(known.is_err(), "what was refused ({early}) became good");
    }
    if let Ok(Some(Some(name))) = &known {
        assert_eq!(*name, name.to_ascii_lowercase());
        assert_eq!(server_name(&said_first(name)), Ok(Some(Some(name.clone()))));
    }
    // Whoever asks for a name that is one is heard.
    let label = |_| char::from(b'a' + u8::try_from(random.below(26)).unwrap_or_default());
    let name: String = (0..8).map(label).collect::<String>() + ".Example.com";
    assert_eq!(
        server_name(&said_first(&name)),
        Ok(Some(Some(name.to_ascii_lowercase())))
    );
}
