//! Where JSON becomes values and values become JSON: by type, with the place of everything that does not fit.

mod decode;
mod encode;
mod input;
mod literal;
mod misfit;
mod outside;
mod scheduled;
mod settings;

pub use decode::{Strictness, decode, decode_untyped};
pub use encode::{encode, encode_untyped};
pub use input::{SIGNALS_KEPT_MAX, check_input, check_signal};
pub use misfit::Misfit;
pub use outside::{check_event, hears, tags, triggered};
pub use scheduled::scheduled;
pub use settings::{Given, Settings, SettingsError};

pub(crate) use encode::{write, write_fields};
pub(crate) use input::{decode_fields, decode_fields_as};
pub(crate) use misfit::describe;
