//! The values of a program's configs, read once at start and kept by the host beside the runs.

use super::{Misfit, encode, literal};
use crate::border::{Strictness, decode};
use flowmesh_ir::{Code, ConfigId, Name, Program, Value, ty::Type};
use serde_json::value::RawValue;
use std::{collections::BTreeMap, fmt};

/// The values of a program's configs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    values: Vec<Value>,
}

/// What somebody gives a config.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given<'a> {
    /// A text from the command line or the environment: plainly written, or as JSON.
    Text(&'a str),
    /// JSON from a file.
    Json(&'a str),
}

/// Why configs have no values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingsError {
    /// Nobody gives a value.
    Missing {
        /// The config.
        name: Name,
    },
    /// A value is given for what no config of the program is called.
    Unknown {
        /// The name that was given.
        name: String,
        /// The nearest known one.
        nearest: Option<Name>,
    },
    /// The value does not fit.
    Misfit {
        /// The config.
        name: Name,
        /// What does not fit.
        misfit: Misfit,
    },
    /// What was stored cannot be read.
    Unreadable(String),
}

impl Settings {
    /// The values of all configs from texts by name; what nobody gives has its default.
    ///
    /// # Errors
    /// The first config that has no value or one that does not fit, and names that are no configs.
    pub fn new<'a>(
        program: &Program,
        given: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, SettingsError> {
        let texts = given.into_iter().map(|(name, text)| (name, Given::Text(text)));
        Self::gather(program, texts).map_err(|mut wrong| wrong.swap_remove(0))
    }

    /// The values of all configs by name; what nobody gives has its default.
    ///
    /// # Errors
    /// Every config that has no value or one that does not fit, and every name that is no config: at least one.
    pub fn gather<'a>(
        program: &Program,
        given: impl IntoIterator<Item = (&'a str, Given<'a>)>,
    ) -> Result<Self, Vec<SettingsError>> {
        let mut given: BTreeMap<&str, Given<'_>> = given.into_iter().collect();
        let (mut values, mut wrong) = (Vec::with_capacity(program.configs.len()), Vec::new());
        for config in &program.configs {
            let name = config.name.clone();
            let read = match given.remove(config.name.as_str()) {
                Some(Given::Text(text)) => literal::read(program, &config.ty, text),
                Some(Given::Json(json)) => decode(program, &config.ty, json.as_bytes(), Strictness::Strict),
                None => match &config.default {
                    Some(default) => Ok(default.clone()),
                    None if matches!(config.ty, Type::Optional(_)) => Ok(Value::None),
                    None => {
                        wrong.push(SettingsError::Missing { name });
                        continue;
                    }
                },
            };
            match read {
                Ok(value) => values.push(value),
                Err(misfit) => wrong.push(SettingsError::Misfit { name, misfit }),
            }
        }
        wrong.extend(given.keys().map(|name| unknown(program, name)));
        if wrong.is_empty() {
            Ok(Self { values })
        } else {
            Err(wrong)
        }
    }

    /// The value of a config.
    #[must_use]
    pub fn get(&self, config: ConfigId) -> Option<&Value> {
        self.values.get(config.index())
    }

    /// A JSON object of all values in the order of the program: the same values give the same bytes.
    #[must_use]
    pub fn to_json(&self, program: &Program) -> String {
        let mut out = String::from("{");
        for (config, value) in program.configs.iter().zip(&self.values) {
            if out.len() > 1 {
                out.push(',');
            }
            flowmesh_stdlib::json::write_string(&mut out, &config.name);
            out.push(':');
            out.push_str(&encode(program, &config.ty, value));
        }
        out.push('}');
        out
    }

    /// The values that [`Self::to_json`] wrote.
    ///
    /// # Errors
    /// The JSON is not of this program.
    pub fn from_json(program: &Program, json: &[u8]) -> Result<Self, SettingsError> {
        let stored: BTreeMap<String, &RawValue> =
            serde_json::from_slice(json).map_err(|error| SettingsError::Unreadable(error.to_string()))?;
        let mut values = Vec::with_capacity(program.configs.len());
        for config in &program.configs {
            let name = config.name.clone();
            let Some(raw) = stored.get(config.name.as_str()) else {
                return Err(SettingsError::Missing { name });
            };
            let value = decode(program, &config.ty, raw.get().as_bytes(), Strictness::Strict);
            values.push(value.map_err(|misfit| SettingsError::Misfit { name, misfit })?);
        }
        Ok(Self { values })
    }
}

fn unknown(program: &Program, name: &str) -> SettingsError {
    let near = flowmesh_ir::nearest(name, program.configs.iter().map(|config| config.name.as_str()));
    SettingsError::Unknown {
        name: name.to_owned(),
        nearest: near.map(Name::new),
    }
}

impl SettingsError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Missing { .. } => Code(1010),
            Self::Unknown { .. } => Code(1011),
            Self::Misfit { .. } => Code(1012),
            Self::Unreadable(_) => Code(1013),
        }
    }

    /// What to do.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Missing { name } => Some(format!(
                "give it with `--set {name}=...`, the environment variable `{}`, or in the file of `--config FILE`",
                name.to_uppercase()
            )),
            Self::Unknown { nearest, .. } => nearest
                .as_ref()
                .map(|nearest| format!("did you mean `{nearest}`?")),
            Self::Misfit { .. } | Self::Unreadable(_) => None,
        }
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { name } => write!(f, "config `{name}` has no value"),
            Self::Unknown { name, .. } => write!(f, "the program has no config `{name}`"),
            Self::Misfit { name, misfit } => write!(f, "config `{name}`: {misfit}"),
            Self::Unreadable(why) => write!(f, "the stored settings cannot be read: {why}"),
        }
    }
}

impl std::error::Error for SettingsError {}
