//! A program like that of the tour goes through all stages.

use flowmesh_diagnostics::{Diagnostics, Sources};
use flowmesh_frontend::{World, compile, ide};
use flowmesh_ir::Program;
use std::collections::HashMap;

struct Files(HashMap<&'static str, &'static str>);

impl World for Files {
    fn read(&self, path: &str) -> Result<String, String> {
        self.0
            .get(path)
            .map(|text| (*text).to_owned())
            .ok_or_else(|| "there is no such file".to_owned())
    }
}

const SHOP: &str = r#"
//! The shop.
use std.policy.resilient

config payments_url: url = "http://127.0.0.1:7002"
secret login_token

type Item  { sku: string where it matches "^[A-Z]{3}-[0-9]+$", count: int where it > 0 }
type Order { id: string, email: string, items: [Item], total: decimal }
type Hold    { id: string }
type Receipt { id: string, amount: decimal }

error OutOfStock(sku: string)
error Declined(reason: string)
error Rejected(reason: string)

fn pieces(items: [Item]) -> int = items.map(i => i.count).sum()

service inventory {
  at: "dns://inventory.shop.svc.cluster.local:8080"
  policy: resilient

  op reserve(items: [Item]) -> Hold fails OutOfStock = POST "/holds" {
    key: run.id
    on 409: OutOfStock(sku: reply.body.sku)
  }
  op release(id: string) = DELETE "/holds/{id}"
}

service payments {
  at v1: payments_url
  at v2: "srv://_http._tcp.payments-v2.service.consul"
  policy:  resilient
  timeout: { attempt: 1s, total: 5s }
  auth:    bearer(login_token)

  route {
    when request.header("X-Tester") == "yes" -> v2
    else -> v1 90%, v2 10%
  }

  /// Takes the money.
  op charge(order: Order) -> Receipt fails Declined = POST "/v1/charges" {
    body: order
    key:  order.id
    on 402: Declined(reason: reply.body.reason)
  }
  op refund(id: string) = POST "/v1/charges/{id}/refund" { key: id }
}

service mail {
  at: "http://127.0.0.1:7004"
  op confirm(to: string, receipt: Receipt) = POST "/mails" { key: receipt.id }
  op label(order: string) -> string? = GET "/labels"
}

/// Takes an order to a receipt.
flow checkout(order: Order) -> Receipt fails Rejected key order.id {
  signal approve(by: string)

  let hold = inventory.reserve(order.items)
    undo inventory.release(hold.id)
    catch OutOfStock as e -> fail Rejected(reason: "no {e.sku} left")

  if order.total > 1000 {
    await approve as a within 2d else fail Rejected(reason: "nobody approved it")
    log "approved by {a.by}: {pieces(order.items)} pieces"
  }

  let receipt = payments.charge(order)
    undo payments.refund(receipt.id)
    catch Declined as e -> fail Rejected(reason: e.reason)
    with { timeout: { total: 8s } }

  var sent = 0
  for item in order.items {
    if item.count == 0 { continue }
    sent = sent + item.count
  }
  for round in 1..3 {
    log "round {round} of {sent}"
    if round == 2 { break }
  }

  parallel {
    let label = mail.label(order.id) catch Timeout -> none
    mail.confirm(order.email, receipt)
  }
  match label {
    when none -> log "no label"
    when text -> log "label {text}"
  }
  return receipt
}
"#;

fn build(text: &'static str) -> (Option<Program>, Vec<String>) {
    let world = Files(HashMap::from([("shop.flow", text)]));
    let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
    let program = compile(&world, "shop.flow", &mut sources, &mut found);
    let said = found
        .sorted()
        .iter()
        .map(|d| format!("{} {} {}", sources.place(d.span), d.code, d.message))
        .collect();
    (program, said)
}

#[test]
fn the_shop_compiles_without_a_word() {
    let (program, said) = build(SHOP);
    assert_eq!(said, Vec::<String>::new());
    let program = program.expect("nothing was said against it");
    assert_eq!(flowmesh_ir::validate(&program), Ok(()));
    assert_eq!(program.flows.len(), 1);
    println!("{}", flowmesh_ir::print::text(&program));
}

#[test]
fn hovering_over_a_call_shows_what_holds_for_it() {
    let world = Files(HashMap::from([("shop.flow", SHOP)]));
    let (sources, _, analysis) = ide::diagnostics(&world, "shop.flow");
    let (source, text) = sources.iter().next().expect("the root was read");
    let offset = text.text.find("payments.charge(").expect("it is called") + "payments.ch".len();
    let hover =
        ide::hover(&analysis, source, u32::try_from(offset).expect("small")).expect("something is there");
    assert!(
        hover
            .markdown
            .contains("op payments.charge(order: Order) -> Receipt fails Declined"),
        "{}",
        hover.markdown
    );
    assert!(hover.markdown.contains("Takes the money."), "{}", hover.markdown);
    assert!(
        hover
            .markdown
            .contains("each attempt 1s, in all 8s; up to 3 attempts"),
        "{}",
        hover.markdown
    );
}

#[test]
fn hovering_over_what_a_flow_takes_shows_what_it_may_be() {
    let text = r#"
service shop {
  at v1: "http://127.0.0.1:1"
  at v2: "http://127.0.0.1:2"
  route { else -> v1 100% }
  op page(id: string) -> string = GET "/pages/{id}"
}

/// Moves and looks.
flow move(target: service, to: subset of target, look: op(id: string) -> json) {
  shift target { to: 100 }
  look("7") catch any -> log "{to}"
}

flow release() {
  move(shop, to: v2, look: shop.page)
}
"#;
    let world = Files(HashMap::from([("shop.flow", text)]));
    let (sources, found, analysis) = ide::diagnostics(&world, "shop.flow");
    assert!(found.is_empty(), "{found:?}");
    let (source, text) = sources.iter().next().expect("the root was read");
    for (place, shown) in [
        ("shift |target", "target: service"),
        ("{ |to: 100", "to: subset of target"),
        ("|look(\"7\")", "look: op(id: string) -> json"),
        (
            "  |move(shop",
            "flow move(target: service, to: subset of target, look: op(id: string) -> json)",
        ),
        ("look: shop.|page", "op shop.page(id: string) -> string"),
        ("|to: v2", "to: subset of target"),
    ] {
        let (before, after) = place.split_once('|').expect("a place");
        let offset = text.text.find(&format!("{before}{after}")).expect(place) + before.len();
        let hover = ide::hover(&analysis, source, u32::try_from(offset).expect("small")).expect(place);
        assert!(hover.markdown.contains(shown), "{place}: {}", hover.markdown);
    }
}
