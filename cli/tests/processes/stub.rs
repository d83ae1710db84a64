//! The stubs as real servers.

use super::shop::{Shop, http};
use serde_json::json;

const ORDER: &str = r#"{"id": "1", "items": [], "total": "10.50"}"#;

#[test]
fn answers_follow_the_types_and_a_key_counts_once() {
    let shop = Shop::new();
    let _stubs = shop.stubs(&[]);
    let first = http(shop.payments, "POST", "/charges", "idempotency-key: k\r\n", ORDER);
    assert_eq!(first, Some((200, json!({ "id": "charge-1", "amount": "1.00" }))));
    assert_eq!(
        http(shop.payments, "POST", "/charges", "idempotency-key: k\r\n", ORDER),
        first
    );
    let other = http(
        shop.payments,
        "POST",
        "/charges",
        "idempotency-key: other\r\n",
        ORDER,
    );
    assert_eq!(other.expect("an answer").1["id"], "charge-2");
    assert_eq!(shop.count("charge"), 2);
    assert_eq!(shop.received().len(), 3);
}

#[test]
fn what_does_not_fit_is_refused_with_its_path() {
    let shop = Shop::new();
    let _stubs = shop.stubs(&[]);
    let wrong = r#"{"id": "1", "items": [{"sku": "A", "count": 0}], "total": "10.50"}"#;
    let (status, body) = http(shop.payments, "POST", "/charges", "", wrong).expect("an answer");
    assert_eq!(
        (status, body["path"].as_str()),
        (400, Some("body.items[0].count")),
        "{body}"
    );
    let (status, _) = http(shop.payments, "GET", "/nothing", "", "").expect("an answer");
    assert_eq!(status, 404);
    assert_eq!(shop.count("charge"), 0);
}

#[test]
fn scripted_answers_come_in_their_order() {
    let shop = Shop::new();
    let script =
        r#"{ "payments.charge": [{ "status": 503, "times": 2 }, { "fail": "lose" }, { "status": 402 }] }"#;
    std::fs::write(shop.path("stub.json"), script).expect("the script is written");
    let _stubs = shop.stubs(&["--script", "stub.json"]);
    let ask = |key: &str| {
        let key = format!("idempotency-key: {key}\r\n");
        http(shop.payments, "POST", "/charges", &key, ORDER).map(|(status, _)| status)
    };
    assert_eq!([ask("a"), ask("a"), ask("a")], [Some(503), Some(503), None]);
    // The answer was lost and not the deed: the same key hears it.
    assert_eq!(ask("a"), Some(200));
    assert_eq!(ask("b"), Some(402));
}

#[test]
fn quick_forms_do_without_a_script() {
    let shop = Shop::new();
    let answer = r#"payments.charge=402:{"reason":"no"}"#;
    let _stubs = shop.stubs(&["--answer", answer, "--fail", "stock.release"]);
    let (status, body) = http(shop.payments, "POST", "/charges", "", ORDER).expect("an answer");
    assert_eq!((status, body), (402, json!({ "reason": "no" })));
    assert_eq!(http(shop.stock, "DELETE", "/holds/h1", "", ""), None);
}

#[test]
fn a_service_may_live_below_a_path() {
    let shop = Shop::new();
    let url = format!("pay_url=http://127.0.0.1:{}/api/v2", shop.payments);
    let _stubs = shop.stubs(&["--set", &url]);
    let (status, _) = http(shop.payments, "POST", "/charges", "", ORDER).expect("an answer");
    assert_eq!(status, 404);
    let (status, _) = http(shop.payments, "POST", "/api/v2/charges", "", ORDER).expect("an answer");
    assert_eq!(status, 200);
}

#[test]
fn a_script_that_does_not_fit_is_refused() {
    let shop = Shop::new();
    let shown = shop.flowmesh(&["stub", "shop.flow", "--fail", "payments.chrage"]);
    assert_eq!(shown.code, 2);
    assert!(
        shown.err.contains("F1114") && shown.err.contains("payments.charge"),
        "{}",
        shown.err
    );
    let shown = shop.flowmesh(&["stub", "shop.flow", "--only", "payment"]);
    assert!(shown.err.contains("did you mean `payments`?"), "{}", shown.err);
}

#[test]
fn a_service_elsewhere_cannot_be_stubbed() {
    let shop = Shop::new();
    let away = [
        "--set",
        "pay_url=http://10.0.0.1:80",
        "--set",
        "stock_url=http://10.0.0.1:81",
    ];
    let shown = shop.flowmesh(&[&["stub", "shop.flow"][..], &away].concat());
    assert_eq!(shown.code, 2);
    assert!(shown.err.contains("F1115"), "{}", shown.err);
}

#[test]
fn a_port_that_is_taken_is_named() {
    let shop = Shop::new();
    let _first = shop.stubs(&[]);
    let shown = shop.flowmesh(&["stub", "shop.flow"]);
    assert_eq!(shown.code, 4);
    assert!(shown.err.contains("F1113"), "{}", shown.err);
}
