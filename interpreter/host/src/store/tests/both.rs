//! What holds of a store holds of one that is encrypted.

use crate::simulate::SimulatedDisk;

/// How an empty disk is had.
pub(super) type New = fn() -> SimulatedDisk;

pub(super) fn encrypted() -> SimulatedDisk {
    SimulatedDisk::encrypted(1)
}

/// Whether a file is a payload that lies apart.
pub(super) fn is_payload(name: &str) -> bool {
    name.starts_with("blob-") || name.starts_with("cipher-")
}

/// Each of these holds on an empty disk, and on one on which everything is encrypted.
macro_rules! both {
    ($($name:ident),* $(,)?) => {
        mod plain {
            $(#[test]
            fn $name() {
                super::$name(crate::simulate::SimulatedDisk::new);
            })*
        }

        mod encrypted {
            $(#[test]
            fn $name() {
                super::$name(crate::store::tests::both::encrypted);
            })*
        }
    };
}

pub(super) use both;
