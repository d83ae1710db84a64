//! The prompt, fed by a script.

use super::{common, shop::Shop};
fn repl(script: &str) -> common::Shown {
    common::feed(common::command(&["repl"]), script)
}

#[test]
fn expressions_show_their_value_and_type() {
    let shown = repl("1 + 2\n[1, 2].map(x => x * 2)\n:type 1.5\n");
    assert_eq!(shown.code, 0, "{}", shown.err);
    let lines: Vec<&str> = shown.out.lines().collect();
    assert_eq!(lines.first(), Some(&"3  : int"));
    assert!(shown.out.contains(": [int]"), "{}", shown.out);
    assert_eq!(lines.last(), Some(&"decimal"));
}

#[test]
fn what_is_declared_is_kept() {
    let shown = repl(
        "type Item {\n  price: decimal\n  count: int\n}\nfn cost(i: Item) -> decimal = i.price * i.count\nlet i = Item(price: 1.5, count: 4)\ncost(i)\n",
    );
    assert_eq!(shown.code, 0, "{}", shown.err);
    assert!(shown.out.ends_with("\"6.0\"  : decimal\n"), "{}", shown.out);
}

#[test]
fn what_is_wrong_is_shown_and_the_rest_goes_on() {
    let shown = repl("nothing + 1\n1 / 0\n:frob\n40 + 2\n");
    assert_eq!(shown.code, 3);
    assert!(
        shown.err.contains("nothing") && shown.err.contains("F1116"),
        "{}",
        shown.err
    );
    assert_eq!(shown.out, "42  : int\n");
}

#[test]
fn a_flow_runs_with_the_services_of_a_file() {
    let shop = Shop::new();
    let order = super::shop::order("1", "10").replace('\n', "");
    let shown = common::feed(
        shop.command(&["repl", "shop.flow", "--stub"]),
        &format!(":run checkout {order}\n"),
    );
    assert_eq!(shown.code, 0, "{}", shown.err);
    assert!(shown.out.contains("charge-1"), "{}", shown.out);
}
