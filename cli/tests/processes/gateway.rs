//! A gateway in a process of its own, before a server that keeps the runs.

use super::{
    serve::serve,
    shop::{PROGRAM, Running, Shop, free_port, http, order, until},
};
use serde_json::Value;
use std::{fs, process::Stdio};

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
