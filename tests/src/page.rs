//! Pages in Markdown: their fenced blocks and their sections.

/// A fenced block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The first word after the fence: `flow`, `console`.
    pub language: String,
    /// The word behind it: the name of a file, or a mark.
    pub name: Option<String>,
    /// The line of the page on which it begins.
    pub line: usize,
    /// What stands in it.
    pub text: String,
}

/// A section: its heading without the signs before it, and its text down to the next heading of the same level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// The heading.
    pub title: String,
    /// Everything below it.
    pub text: String,
}

/// All fenced blocks of a page, in order.
#[must_use]
pub fn blocks(page: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut open: Option<Block> = None;
    for (line, text) in (1..).zip(page.lines()) {
        match (text.strip_prefix("```"), &mut open) {
            (Some(info), None) => {
                let mut words = info.split_whitespace().map(str::to_owned);
                open = Some(Block {
                    language: words.next().unwrap_or_default(),
                    name: words.next(),
                    line,
                    text: String::new(),
                });
            }
            (Some(_), Some(_)) => found.extend(open.take()),
            (None, Some(block)) => block.text = format!("{}{text}\n", block.text),
            (None, None) => {}
        }
    }
    found
}

/// The sections of a page whose headings are of the second level.
#[must_use]
pub fn sections(page: &str) -> Vec<Section> {
    let mut found: Vec<Section> = Vec::new();
    let mut fenced = false;
    for line in page.lines() {
        fenced ^= line.starts_with("```");
        match (line.strip_prefix("## "), found.last_mut()) {
            (Some(title), _) if !fenced => found.push(Section {
                title: title.to_owned(),
                text: String::new(),
            }),
            (_, Some(section)) => section.text = format!("{}{line}\n", section.text),
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{blocks, sections};

    #[test]
    fn blocks_and_sections_are_found() {
        let page = "# P\n\n## One\n\n```flow a.flow\n## no heading\n```\n\n## Two\nx\n";
        let found = blocks(page);
        assert_eq!(found.len(), 1);
        assert_eq!(
            (
                found[0].language.as_str(),
                found[0].name.as_deref(),
                found[0].line
            ),
            ("flow", Some("a.flow"), 5)
        );
        assert_eq!(found[0].text, "## no heading\n");
        let titles: Vec<_> = sections(page).into_iter().map(|section| section.title).collect();
        assert_eq!(titles, ["One", "Two"]);
    }
}
