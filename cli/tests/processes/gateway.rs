//! A gateway in a process of its own, before a server that keeps the runs.

use super::{
    hears::Hears,
    serve::{serve, serve_at, serve_with},
    shop::{PROGRAM, Running, Shop, free_port, http, order, until},
};
use serde_json::Value;
use std::{
    fs,
    process::Stdio,
    time::{Duration, Instant},
};

/// The shop with a door.
fn with_door(port: u16, routes: &str) -> String {
    format!(
        "{PROGRAM}
error Nothing

service notes {{
  at: \"http://127.0.0.1:1\"
  op note(id: string) = POST \"/notes/{{id}}\"
}}

allow checkout to stock, payments
allow gateway door to checkout, stock

gateway door {{
  listen: \"http://127.0.0.1:{port}\"
  POST \"/orders\" -> checkout(request.body) {{ wait: true }}
  POST \"/later\" -> checkout(request.body)
  {routes}
}}
"
    )
}

fn gateway(shop: &Shop, more: &[&str]) -> Running {
    let mut command = shop.command(&[&["gateway", "shop.flow"], more].concat());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    Running(command.spawn().expect("the binary runs"))
}

/// What the body of a request is: the order itself.
fn body(id: &str) -> String {
    let input: Value = serde_json::from_str(&order(id, "10")).expect("JSON");
    input["order"].to_string()
}

#[test]
fn a_gateway_leads_to_services_itself_and_starts_runs_at_a_server() {
    let (shop, port) = (Shop::new(), free_port());
    let _stubs = shop.stubs(&[]);
    // It has no gateway of its own, which would listen at the same address.
    let server = serve(&shop);
    let api = fs::read_to_string(shop.path(".flowmesh/api")).expect("the address of the API");
    fs::write(
        shop.path("shop.flow"),
        with_door(port, "any \"/stock/**\" -> stock { rewrite: { prefix: \"/\" } }"),
    )
    .expect("written");
    let door = gateway(&shop, &["--server", &api]);
    until("the gateway listens", || {
        http(port, "GET", "/nothing", "", "").is_some_and(|(status, _)| status == 404)
    });
    let done = http(port, "POST", "/orders", "", &body("1")).expect("an answer");
    assert_eq!(done.0, 200, "{}", done.1);
    assert_eq!(done.1["id"], "charge-1");
    let later = http(port, "POST", "/later", "", &body("2")).expect("an answer");
    assert_eq!(later.0, 202, "{}", later.1);
    let run = later.1["run"].as_str().expect("a run");
    assert_eq!(later.1["location"], format!("{api}/v1/runs/{run}"));
    let wrong = http(port, "POST", "/orders", "", "{}").expect("an answer");
    assert_eq!(wrong.0, 422, "{}", wrong.1);
    // To a service it leads by itself, also while nobody keeps runs.
    drop(server);
    let gone = http(port, "POST", "/orders", "", &body("3")).expect("an answer");
    assert_eq!(gone.0, 503, "{}", gone.1);
    let held = http(port, "DELETE", "/stock/holds/7", "", "").expect("an answer");
    assert!((200..300).contains(&held.0), "{}: {}", held.0, held.1);
    drop(door);
}

#[test]
fn a_gateway_follows_the_files_of_its_program() {
    let (shop, port, api) = (Shop::new(), free_port(), "http://127.0.0.1:1");
    let file = shop.path("shop.flow");
    fs::write(
        &file,
        with_door(port, "GET \"/old\" -> redirect(\"https://old.test/\")"),
    )
    .expect("written");
    let _door = gateway(&shop, &["--server", api]);
    let is =
        |path: &str, wanted: u16| http(port, "GET", path, "", "").is_some_and(|(status, _)| status == wanted);
    until("the gateway listens", || is("/old", 302));
    // What cannot be compiled changes nothing.
    fs::write(&file, "gateway door {").expect("written");
    std::thread::sleep(std::time::Duration::from_millis(2500));
    assert!(is("/old", 302));
    fs::write(
        &file,
        with_door(port, "GET \"/new\" -> redirect(\"https://new.test/\")"),
    )
    .expect("written");
    until("it leads as the program says now", || is("/new", 302));
    assert!(is("/old", 404));
}

#[test]
fn a_gateway_says_what_it_lacks() {
    let shop = Shop::new();
    let none = shop.flowmesh(&["gateway", "shop.flow"]);
    assert_eq!(none.code, 2);
    assert!(none.err.contains("the program has no gateway"), "{}", none.err);
    fs::write(shop.path("shop.flow"), with_door(free_port(), "")).expect("written");
    let nowhere = shop.flowmesh(&["gateway", "shop.flow"]);
    assert_eq!(nowhere.code, 2);
    assert!(nowhere.err.contains("--server"), "{}", nowhere.err);
}

/// A door that three processes open, each at a port of its own, 20 in a second at all of them together.
const SHARED: &str = r#"
config door_port: int

gateway door {
  listen: "http://127.0.0.1:{door_port}"
  limit: { rate: 20/s, queue: 0, shared: strict }
  GET "/**" -> redirect("https://else.test/")
}
"#;

/// How many of those are let in who come one after the other to each of these, beside each other, for so long.
fn let_in(ports: &[u16], time: Duration) -> Vec<u32> {
    let visitors = ports.iter().map(|port| {
        let port = *port;
        std::thread::spawn(move || {
            let (began, mut count) = (Instant::now(), 0);
            while began.elapsed() < time {
                match http(port, "GET", "/", "", "") {
                    Some((302, _)) => count += 1,
                    Some((429, _)) => {}
                    other => panic!("{other:?}"),
                }
            }
            count
        })
    });
    let visitors: Vec<_> = visitors.collect();
    let counts = visitors.into_iter().map(|one| one.join().expect("an answer"));
    counts.collect()
}

#[test]
fn processes_hold_a_limit_together_through_their_server() {
    let (shop, ports) = (Shop::new(), [(); 3].map(|()| free_port()));
    fs::write(shop.path("shop.flow"), format!("{PROGRAM}{SHARED}")).expect("written");
    let set = ports.map(|port| format!("door_port={port}"));
    let [own, one, other] = set.each_ref();
    let nowhere = shop.flowmesh(&["gateway", "shop.flow", "--set", one]);
    assert_eq!(nowhere.code, 2);
    assert!(nowhere.err.contains("--server"), "{}", nowhere.err);
    let server = serve_with(&shop, &["--set", own]);
    until("the server listens", || shop.path(".flowmesh/api").exists());
    let api = fs::read_to_string(shop.path(".flowmesh/api")).expect("the address of the API");
    let first = gateway(&shop, &["--server", &api, "--set", one]);
    let second = gateway(&shop, &["--server", &api, "--set", other]);
    let is = |port: u16, wanted: u16| {
        until(&format!("{wanted} at {port}"), || {
            http(port, "GET", "/", "", "").is_some_and(|(status, _)| status == wanted)
        });
    };
    ports.into_iter().for_each(|port| is(port, 302));
    let began = Instant::now();
    let counts = let_in(&ports, Duration::from_secs(5));
    let most = 20.0 * (1.0 + began.elapsed().as_secs_f64());
    let sum: u32 = counts.iter().sum();
    assert!(f64::from(sum) <= most, "{counts:?} of {most}");
    assert!(counts.iter().all(|count| *count >= 5), "{counts:?}");
    // Who is gone leaves its part to the others.
    drop(first);
    until("the other has all of it", || {
        let_in(&ports[2..], Duration::from_secs(2)).iter().sum::<u32>() >= 30
    });
    drop(server);
    is(ports[2], 503);
    let _server = serve_at(&shop, api.trim_start_matches("http://"), &["--set", own]);
    is(ports[2], 302);
    drop(second);
}

/// A door to a service in two zones.
fn in_zones(port: u16, near: u16, far: u16) -> String {
    format!(
        "allow anyone to stock

service stock {{
  at: {{ \"eu/eu-a\": \"http://127.0.0.1:{near}\", \"eu/eu-b\": \"http://127.0.0.1:{far}\" }}
  balance: round_robin
}}

gateway door {{
  listen: \"http://127.0.0.1:{port}\"
  any \"/**\" -> stock
}}
"
    )
}

#[test]
fn a_gateway_leads_to_what_stands_in_its_zone() {
    let (shop, port) = (Shop::new(), free_port());
    let [a, b] = [(); 2].map(|()| Hears::start("application/json", b"{}".to_vec()));
    fs::write(shop.path("shop.flow"), in_zones(port, a.port, b.port)).expect("written");
    let come = |visits: usize| {
        let before = [&a, &b].map(|stock| stock.asked().len());
        until("the gateway listens", || {
            http(port, "GET", "/first", "", "").is_some()
        });
        for _ in 0..visits {
            assert_eq!(http(port, "GET", "/", "", "").expect("an answer").0, 200);
        }
        let after = [&a, &b].map(|stock| stock.asked().len());
        [after[0] - before[0], after[1] - before[1]]
    };
    let door = gateway(
        &shop,
        &["--zone", "eu/eu-b/rack-7", "--access-log", "visits.jsonl"],
    );
    let [near, far] = come(10);
    assert_eq!((near, far >= 10), (0, true), "{near} and {far}");
    let said = || fs::read_to_string(shop.path("visits.jsonl")).unwrap_or_default();
    until("the visits are written down", || said().lines().count() > 10);
    let told = format!("127.0.0.1:{} in eu/eu-b: ", b.port);
    assert!(said().lines().all(|line| line.contains(&told)), "{}", said());
    drop(door);

    // By the environment; and where nobody says it, both are as good.
    for (zone, expected) in [(Some("eu/eu-a"), [true, false]), (None, [true, true])] {
        let mut command = shop.command(&["gateway", "shop.flow"]);
        command.envs(zone.map(|zone| ("FLOWMESH_ZONE", zone)));
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let _door = Running(command.spawn().expect("the binary runs"));
        assert_eq!(come(10).map(|count| count > 0), expected, "{zone:?}");
    }

    let wrong = shop.flowmesh(&["gateway", "shop.flow", "--zone", "eu//a"]);
    assert_eq!(wrong.code, 2, "{}", wrong.err);
    assert!(wrong.err.contains("expected one to 3 names"), "{}", wrong.err);
}
