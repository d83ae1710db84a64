//! Values of `config`s and `secret`s: from the command line, else from the environment, else from files, else their
//! defaults. All of them are looked at before a program starts, so that everything that is missing is told at once.

mod file;
mod secret;

use crate::{error::Error, exit::Exit};
use clap::Args;
use flowmesh_host::network::Secrets;
use flowmesh_ir::{Name, Program};
use flowmesh_machine::{
    Settings,
    border::{Given, SettingsError},
};
use std::{collections::BTreeMap, env, path::PathBuf};

/// Values from the command line.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Set {
    /// Give a `config` its value; else the environment variable of its name in capitals is used, else `--config`
    #[arg(long = "set", value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// Values of `config`s, in TOML or JSON; else their defaults are used
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Take a `secret` from a file; else the environment variable of its name in capitals is used, else `--secrets`
    #[arg(long, value_name = "NAME=PATH")]
    secret_file: Vec<String>,
    /// Take `secret`s from the files of their names in a directory, as Kubernetes mounts them
    #[arg(long, value_name = "DIR")]
    secrets: Option<PathBuf>,
}

impl Set {
    /// What the command line itself gives.
    pub(crate) fn given(&self) -> Result<BTreeMap<Name, String>, Error> {
        let pair = |text: &String| {
            let (name, value) = pair("--set", "name=value", text)?;
            Ok((Name::new(name), value.to_owned()))
        };
        self.set.iter().map(pair).collect()
    }

    /// The values of all configs of a program.
    pub(crate) fn settings(&self, program: &Program) -> Result<Settings, Error> {
        self.configs(program)?.map_err(all)
    }

    /// The values of all configs of a program, and where its secrets are; every one of them is there.
    pub(crate) fn values(&self, program: &Program) -> Result<(Settings, Secrets), Error> {
        let places = secret::Places::new(program, &self.secret_file, self.secrets.clone())?;
        let missing = places.missing(program)?;
        match (self.configs(program)?, missing.is_empty()) {
            (Ok(settings), true) => Ok((settings, places.secrets())),
            (Ok(_), false) => Err(all(missing)),
            (Err(wrong), _) => Err(all(wrong.into_iter().chain(missing).collect())),
        }
    }

    /// The values of secrets as far as they are at hand: for whoever keeps them out of something.
    pub(crate) fn secret_texts(&self, secrets: &[Name]) -> Vec<String> {
        let filed = self.secret_file.iter().filter_map(|text| text.split_once('='));
        let named = filed.map(|(_, path)| PathBuf::from(path));
        let mounted = secrets
            .iter()
            .filter_map(|name| Some(self.secrets.as_ref()?.join(name.as_str())));
        let files = named
            .chain(mounted)
            .filter_map(|path| std::fs::read_to_string(path).ok());
        let given = secrets
            .iter()
            .filter_map(|name| env::var(name.to_uppercase()).ok());
        let token = env::var("FLOWMESH_TOKEN").ok();
        let all = files.chain(given).chain(token).map(|text| text.trim().to_owned());
        all.filter(|text| !text.is_empty()).collect()
    }

    fn configs(&self, program: &Program) -> Result<Result<Settings, Vec<Error>>, Error> {
        let filed = self
            .config
            .as_deref()
            .map(file::read)
            .transpose()?
            .unwrap_or_default();
        let mut texts = BTreeMap::new();
        for config in &program.configs {
            if let Ok(value) = env::var(config.name.to_uppercase()) {
                texts.insert(config.name.clone(), value);
            }
        }
        texts.extend(self.given()?);
        let filed = filed
            .iter()
            .map(|(name, json)| (name.as_str(), Given::Json(json)));
        let texts = texts
            .iter()
            .map(|(name, text)| (name.as_str(), Given::Text(text)));
        let settings = Settings::gather(program, filed.chain(texts));
        Ok(settings.map_err(|wrong| wrong.iter().map(below).collect()))
    }
}

/// The two sides of a `NAME=VALUE`.
fn pair<'a>(option: &str, form: &str, text: &'a str) -> Result<(&'a str, &'a str), Error> {
    let (name, value) = text.split_once('=').ok_or_else(|| Error::BadSetting {
        text: format!("{option} {text}"),
        why: "there is no `=`".to_owned(),
        help: format!("write `{option} {form}`"),
    })?;
    Ok((name.trim(), value))
}

/// One error of one or more.
fn all(mut problems: Vec<Error>) -> Error {
    match problems.len() {
        1 => problems.swap_remove(0),
        _ => Error::CannotStart { problems },
    }
}

fn below(why: &SettingsError) -> Error {
    Error::Below {
        code: why.code(),
        message: why.to_string(),
        help: why.help(),
        exit: Exit::Usage,
    }
}
