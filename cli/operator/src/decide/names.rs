//! Names on their way into paths of the cluster. Its clients write them there as they are, so that `../secrets/a` or
//! `a?force=true` would be a question that nobody meant.

use crate::crd::ObjectKey;

/// The longest name.
const LONGEST: usize = 253;

/// Whether a cluster gives such names: to programs, ConfigMaps, Secrets, namespaces.
#[must_use]
pub fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let label = |label: &str| {
        let bytes = label.as_bytes();
        let ends = [bytes.first(), bytes.last()];
        ends.into_iter().all(|end| end.is_some_and(|end| plain(*end)))
            && bytes.iter().all(|byte| plain(*byte) || *byte == b'-')
    };
    text.len() <= LONGEST && text.split('.').all(label)
}

/// Whether an object of any kind can be called so: some kinds take more than others, and none what has a meaning in a path.
#[must_use]
pub fn is_key(key: &ObjectKey) -> bool {
    let parts = key.api_version.split('/');
    parts.clone().count() <= 2
        && parts.into_iter().all(is_name)
        && is_name(&key.namespace)
        && is_segment(&key.name)
}

fn is_segment(text: &str) -> bool {
    let fits = |letter: char| letter.is_ascii_graphic() && !matches!(letter, '/' | '%' | '?' | '#' | '\\');
    (1..=LONGEST).contains(&text.len()) && !matches!(text, "." | "..") && text.chars().all(fits)
}

#[cfg(test)]
mod tests {
    use super::{is_key, is_name};
    use crate::crd::ObjectKey;

    #[test]
    fn names_have_no_meaning_in_a_path() {
        for good in ["a", "shop-1.example", "0"] {
            assert!(is_name(good), "{good}");
        }
        for bad in [
            "",
            ".",
            "..",
            "a/b",
            "a?b",
            "a#b",
            "a%2Fb",
            "a b",
            "A",
            "-a",
            "a-",
            "a..b",
            &"a".repeat(254),
        ] {
            assert!(!is_name(bad), "{bad}");
        }
    }

    #[test]
    fn keys_are_made_of_them() {
        let key = |version: &str, namespace: &str, name: &str| ObjectKey {
            api_version: version.to_owned(),
            kind: "Role".to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        };
        assert!(is_key(&key("v1", "shop", "a")));
        assert!(is_key(&key(
            "rbac.authorization.k8s.io/v1",
            "shop",
            "Shop:reader"
        )));
        assert!(!is_key(&key("apps/v1", "shop/../ops", "a")));
        assert!(!is_key(&key("apps/v1", "", "a")));
        assert!(!is_key(&key("apps/v1", "shop", "..")));
        assert!(!is_key(&key("apps/v1", "shop", "a?x")));
        assert!(!is_key(&key("apps/v1/namespaces/ops", "shop", "a")));
    }
}
