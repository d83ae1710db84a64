//! The texts that a spec names.

use crate::crd::Source;
use std::collections::BTreeMap;

/// The key of a ConfigMap that holds a compiled program.
pub(super) const PROGRAM_KEY: &str = "program.json";

/// The texts that a source comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// Texts by path, and which of them is the program.
    Files {
        /// The path of the program.
        main: String,
        /// All texts.
        files: BTreeMap<String, String>,
    },
    /// A compiled program.
    Compiled(String),
}

/// The texts of a source; `map` are those of its ConfigMap.
///
/// # Errors
/// What is missing, in words.
pub fn given(source: &Source, map: Option<&BTreeMap<String, String>>) -> Result<Given, String> {
    let sources = [
        source.files.is_some(),
        source.program.is_some(),
        source.config_map.is_some(),
    ];
    if sources.into_iter().filter(|there| *there).count() != 1 {
        return Err("expected one of `files`, `program` and `configMap`".to_owned());
    }
    if let Some(program) = &source.program {
        return Ok(Given::Compiled(program.clone()));
    }
    let files = source
        .files
        .as_ref()
        .or(map)
        .ok_or("there is no such ConfigMap")?;
    if let Some(program) = files.get(PROGRAM_KEY).filter(|_| source.main.is_none()) {
        return Ok(Given::Compiled(program.clone()));
    }
    let main = main_of(files, source.main.as_deref())?;
    Ok(Given::Files {
        main,
        files: files.clone(),
    })
}

fn main_of(files: &BTreeMap<String, String>, said: Option<&str>) -> Result<String, String> {
    if let Some(main) = said {
        return match files.contains_key(main) {
            true => Ok(main.to_owned()),
            false => Err(format!("`main` names `{main}`, which is none of the files")),
        };
    }
    let flows: Vec<&String> = files.keys().filter(|path| path.ends_with(".flow")).collect();
    match flows.as_slice() {
        [main] => Ok((*main).clone()),
        [] => Err("there is no file with `.flow` at its end".to_owned()),
        _ => Err(
            "there are several files with `.flow` at their end: say with `main` which is the program"
                .to_owned(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::{Given, given};
    use crate::crd::Source;

    fn source(all: &[(&str, &str)]) -> Source {
        let files = all
            .iter()
            .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
        Source {
            files: Some(files.collect()),
            ..Source::default()
        }
    }

    #[test]
    fn the_only_flow_is_the_program() {
        let one = given(&source(&[("shop.flow", ""), ("a.yaml", "")]), None).unwrap();
        assert!(matches!(one, Given::Files { main, .. } if main == "shop.flow"));
        assert!(
            given(&source(&[("a.flow", ""), ("b.flow", "")]), None)
                .unwrap_err()
                .contains("`main`")
        );
        assert!(
            given(&source(&[("a.yaml", "")]), None)
                .unwrap_err()
                .contains(".flow")
        );
        let said = Source {
            main: Some("c.flow".to_owned()),
            ..source(&[("a.flow", "")])
        };
        assert!(given(&said, None).unwrap_err().contains("`c.flow`"));
        assert!(given(&Source::default(), None).unwrap_err().contains("one of"));
    }
}
