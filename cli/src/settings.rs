//! Values of `config`s and `secret`s: from the command line, else from the environment, else their defaults.

use crate::{error::Error, exit::Exit};
use clap::Args;
use flowmesh_ir::{Name, Program};
use flowmesh_machine::{Settings, border::SettingsError};
use std::{collections::BTreeMap, env};

/// Values from the command line.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Set {
    /// Give a `config` its value; else the environment variable of its name in capitals is used, else its default
    #[arg(long = "set", value_name = "NAME=VALUE")]
    set: Vec<String>,
}

impl Set {
    /// What the command line itself gives.
    pub(crate) fn given(&self) -> Result<BTreeMap<Name, String>, Error> {
        let pair = |text: &String| {
            let (name, value) = text.split_once('=').ok_or_else(|| form(text))?;
            Ok((Name::new(name.trim()), value.to_owned()))
        };
        self.set.iter().map(pair).collect()
    }

    /// The values of all configs of a program.
    pub(crate) fn settings(&self, program: &Program) -> Result<Settings, Error> {
        let mut given = BTreeMap::new();
        for config in &program.configs {
            if let Ok(value) = env::var(config.name.to_uppercase()) {
                given.insert(config.name.to_string(), value);
            }
        }
        given.extend(
            self.given()?
                .into_iter()
                .map(|(name, value)| (name.to_string(), value)),
        );
        let given = given.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        Settings::new(program, given).map_err(|why| below(&why))
    }
}

/// The value of a secret, from the environment variable of its name in capitals.
pub(crate) fn secret(name: &str) -> Option<String> {
    env::var(name.to_uppercase()).ok()
}

fn form(text: &str) -> Error {
    Error::BadSetting {
        text: text.to_owned(),
        why: "there is no `=`".to_owned(),
        help: "write `--set name=value`".to_owned(),
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
