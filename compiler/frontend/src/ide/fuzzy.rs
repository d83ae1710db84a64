//! How well a name answers what was typed of it.

/// How well; nothing where the letters are not all there in their order. The whole name answers best, then its
/// beginning, then beginnings of its words.
pub(super) fn score(query: &str, name: &str) -> Option<u32> {
    if query.is_empty() {
        return Some(0);
    }
    if !in_order(query, name) {
        return None;
    }
    let (asked, known) = (query.to_ascii_lowercase(), name.to_ascii_lowercase());
    if name == query {
        return Some(1000);
    }
    if known == asked {
        return Some(900);
    }
    let short = u32::try_from(100usize.saturating_sub(name.len())).unwrap_or(0);
    if name.starts_with(query) {
        return Some(700 + short);
    }
    if known.starts_with(&asked) {
        return Some(600 + short);
    }
    if let Some(at) = known.find(&asked) {
        let begins_word = known.get(..at).is_some_and(|before| before.ends_with(['_', '.']));
        return Some(if begins_word { 450 } else { 300 } + short / 2);
    }
    Some(100 + short / 2)
}

/// Whether a name has these letters in their order, large or small.
fn in_order(asked: &str, known: &str) -> bool {
    let mut letters = known.chars();
    asked
        .chars()
        .all(|wanted| letters.any(|letter| letter.eq_ignore_ascii_case(&wanted)))
}

#[cfg(test)]
mod tests {
    use super::score;

    #[test]
    fn what_begins_so_comes_before_what_only_has_the_letters() {
        let order = ["pay", "payments", "prepay_all", "play"].map(|name| score("pay", name).unwrap());
        assert!(order.windows(2).all(|pair| pair[0] > pair[1]), "{order:?}");
        assert_eq!(score("pay", "yap"), None);
    }
}
