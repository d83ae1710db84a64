//! `flowmesh runs edit`: new values of variables, or the variables as they are.

use super::steer::{steer, tell};
use crate::{
    client::{Client, encode},
    draw,
    error::{Error, ticked},
    input,
};
use http::Method;
use serde::Serialize;
use serde_json::{Value, value::RawValue};
use std::collections::BTreeMap;

/// Shows the variables of a run.
pub(super) async fn variables(client: &Client, id: &str) -> Result<(), Error> {
    let path = format!("/v1/runs/{}/variables", encode(id));
    let all = client.send(Method::GET, &path, None).await?;
    draw::answer_json(all.get("variables").unwrap_or(&Value::Null));
    Ok(())
}

/// Gives variables new values: those that may be plain text, and those that are JSON.
pub(super) async fn edit(
    client: &Client,
    id: &str,
    (values, set): (&[String], &[String]),
    json: bool,
) -> Result<(), Error> {
    let set = changes(values, set)?;
    let names: Vec<String> = set.keys().cloned().collect();
    let run = steer(client, id, "edit", &Edited { set }).await?;
    tell(
        &run,
        json,
        &format!("{} edited; the run stands still", ticked(&names)),
    );
    Ok(())
}

#[derive(Serialize)]
struct Edited {
    set: Changes,
}

/// New values by name, as they were written: no number passes through a float.
pub(super) type Changes = BTreeMap<String, Box<RawValue>>;

/// Names with their new values: what is no JSON is a text, except after `--set`.
pub(super) fn changes(values: &[String], set: &[String]) -> Result<Changes, Error> {
    let mut changes = Changes::new();
    for text in values {
        let (name, value) = parted(text)?;
        let json = input::json(value, name).or_else(|_| quoted(value, name))?;
        changes.insert(name.to_owned(), json);
    }
    for text in set {
        let (name, value) = parted(text)?;
        changes.insert(name.to_owned(), input::json(value, &format!("`--set {name}`"))?);
    }
    Ok(changes)
}

fn parted(text: &str) -> Result<(&str, &str), Error> {
    text.split_once('=').ok_or_else(|| Error::BadJson {
        whose: format!("`{text}`"),
        why: "expected `NAME=VALUE`".to_owned(),
    })
}

fn quoted(value: &str, name: &str) -> Result<Box<RawValue>, Error> {
    serde_json::value::to_raw_value(value).map_err(|why| Error::BadJson {
        whose: name.to_owned(),
        why: why.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::changes;

    #[test]
    fn what_is_no_json_is_a_text_and_numbers_stay_as_they_are() {
        let values = [
            "a.b=12.10".to_owned(),
            "c=ann b".to_owned(),
            "d=\"7\"".to_owned(),
            "e=x=y".to_owned(),
        ];
        let read = changes(&values, &["f=[1]".to_owned()]).expect("they can be read");
        let read: Vec<String> = read
            .iter()
            .map(|(name, value)| format!("{name} {value}"))
            .collect();
        assert_eq!(
            read,
            ["a.b 12.10", "c \"ann b\"", "d \"7\"", "e \"x=y\"", "f [1]"]
        );
        assert!(changes(&[], &["f=ann b".to_owned()]).is_err());
        assert!(changes(&["f".to_owned()], &[]).is_err());
    }
}
