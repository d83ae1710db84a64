//! The documentation of programs: pages that a browser takes, and links that lead somewhere.

use flowmesh_tests::files::programs;
use std::collections::BTreeSet;

/// What stands between two words, each time.
fn between<'t>(text: &'t str, before: &str, after: char) -> Vec<&'t str> {
    text.split(before)
        .skip(1)
        .filter_map(|rest| Some(rest.split_once(after)?.0))
        .collect()
}

#[test]
fn every_link_leads_somewhere_and_every_tag_is_closed() {
    let (mut read, mut links) = (0, 0);
    for (name, program) in programs() {
        let pages = flowmesh_doc::pages(&program);
        assert_eq!(pages[0].path, "index.html");
        let mut places = BTreeSet::new();
        for page in &pages {
            assert!(
                places.insert(page.path.clone()),
                "{name}: {} is there twice",
                page.path
            );
            for id in between(&page.html, " id=\"", '"') {
                places.insert(format!("{}#{id}", page.path));
            }
        }
        for page in &pages {
            for link in between(&page.html, "href=\"", '"') {
                let led = links_of(link);
                assert!(
                    led.is_none_or(|to| places.contains(to)),
                    "{name}: {}: {link}",
                    page.path
                );
                links += 1;
            }
            for tag in [
                "main", "nav", "table", "tr", "td", "svg", "pre", "code", "ul", "li", "h2", "div",
            ] {
                let open = page.html.matches(&format!("<{tag}>")).count()
                    + page.html.matches(&format!("<{tag} ")).count();
                let closed = page.html.matches(&format!("</{tag}>")).count();
                assert_eq!(open, closed, "{name}: {}: <{tag}>", page.path);
            }
            read += 1;
        }
    }
    println!("{read} pages, {links} links");
    assert!(read > 500 && links > 2_000);
}

/// Where a link leads that stays in the documentation.
fn links_of(link: &str) -> Option<&str> {
    let outside = ["http:", "https:", "mailto:"]
        .iter()
        .any(|scheme| link.starts_with(scheme));
    (!outside && link != "#").then_some(link)
}

#[test]
fn what_a_program_says_stands_on_its_pages_as_text() {
    let program = flowmesh_tests::fuzz::compiled(
        "/// Takes <b>orders</b>. [x](javascript:alert)\nflow order(id: string) -> string { return \"<script>{id}\" }\n",
    )
    .expect("it compiles");
    let pages = flowmesh_doc::pages(&program);
    let all: String = pages.iter().map(|page| page.html.as_str()).collect();
    assert!(all.contains("Takes &lt;b&gt;orders&lt;/b&gt;."), "{all}");
    assert!(!all.contains("<script") && !all.contains("javascript:") && !all.contains("<b>"));
}
