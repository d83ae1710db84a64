//! API tokens: made, shown once, asked for, revoked.

use super::{
    common::Shown,
    serve::serve_with,
    shop::{Shop, until},
};
use serde_json::Value;

fn list(shop: &Shop, more: &[&str]) -> Shown {
    shop.flowmesh(&[&["runs", "list", "--dir", ".flowmesh"], more].concat())
}

fn create(shop: &Shop, args: &[&str]) -> String {
    let made = shop.flowmesh(&[&["token", "create"], args].concat());
    assert_eq!(made.code, 0, "{}", made.err);
    made.out.trim().to_owned()
}

#[test]
fn who_has_no_token_is_told_how_to_get_one_and_who_has_one_comes_in() {
    let shop = Shop::new();
    let admin = create(&shop, &["root", "--role", "admin"]);
    let viewer = create(&shop, &["dashboard", "--role", "viewer", "--expires", "90d"]);
    let _server = serve_with(&shop, &[]);
    until("the server listens", || {
        list(&shop, &["--token", &admin]).code == 0
    });
    let nobody = list(&shop, &[]);
    assert_eq!(nobody.code, 2, "{nobody:?}");
    assert!(
        nobody.err.contains("F1140") && nobody.err.contains("FLOWMESH_TOKEN"),
        "{}",
        nobody.err
    );
    std::fs::write(shop.path("viewer.token"), format!("{viewer}\n")).expect("the folder is ours");
    let file = ["--token-file", "viewer.token"];
    assert_eq!(list(&shop, &file).code, 0);
    let start = ["runs", "start", "checkout", "--dir", ".flowmesh"];
    let refused = shop.flowmesh(&[&start[..], &file].concat());
    assert!(
        refused.code == 2 && refused.err.contains("F1141") && refused.err.contains("operator"),
        "{}",
        refused.err
    );
    let audit = [
        "audit",
        "--dir",
        ".flowmesh",
        "--token",
        &admin,
        "--who",
        "dashboard",
    ];
    let audit = shop.flowmesh(&audit);
    assert!(
        audit.out.contains("start_run") && audit.out.contains("403 F1141"),
        "{audit:?}"
    );
    let revoked = shop.flowmesh(&["token", "revoke", "dashboard"]);
    assert_eq!(revoked.code, 0, "{}", revoked.err);
    assert!(list(&shop, &file).err.contains("was revoked"));
}

#[test]
fn tokens_are_listed_without_what_is_secret() {
    let shop = Shop::new();
    let token = create(&shop, &["ci", "--role", "operator", "--namespace", "shop"]);
    let all = shop.flowmesh(&["token", "list"]);
    assert!(all.out.contains("ci") && all.out.contains("operator") && all.out.contains("active"));
    // What is secret may have `_` in it, too.
    let secret = token.splitn(3, '_').nth(2).expect("it has parts");
    assert!(secret.len() > 20, "{token}");
    assert!(!all.out.contains(secret));
    let json = shop.flowmesh(&["token", "list", "--json"]);
    let json: Value = serde_json::from_str(&json.out).expect("JSON");
    assert_eq!(json["tokens"][0]["namespace"], "shop");
    for (args, code) in [
        (&["create", "ci", "--role", "viewer"][..], "F1145"),
        (&["revoke", "none"], "F1145"),
        (
            &["create", "a", "--role", "viewer", "--expires", "yesterday"],
            "F1106",
        ),
        (
            &["create", "a", "--role", "viewer", "--namespace", "A B"],
            "F1106",
        ),
    ] {
        let wrong = shop.flowmesh(&[&["token"], args].concat());
        assert!(wrong.code == 2 && wrong.err.contains(code), "{args:?}: {wrong:?}");
    }
}

#[test]
fn it_does_not_listen_to_others_unless_it_asks_who_they_are() {
    let shop = Shop::new();
    let open = shop.flowmesh(&["serve", "shop.flow", "--listen", "0.0.0.0:0"]);
    assert!(
        open.code == 2 && open.err.contains("F1060") && open.err.contains("flowmesh token create"),
        "{open:?}"
    );
    let plain = [
        "--oidc-issuer",
        "http://id.example.com",
        "--oidc-audience",
        "flowmesh",
    ];
    let plain = shop.flowmesh(&[&["serve", "shop.flow"], &plain[..]].concat());
    assert!(plain.code == 2 && plain.err.contains("https://"), "{plain:?}");
    let described = shop.flowmesh(&["serve", "--openapi"]);
    let described: Value = serde_json::from_str(&described.out).expect("JSON");
    assert_eq!(described["openapi"], "3.1.0");
}
