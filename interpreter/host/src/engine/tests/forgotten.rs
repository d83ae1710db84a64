//! Results that somebody has made forgotten: in one namespace alone, and for good, whatever is read again in whatever
//! order.

use super::super::*;
use super::results::{recorded, start_in};
use super::world::World;

fn forget(world: &mut World, namespace: &str, of: Option<&str>, key: Option<&str>) -> usize {
    let filter = ResultFilter::new(of.map(str::to_owned), key.map(str::to_owned));
    let command = Command::Results(ResultCommand::Forget(filter));
    world.handle(Input::Within(Ticket(2000), namespace.into(), command));
    let outputs = world.settle();
    let said = outputs.iter().find_map(|output| match output {
        Output::Answer(Ticket(2000), Answer::Forgotten(count)) => Some(*count),
        _ => None,
    });
    said.unwrap()
}

fn page(world: &mut World, place: Option<ResultPlace>, limit: usize) -> ResultPage {
    let list = ResultCommand::List(ResultFilter::default(), place, limit);
    world.handle(Input::Command(Ticket(2001), Command::Results(list)));
    let outputs = world.settle();
    let said = outputs.into_iter().find_map(|output| match output {
        Output::Answer(Ticket(2001), Answer::Results(page)) => Some(page),
        _ => None,
    });
    said.unwrap()
}

#[test]
fn what_is_forgotten_is_not_reused_and_what_is_recorded_anew_is() {
    let mut world = recorded();
    assert_eq!(forget(&mut world, "", Some("stock.release"), None), 0);
    assert_eq!(forget(&mut world, "", Some("stock.reserve"), Some("v")), 0);
    assert_eq!(forget(&mut world, "a", None, None), 0);
    assert!(start_in(&mut world, "", 2, "u").is_empty());
    assert_eq!(forget(&mut world, "", Some("stock.reserve"), Some("u")), 1);
    assert_eq!(forget(&mut world, "", None, None), 0);
    assert_eq!(start_in(&mut world, "", 3, "u"), ["stock.reserve"]);
    world.reply(3, 1, r#""again""#);
    world.settle();
    assert!(start_in(&mut world, "", 4, "u").is_empty());
    assert_eq!(page(&mut world, None, 10).count, 1);
}

#[test]
fn what_is_forgotten_stays_so_after_a_crash() {
    // Whether the index was told before, or only the journal says so.
    for seconds in [0, 1] {
        let mut world = recorded();
        world.pass(seconds);
        assert_eq!(forget(&mut world, "", None, None), 1);
        world.pass(seconds);
        let mut world = world.crash();
        world.settle();
        assert_eq!(
            start_in(&mut world, "", 2, "u"),
            ["stock.reserve"],
            "after {seconds} s"
        );
    }
}

#[test]
fn pages_follow_each_other_and_leave_nothing_out() {
    let mut world = recorded();
    for (run, id) in [(2, "w"), (3, "v"), (4, "x")] {
        start_in(&mut world, "", run, id);
        world.reply(run, 1, r#""held""#);
        world.settle();
    }
    let (mut keys, mut place) = (Vec::new(), None);
    loop {
        let page = page(&mut world, place, 3);
        assert_eq!(page.count, 4);
        keys.extend(page.results.into_iter().map(|it| (it.of, it.key, it.bytes)));
        match page.cursor {
            Some(cursor) => place = Some(ResultPlace::read(&cursor).unwrap()),
            None => break,
        }
    }
    let expected = ["u", "v", "w", "x"].map(|key| ("stock.reserve".to_owned(), key.to_owned(), 6));
    assert_eq!(keys, expected);
    assert!(ResultPlace::read("[\"a\",\"b\",\"c\"]").is_err());
}
