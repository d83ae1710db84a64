//! Words of authors as HTML. Whatever they write, no page does more than show it.

use pulldown_cmark::{Event, Options, Parser, html};

/// Text between and within tags.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            sign => out.push(sign),
        }
    }
    out
}

/// A comment in Markdown. Tags in it are shown as they stand, and links lead to pages alone.
pub(crate) fn markdown(text: &str) -> String {
    let events = Parser::new_ext(text, Options::ENABLE_TABLES).map(|event| match event {
        Event::Html(tag) | Event::InlineHtml(tag) => Event::Text(tag),
        event => event,
    });
    let safe = events.map(|event| match event {
        Event::Start(pulldown_cmark::Tag::Link {
            link_type,
            dest_url,
            title,
            id,
        }) => Event::Start(pulldown_cmark::Tag::Link {
            link_type,
            dest_url: if leads_to_a_page(&dest_url) {
                dest_url
            } else {
                "#".into()
            },
            title,
            id,
        }),
        // A picture would be fetched from wherever the comment says.
        Event::Start(pulldown_cmark::Tag::Image { .. }) => Event::Text("[picture: ".into()),
        Event::End(pulldown_cmark::TagEnd::Image) => Event::Text("]".into()),
        event => event,
    });
    let mut out = String::new();
    html::push_html(&mut out, safe);
    out
}

fn leads_to_a_page(link: &str) -> bool {
    let scheme = link.split_once(':').map(|(scheme, _)| scheme);
    scheme.is_none_or(|scheme| {
        matches!(scheme, "http" | "https" | "mailto") || scheme.contains(['/', '#', '?', '.'])
    })
}

/// The first sentence of a comment, for lists.
pub(crate) fn first(doc: Option<&str>) -> String {
    let doc = doc.unwrap_or_default().trim();
    let line = doc.split("\n\n").next().unwrap_or_default();
    let sentence = line
        .split_once(". ")
        .map_or(line.to_owned(), |(first, _)| format!("{first}."));
    let html = markdown(&sentence);
    let html = html.trim();
    html.strip_prefix("<p>")
        .and_then(|html| html.strip_suffix("</p>"))
        .unwrap_or(html)
        .to_owned()
}

/// Some code.
pub(crate) fn code(text: &str) -> String {
    format!("<code>{}</code>", escaped(text))
}

/// Some lines of code.
pub(crate) fn block(lines: &[String]) -> String {
    match lines {
        [] => String::new(),
        lines => format!("<pre><code>{}</code></pre>\n", escaped(&lines.join("\n"))),
    }
}

#[cfg(test)]
mod tests {
    use super::{first, markdown};

    #[test]
    fn what_an_author_writes_is_shown_and_does_nothing() {
        let shown = markdown("a <script>x()</script> [b](javascript:x) ![c](http://d/e.png) `f`");
        assert!(
            !shown.contains("<script") && !shown.contains("javascript:") && !shown.contains("<img"),
            "{shown}"
        );
        assert!(
            shown.contains("&lt;script&gt;") && shown.contains("<code>f</code>"),
            "{shown}"
        );
    }

    #[test]
    fn lists_have_the_first_sentence() {
        assert_eq!(
            first(Some("Takes an order. Safe to start twice.\n\nMore.")),
            "Takes an order."
        );
        assert_eq!(first(None), "");
    }
}
