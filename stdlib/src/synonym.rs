//! What other languages call what the library has, so that a wrong guess finds its way.

/// Names elsewhere and names here, sorted by the first.
const SYNONYMS: &[(&str, &str)] = &[
    ("avg", "average"),
    ("captures", "groups"),
    ("ceiling", "ceil"),
    ("collect", "map"),
    ("contains_key", "has"),
    ("dedup", "distinct"),
    ("difference", "except"),
    ("downcase", "lower"),
    ("each_slice", "chunk"),
    ("entries", "items"),
    ("every", "all"),
    ("exists", "any"),
    ("extract", "groups"),
    ("foldl", "fold"),
    ("format_date", "format"),
    ("head", "first"),
    ("includes", "contains"),
    ("inject", "fold"),
    ("intersection", "intersect"),
    ("is_match", "find"),
    ("length", "len"),
    ("match", "find"),
    ("match_all", "find_all"),
    ("mean", "average"),
    ("parse_int", "to_int"),
    ("push", "append"),
    ("reduce", "fold"),
    ("remove", "without"),
    ("set", "with"),
    ("size", "len"),
    ("skip", "drop"),
    ("skip_while", "drop_while"),
    ("sorted", "sort"),
    ("strip", "trim"),
    ("strip_prefix", "drop_prefix"),
    ("strip_suffix", "drop_suffix"),
    ("substring", "slice"),
    ("tail", "drop"),
    ("to_lower", "lower"),
    ("to_lowercase", "lower"),
    ("to_str", "to_string"),
    ("to_upper", "upper"),
    ("to_uppercase", "upper"),
    ("truncate", "trunc"),
    ("uniq", "distinct"),
    ("unique", "distinct"),
    ("upcase", "upper"),
    ("where", "filter"),
    ("windows", "window"),
];

/// What the library calls that which is called so elsewhere.
#[must_use]
pub fn synonym(name: &str) -> Option<&'static str> {
    let at = SYNONYMS
        .binary_search_by(|(elsewhere, _)| elsewhere.cmp(&name))
        .ok()?;
    SYNONYMS.get(at).map(|(_, here)| *here)
}

#[cfg(test)]
mod tests {
    use super::SYNONYMS;
    use crate::methods;

    #[test]
    fn every_synonym_leads_to_a_native_and_is_none_itself() {
        assert!(SYNONYMS.is_sorted());
        for (elsewhere, here) in SYNONYMS {
            assert!(methods(here).next().is_some(), "{here}");
            assert!(methods(elsewhere).next().is_none(), "{elsewhere}");
        }
    }
}
