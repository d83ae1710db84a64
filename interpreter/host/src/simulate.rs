//! The simulator: the shipped engine and store in a world where one number decides every delay, loss and crash.

mod chance;
mod disk;

pub use chance::Chance;
pub use disk::SimulatedDisk;
