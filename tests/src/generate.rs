//! Programs as people might write them, of any length: for measuring.

mod parts;
mod project;

pub use project::{Project, Random, project};

/// One part of the shop: types, errors, a service, functions and a flow. `{N}` is its number.
const PART: &str = r#"
/// What is ordered, part {N}.
type Item{N} { sku: string where it matches "^[A-Z]{3}-[0-9]+$", count: int where it > 0, price: decimal }

/// An order of part {N}.
type Order{N} {
  id: string
  email: string
  note: string?
  status: Status{N}
  items: [Item{N}]
}

enum Status{N} { open, paid, shipped, void }
enum Payment{N} { Card(number: string), Transfer(account: string), Cash }

type Hold{N} { id: string, until: time }
type Receipt{N} { id: string, amount: decimal }

error OutOfStock{N}(sku: string)
error Declined{N}(reason: string)
error Rejected{N}(reason: string)

fn total_{N}(items: [Item{N}]) -> decimal = items.map(i => i.price * i.count).sum()
fn pieces_{N}(items: [Item{N}]) -> int = items.filter(i => i.count > 0).map(i => i.count).sum()
fn label_{N}(order: Order{N}) -> string = match order.status {
  when open -> "{order.id} waits for {total_{N}(order.items)}"
  when paid -> "{order.id} is paid"
  else -> order.note ?? "nothing is known of {order.id}"
}

service stock_{N} {
  at: "dns://stock-{N}.shop.svc.cluster.local:8080"
  policy: resilient

  /// Puts the items aside.
  op reserve(items: [Item{N}]) -> Hold{N} fails OutOfStock{N} = POST "/holds" {
    key: run.id
    on 409: OutOfStock{N}(sku: reply.body.sku)
  }
  op release(id: string) = DELETE "/holds/{id}"
}

service payments_{N} {
  at v1: "http://127.0.0.1:7002"
  at v2: "http://127.0.0.1:7003"
  policy: resilient
  timeout: { attempt: 1s, total: 5s }

  route {
    when request.header("x-tester") == "yes" -> v2
    else -> v1 90%, v2 10%
  }

  op charge(order: Order{N}, amount: decimal) -> Receipt{N} fails Declined{N} = POST "/charges" {
    key: order.id
    on 402: Declined{N}(reason: reply.body.reason)
  }
  op refund(id: string) = POST "/charges/{id}/refund" { key: id }
  op find(status: Status{N}, limit: int?) -> [Receipt{N}] = GET "/charges"
}

/// Takes an order of part {N} to a receipt.
flow checkout_{N}(order: Order{N}, payment: Payment{N}) -> Receipt{N} fails Rejected{N} key order.id {
  signal approve(by: string)

  let hold = stock_{N}.reserve(order.items)
    undo stock_{N}.release(hold.id)
    catch OutOfStock{N} as e -> fail Rejected{N}(reason: "no {e.sku} left")

  let amount = total_{N}(order.items)
  if amount > 1000 {
    await approve as a within 2d else fail Rejected{N}(reason: "nobody approved it")
    log "{a.by} approved {label_{N}(order)}"
  } else if amount < 0 {
    fail Rejected{N}(reason: "the total is {amount}")
  }

  let receipt = payments_{N}.charge(order, amount)
    undo payments_{N}.refund(receipt.id)
    catch Declined{N} as e -> fail Rejected{N}(reason: e.reason)
    with { timeout: { total: 8s } }

  var left = pieces_{N}(order.items)
  for item in order.items {
    if item.count == 0 { continue }
    left = left - item.count
    log "{item.sku}: {item.count} of {left}"
  }
  match payment {
    when Card(number) -> log "card {number.take(4)}"
    when Transfer(account) -> log "account {account}"
    when Cash -> sleep 1h
  }
  parallel {
    let paid = payments_{N}.find(paid, 10)
    let open = payments_{N}.find(status: open, limit: none) catch Timeout -> []
  }
  while left > 0 and open.len() + paid.len() > 0 {
    sleep 5m
    left = left - 1
  }
  return receipt
}
"#;

/// A program without mistakes of at least so many lines.
#[must_use]
pub fn program(lines: usize) -> String {
    let mut text = String::from("//! A generated shop.\n\nuse std.policy.resilient\n");
    let each = PART.lines().count();
    for number in 1..=lines.div_ceil(each) {
        text.push_str(&PART.replace("{N}", &number.to_string()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{program, project};
    use flowmesh_diagnostics::{Diagnostics, Sources};

    struct Text(String);

    impl flowmesh_frontend::World for Text {
        fn read(&self, _: &str) -> Result<String, String> {
            Ok(self.0.clone())
        }
    }

    #[test]
    fn the_generated_program_has_no_mistakes() {
        let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
        let world = Text(program(300));
        let made = flowmesh_frontend::compile(&world, "main.flow", &mut sources, &mut found);
        let said: Vec<String> = found
            .iter()
            .map(|d| format!("{} {}", sources.place(d.span), d.message))
            .collect();
        assert_eq!(said, Vec::<String>::new());
        assert_eq!(made.map(|program| program.flows.len()), Some(3));
    }

    #[test]
    fn the_generated_project_has_no_mistakes_and_is_as_large_as_wished() {
        let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
        let world = project(20, 2_000, 7);
        let made = flowmesh_frontend::compile(&world, "main.flow", &mut sources, &mut found);
        let said: Vec<String> = found
            .iter()
            .map(|d| format!("{} {}", sources.place(d.span), d.message))
            .collect();
        assert_eq!(said, Vec::<String>::new());
        assert!(made.is_some());
        assert!(
            world.files.len() >= 20 && world.lines() >= 2_000,
            "{}",
            world.lines()
        );
        assert_eq!(world.files, project(20, 2_000, 7).files);
    }
}
