//! Watching a server: what is printed where there is no terminal, and what a viewer is not shown.

use super::{
    serve::serve_with,
    shop::{Shop, until},
};
use serde_json::Value;

#[test]
fn a_picture_is_printed_and_data_for_programs() {
    let shop = Shop::new();
    let token = |name: &str, role: &str| {
        let made = shop.flowmesh(&["token", "create", name, "--role", role]);
        made.out.trim().to_owned()
    };
    let (admin, viewer) = (token("root", "admin"), token("wall", "viewer"));
    let _server = serve_with(&shop, &[]);
    let top = |token: &str, more: &[&str]| {
        let args = ["top", "--dir", ".flowmesh", "--token", token];
        shop.flowmesh(&[&args[..], more].concat())
    };
    until("the server listens", || top(&viewer, &[]).code == 0);
    let picture = top(&admin, &[]);
    assert!(
        picture.out.contains("0 running")
            && picture.out.contains("STARTED/S")
            && picture.out.contains("checkout"),
        "{}",
        picture.out
    );
    assert!(
        picture.out.contains("commits ") && picture.out.contains("no runs"),
        "{}",
        picture.out
    );
    assert!(!picture.out.contains('\u{1b}'), "{}", picture.out);
    assert!(
        !top(&viewer, &[]).out.contains("commits "),
        "a viewer sees runs alone"
    );
    let data = top(&admin, &["--json", "--count", "2"]);
    let lines: Vec<Value> = data
        .out
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(lines.len(), 2, "{}", data.out);
    assert_eq!(lines[0]["flows"][0]["started_per_second"], 0.0);
    let wrong = top(&admin, &["--interval", "1ms"]);
    assert!(wrong.code == 2 && wrong.err.contains("100ms"), "{wrong:?}");
}
