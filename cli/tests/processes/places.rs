//! Addresses that a call fills: it goes where its data says, and nowhere else.

use super::{common, shop::free_port};

fn program(port: u16) -> String {
    format!(
        r#"
service suppliers {{
  at: "http://{{tenant}}.localhost:{port}/shops/{{shop.number}}"
  retry: none
  op stock(tenant: string, shop: Shop, sku: string) -> int = GET "/stock/{{sku}}"
}}

type Shop {{ number: int }}

flow stock(tenant: string) -> string {{
  let count = suppliers.stock(tenant, Shop(number: 7), "ABC-1")
    catch BadValue as e -> return e.reason
  return "{{count}} left"
}}
"#
    )
}

#[test]
fn a_call_goes_where_its_data_says_and_nowhere_else() {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("places.flow"), program(free_port())).expect("the program is written");
    let run = |tenant: &str| {
        let input = format!("{{\"tenant\": \"{tenant}\"}}");
        let args = ["run", "places.flow", "stock", "--input", &input, "--stub"];
        let mut command = common::command(&args);
        common::shown(command.current_dir(dir.path()).output().expect("the binary runs"))
    };
    let shown = run("Acme");
    assert_eq!(shown.code, 0, "{}", shown.err);
    assert!(shown.out.trim().ends_with(" left\""), "{}", shown.out);
    let shown = run("evil.example.com/x");
    assert_eq!(shown.code, 0, "{}", shown.err);
    assert!(
        shown.out.contains("expected letters, digits and `-`"),
        "{}",
        shown.out
    );
}
