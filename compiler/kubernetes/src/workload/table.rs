//! What pods of flowmesh hold.

use crate::{
    capability::Held::{self, Part, Whole},
    setting::Setting,
};

/// Whether they hold a setting: they are flowmesh.
pub(crate) fn held(setting: Setting) -> Held {
    match setting {
        Setting::Listen => {
            Part("a gateway that listens on an address of its machine alone is reached from its pod alone")
        }
        _ => Whole,
    }
}
