//! What the parser promises, on texts small and large.

use super::*;

pub(crate) const SHOP: &str = include_str!("../../../../tests/suite/format/shop.flow");

fn problems(text: &str) -> Vec<String> {
    let mut found = Diagnostics::default();
    let parsed = parse(SourceId(0), text, &mut found);
    assert_eq!(parsed.tree.text().to_string(), text);
    let show = |d: &&flowmesh_diagnostics::Diagnostic| {
        let at = text.get(d.span.start as usize..d.span.end as usize).unwrap_or("");
        let help = d.help.as_ref().map_or(String::new(), |help| format!(" ({help})"));
        format!("{} {at:?}: {}{help}", d.code, d.message)
    };
    found.sorted().iter().map(show).collect()
}

#[test]
fn the_shop_is_read_without_a_word() {
    assert_eq!(problems(SHOP), Vec::<String>::new());
}
