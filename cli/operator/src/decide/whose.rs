//! Whose an object is that is there already. What is another's is left as it is: nothing is written into it, none of its runs is
//! touched, and it does not go with a `Program` that never made it.

use super::shape::{OWNER, Owner};
use crate::crd::GROUP;
use serde_json::Value;

/// Whose an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// This program's alone.
    Ours,
    /// This program's, and others'.
    Shared,
    /// Not this program's.
    Anothers,
}

/// Whose an object is, by the identifier of a program.
#[must_use]
pub fn whose(live: &Value, uid: &str) -> Whose {
    let owners = owners(live);
    let ours = |owner: &&&Value| text(owner, "/uid") == Some(uid);
    match owners.iter().find(ours) {
        Some(_) if owners.len() > 1 => Whose::Shared,
        Some(_) => Whose::Ours,
        // Those of other namespaces have no owner, and are known by the label.
        None if owners.is_empty() && label(live) == Some(uid) => Whose::Ours,
        None => Whose::Anothers,
    }
}

/// Why an object that is there is not to be written: it is another's.
#[must_use]
pub fn taken(live: &Value, owner: &Owner) -> Option<String> {
    if whose(live, &owner.uid) != Whose::Anothers {
        return None;
    }
    let who = match (owners(live).first(), label(live)) {
        (Some(other), _) => {
            let of = |place: &str| text(other, place).unwrap_or_default();
            format!("`{}` `{}` owns it", of("/kind"), of("/name"))
        }
        (None, Some(uid)) => format!("it is of the Program with the identifier {uid}"),
        (None, None) => "it was there before".to_owned(),
    };
    Some(format!(
        "{who}, so it stays as it is: delete it, or, where nobody owns it, hand it over with the label {OWNER}={}",
        owner.uid
    ))
}

/// Whether an account that is there is one that programs share. One that somebody else made is used as it is.
#[must_use]
pub fn is_of_programs(account: &Value) -> bool {
    let prefix = format!("{GROUP}/");
    let of_one = |owner: &&Value| {
        text(owner, "/kind") == Some("Program")
            && text(owner, "/apiVersion").is_some_and(|version| version.starts_with(&prefix))
    };
    owners(account).iter().any(of_one)
}

fn owners(live: &Value) -> Vec<&Value> {
    let owners = live.pointer("/metadata/ownerReferences");
    owners.and_then(Value::as_array).into_iter().flatten().collect()
}

fn label(live: &Value) -> Option<&str> {
    text(live, &format!("/metadata/labels/{}", OWNER.replace('/', "~1")))
}

fn text<'v>(value: &'v Value, place: &str) -> Option<&'v str> {
    value.pointer(place).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::{Whose, is_of_programs, taken, whose};
    use crate::decide::shape::Owner;
    use serde_json::{Value, json};

    fn owned(uids: &[&str]) -> Value {
        let owner = |uid: &&str| json!({ "apiVersion": "flowmesh.dev/v1alpha1", "kind": "Program", "name": uid, "uid": uid });
        json!({ "metadata": { "ownerReferences": uids.iter().map(owner).collect::<Vec<_>>() } })
    }

    fn labelled(uid: &str, uids: &[&str]) -> Value {
        let mut object = owned(uids);
        object["metadata"]["labels"] = json!({ "flowmesh.dev/program": uid });
        object
    }

    #[test]
    fn objects_are_known_by_their_owners_and_where_they_have_none_by_their_label() {
        assert_eq!(whose(&owned(&["a"]), "a"), Whose::Ours);
        assert_eq!(whose(&owned(&["a", "b"]), "a"), Whose::Shared);
        assert_eq!(whose(&owned(&["b"]), "a"), Whose::Anothers);
        assert_eq!(whose(&labelled("a", &[]), "a"), Whose::Ours);
        assert_eq!(whose(&labelled("b", &[]), "a"), Whose::Anothers);
        // Whoever owns it has the last word.
        assert_eq!(whose(&labelled("a", &["b"]), "a"), Whose::Anothers);
        assert_eq!(whose(&json!({}), "a"), Whose::Anothers);
    }

    #[test]
    fn whoever_has_an_object_is_named() {
        let owner = Owner {
            uid: "a".to_owned(),
            ..Owner::default()
        };
        assert_eq!(taken(&owned(&["a"]), &owner), None);
        let why = |live: &Value| taken(live, &owner).unwrap();
        assert!(why(&owned(&["b"])).starts_with("`Program` `b` owns it"));
        assert!(why(&labelled("b", &[])).contains("the identifier b"));
        assert!(why(&json!({})).contains("flowmesh.dev/program=a"));
    }

    #[test]
    fn an_account_that_somebody_else_made_is_not_shared() {
        assert!(is_of_programs(&owned(&["b"])));
        assert!(!is_of_programs(&json!({ "metadata": { "name": "flowmesh" } })));
    }
}
