//! What the modules of a generated project are made of. `{D}` is the domain, `{N}` a part of it, `{M}` a
//! part of the domain that it uses, `{F}` stands before a name of that one, `{H}` is what flows are about.

use super::project::Template;

/// Types and errors.
pub(super) const TYPES: Template = Template {
    head: "//! What domain {D} speaks of.\n",
    uses: "",
    part: r#"
/// What is ordered, part {N}.
type Item{N} { sku: string where it matches "^[A-Z]{3}-[0-9]+$", count: int where it > 0, price: decimal }

/// An order of part {N}.
type Order{N} {
  id: string
  email: string
  note: string?
  status: Status{N}
  payment: Payment{N}?
  items: [Item{N}]
  labels: {string: string}
  hold: {F}Hold{M}?
}

/// Where an order of part {N} stands.
enum Status{N} { open, paid, shipped, void }
enum Payment{N} {
  Card(number: string, until: date)
  Transfer(account: string)
  Cash
}

/// Items that were put aside, part {N}.
type Hold{N} { id: string, until: time }
type Receipt{N} { id: string, amount: Amount{N}, paid_at: time? }
type Amount{N} = decimal where it >= 0

error OutOfStock{N}(sku: string, left: int)
error Declined{N}(reason: string)
error Rejected{N}(reason: string)
"#,
};

/// Functions.
pub(super) const RULES: Template = Template {
    head: "//! What domain {D} reckons.\n\nuse d{D}.types_{D}\n",
    uses: "",
    part: r#"
/// What an order of part {N} comes to.
fn total_{N}(items: [types_{D}.Item{N}]) -> decimal = items.map(i => i.price * i.count).sum()

/// How many pieces there are.
fn count_{N}(items: [types_{D}.Item{N}]) -> int = items.filter(i => i.count > 0).map(i => i.count).sum()
fn pieces_{N}(count: int) -> int = if count > 100 { count - 100 } else { count + 1 }

/// How an order of part {N} is called.
fn label_{N}(order: types_{D}.Order{N}) -> string = match order.status {
  when open -> "{order.id} waits for {total_{N}(order.items)}"
  when paid -> "{order.id} is paid"
  else -> order.note ?? "nothing is known of {order.id}"
}

fn rebate_{N}(order: types_{D}.Order{N}, loyal: bool) -> decimal =
  if loyal and order.items.len() > 3 {
    total_{N}(order.items) * 0.1
  } else if order.items.any(i => i.price > 1000.0) {
    total_{N}(order.items) * 0.05
  } else {
    0.0
  }

fn urgent_{N}(order: types_{D}.Order{N}) -> bool =
  order.labels.len() > 0 and order.status == open and {F}pieces_{M}(count_{N}(order.items)) > 10
"#,
};

/// Services and policies.
pub(super) const SERVICES: Template = Template {
    head: "//! Whom domain {D} calls.\n\nuse d{D}.types_{D}\n",
    uses: "use d{D}.types_{D}.OutOfStock{N}\nuse d{D}.types_{D}.Declined{N}\n",
    part: r#"
policy steady_{N} {
  timeout: { attempt: 1s, total: 5s }
  retry: { attempts: 3, on: [connect, 5xx], backoff: exponential(100ms, max: 2s, jitter: full) }
}

/// The stock of part {N}.
service stock_{N} {
  at: "dns://stock-{N}.shop.svc.cluster.local:8080"
  policy: steady_{N}
  balance: ewma

  /// Puts the items aside.
  op reserve(items: [types_{D}.Item{N}]) -> types_{D}.Hold{N} fails OutOfStock{N} = POST "/holds" {
    key: run.id
    on 409: OutOfStock{N}(sku: reply.body.sku, left: reply.body.left)
  }
  op release(id: string) = DELETE "/holds/{id}"
  op find(sku: string, limit: int?) -> [types_{D}.Item{N}] = GET "/items"
}

/// Who takes the money of part {N}.
service payments_{N} {
  at v1: "http://127.0.0.1:7002"
  at v2: "http://127.0.0.1:7003"
  policy: {F}steady_{M}

  route {
    when request.header("x-tester") == "yes" -> v2
    else -> v1 90%, v2 10%
  }

  op charge(order: types_{D}.Order{N}, amount: decimal) -> types_{D}.Receipt{N} fails Declined{N} = POST "/charges" {
    key: order.id
    on 402: Declined{N}(reason: reply.body.reason)
  }
  op refund(id: string) = POST "/charges/{id}/refund" { key: id }
  op find(status: types_{D}.Status{N}, limit: int?) -> [types_{D}.Receipt{N}] = GET "/charges"
}
"#,
};

/// Flows, and a function for the root.
pub(super) const FLOWS: Template = Template {
    head: r#"//! How an {H} of domain {D} goes.

use d{D}.types_{D}
use d{D}.rules_{D}
use d{D}.services_{D}
"#,
    uses: "use d{D}.types_{D}.OutOfStock{N}\nuse d{D}.types_{D}.Declined{N}\nuse d{D}.types_{D}.Rejected{N}\n",
    part: r#"
/// How much work there is.
fn {H}_weight_{N}(count: int) -> int = rules_{D}.pieces_{N}(count) + 1

/// Takes an {H} of part {N} to a receipt.
flow {H}_{N}(order: types_{D}.Order{N}, payment: types_{D}.Payment{N}) -> types_{D}.Receipt{N}
  fails Rejected{N} key order.id {
  signal approve(by: string)

  let hold = services_{D}.stock_{N}.reserve(order.items)
    undo services_{D}.stock_{N}.release(hold.id)
    catch OutOfStock{N} as e -> fail Rejected{N}(reason: "no {e.sku} left")

  let amount = rules_{D}.total_{N}(order.items) - rules_{D}.rebate_{N}(order, true)
  if amount > 1000 {
    await approve as a within 2d else fail Rejected{N}(reason: "nobody approved it")
    log "{a.by} approved {rules_{D}.label_{N}(order)}"
  } else if amount < 0 {
    fail Rejected{N}(reason: "the total is {amount}")
  }

  let receipt = services_{D}.payments_{N}.charge(order, amount)
    undo services_{D}.payments_{N}.refund(receipt.id)
    catch Declined{N} as e -> fail Rejected{N}(reason: e.reason)
    with { timeout: { total: 4s } }

  var left = rules_{D}.count_{N}(order.items)
  for item in order.items {
    if item.count == 0 { continue }
    left = left - item.count
    log "{item.sku}: {item.count} of {left}"
  }
  match payment {
    when Card(number, until) -> log "card {number.take(4)} until {until}"
    when Transfer(account) -> log "account {account}"
    when Cash -> sleep 1h
  }
  parallel {
    let paid = services_{D}.payments_{N}.find(paid, 10)
    let open = services_{D}.payments_{N}.find(status: open, limit: none) catch Timeout -> []
  }
  while left > 0 and open.len() + paid.len() > 0 and rules_{D}.urgent_{N}(order) {
    sleep 5m
    left = left - 1
  }
  return receipt
}
"#,
};
