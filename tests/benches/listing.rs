//! Lists, filters and counts over a million runs that have ended.
//!
//! `cargo bench -p flowmesh-tests --bench listing`; `FLOWMESH_LISTED=10000` for fewer.

use flowmesh_host::{Host, store::Filter};
use std::time::Duration;

#[path = "support/embedded.rs"]
#[expect(dead_code, reason = "each benchmark needs a part of it")]
mod embedded;

use embedded::{number, open, resident, runtime, spread, start_all, timed};

/// The one that is shipped.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const FLOWS: &str = r#"
//! Runs that end at once, by a customer and a kind.

flow order(customer: string, kind: string) -> int {
  tag customer = customer
  tag kind = kind
  return 1
}
"#;

/// How often each question is asked.
const TIMES: usize = 1000;
/// How many runs are on a page.
const PAGE: usize = 50;

fn main() {
    let count = number("FLOWMESH_LISTED", 1_000_000);
    let directory = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let host = open(directory.path(), FLOWS).await;
        let input = |at: usize| format!(r#"{{"customer":"c{}","kind":"k{}"}}"#, at % 1000, at % 10);
        let ((), took) = timed(start_all(&host, "order", count, input)).await;
        let rate = count as f64 / took.as_secs_f64();
        println!(
            "{count} runs that have ended, {rate:.0} runs/s; resident {} MiB",
            resident().0
        );
        ask_all(&host).await;
        host.shutdown(Duration::from_secs(60)).await.unwrap();
    });
}

async fn ask_all(host: &Host) {
    let plain = Filter::default();
    let state = Filter {
        flow: Some("order".into()),
        state: Some("done".into()),
        ..Filter::default()
    };
    let tag = |key: &str, value: &str| Filter {
        tags: vec![(key.into(), value.to_owned())],
        ..Filter::default()
    };
    let both = Filter {
        tags: vec![
            ("customer".into(), "c7".to_owned()),
            ("kind".into(), "k7".to_owned()),
        ],
        ..Filter::default()
    };
    // The first answer waits until the index has taken everything.
    host.count(plain.clone()).await.unwrap();
    println!("{:>42}  {:>10}  {:>10}", "", "median", "p99");
    for (what, filter) in [
        ("newest page", plain.clone()),
        ("page of a flow and a state", state),
        ("page by a tag that a tenth has", tag("kind", "k3")),
        ("page by a tag that a thousandth has", tag("customer", "c3")),
        ("page by two tags", both),
    ] {
        list(host, what, &filter).await;
        count(host, what, &filter).await;
    }
    pages(host, &plain).await;
    get(host).await;
}

async fn list(host: &Host, what: &str, filter: &Filter) {
    let mut times = Vec::new();
    for _ in 0..TIMES {
        let (page, took) = timed(host.list(filter.clone(), PAGE)).await;
        assert!(!page.unwrap().runs.is_empty());
        times.push(took);
    }
    show(what, times);
}

async fn count(host: &Host, what: &str, filter: &Filter) {
    let mut times = Vec::new();
    for _ in 0..TIMES / 50 {
        let (count, took) = timed(host.count(filter.clone())).await;
        count.unwrap();
        times.push(took);
    }
    show(&format!("count of {what}"), times);
}

/// One page after the other, from the newest on.
async fn pages(host: &Host, filter: &Filter) {
    let mut times = Vec::new();
    let mut filter = filter.clone();
    for _ in 0..TIMES {
        let (page, took) = timed(host.list(filter.clone(), PAGE)).await;
        times.push(took);
        filter.before = page.unwrap().cursor;
        if filter.before.is_none() {
            break;
        }
    }
    show("one page after the other", times);
}

/// One run, of those that are not in memory any more.
async fn get(host: &Host) {
    let runs = host.list(Filter::default(), TIMES).await.unwrap().runs;
    let mut times = Vec::new();
    for run in runs {
        let (view, took) = timed(host.get(run.id)).await;
        view.unwrap();
        times.push(took);
    }
    show("one run", times);
}

fn show(what: &str, times: Vec<Duration>) {
    let (median, p99) = spread(times);
    println!(
        "{what:>42}  {:>10}  {:>10}",
        format!("{median:.2?}"),
        format!("{p99:.2?}")
    );
}
