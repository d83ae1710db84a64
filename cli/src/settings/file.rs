//! Configs from a file: an object in JSON, or names and values in TOML. Numbers stay as they are written.

use crate::{error::Error, project::words};
use serde_json::value::RawValue;
use std::{collections::BTreeMap, fmt::Write, fs, path::Path};
use toml::de::{DeTable, DeValue};

/// How deep arrays and tables may nest.
const DEPTH_MAX: usize = 100;

/// The names and values of a file, the values in JSON.
pub(super) fn read(path: &Path) -> Result<BTreeMap<String, String>, Error> {
    let text = fs::read_to_string(path).map_err(|why| Error::unreadable(path, &words(&why)))?;
    let toml = path.extension().is_some_and(|extension| extension == "toml");
    let read = if toml { from_toml(&text) } else { from_json(&text) };
    read.map_err(|why| Error::BadConfigFile {
        path: path.to_owned(),
        why,
    })
}

fn from_json(text: &str) -> Result<BTreeMap<String, String>, String> {
    let read: Result<BTreeMap<String, Box<RawValue>>, _> = serde_json::from_str(text);
    let read = read.map_err(|why| why.to_string())?;
    Ok(read
        .into_iter()
        .map(|(name, raw)| (name, raw.get().to_owned()))
        .collect())
}

fn from_toml(text: &str) -> Result<BTreeMap<String, String>, String> {
    let table = DeTable::parse(text).map_err(|why| why.to_string().trim_end().to_owned())?;
    let mut values = BTreeMap::new();
    for (name, value) in table.get_ref() {
        let mut json = String::new();
        write(&mut json, value.get_ref(), 0)?;
        values.insert(name.get_ref().to_string(), json);
    }
    Ok(values)
}

/// Writes a value of TOML as JSON: numbers with their own digits, dates and times as texts.
fn write(out: &mut String, value: &DeValue<'_>, depth: usize) -> Result<(), String> {
    if depth > DEPTH_MAX {
        return Err(format!("it nests deeper than {DEPTH_MAX} levels"));
    }
    match value {
        DeValue::String(text) => string(out, text),
        DeValue::Integer(int) if int.radix() == 10 => out.push_str(int.as_str().trim_start_matches('+')),
        DeValue::Integer(int) => {
            let value = i64::from_str_radix(int.as_str(), int.radix()).map_err(|why| why.to_string())?;
            // Writing into a String cannot fail.
            let _ = write!(out, "{value}");
        }
        DeValue::Float(float) if float.as_str().contains(['n', 'N']) => {
            return Err(format!("`{}` is no number that a program knows", float.as_str()));
        }
        DeValue::Float(float) => out.push_str(float.as_str().trim_start_matches('+')),
        DeValue::Boolean(holds) => out.push_str(if *holds { "true" } else { "false" }),
        DeValue::Datetime(time) => string(out, &time.to_string()),
        DeValue::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                write(out, item.get_ref(), depth + 1)?;
            }
            out.push(']');
        }
        DeValue::Table(table) => {
            out.push('{');
            for (at, (name, value)) in table.iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                string(out, name.get_ref());
                out.push(':');
                write(out, value.get_ref(), depth + 1)?;
            }
            out.push('}');
        }
    }
    Ok(())
}

fn string(out: &mut String, text: &str) {
    flowmesh_stdlib::json::write_string(out, text);
}

#[cfg(test)]
mod tests {
    use super::from_toml;

    #[test]
    fn numbers_of_toml_keep_their_digits() {
        let text = "price = 10.10\nbig = 1_000\nmask = 0xff\nat = 2026-01-31T12:00:00Z\nlist = [1, \"a\"]\n[limits]\nrate = +2.50";
        let read = from_toml(text).expect("it is TOML");
        let value = |name: &str| read.get(name).map(String::as_str);
        assert_eq!(value("price"), Some("10.10"));
        assert_eq!(value("big"), Some("1000"));
        assert_eq!(value("mask"), Some("255"));
        assert_eq!(value("at"), Some("\"2026-01-31T12:00:00Z\""));
        assert_eq!(value("list"), Some("[1,\"a\"]"));
        assert_eq!(value("limits"), Some("{\"rate\":2.50}"));
    }

    #[test]
    fn what_is_no_toml_says_where() {
        let why = from_toml("a = = 1").expect_err("it is no TOML");
        assert!(why.contains("line 1"), "{why}");
        assert!(from_toml("a = nan").is_err());
    }
}
