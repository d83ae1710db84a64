//! Where the text of modules comes from: the caller's world, and the library inside the binary.

/// A piece of work that depends on no other.
pub type Work<'w> = Box<dyn FnOnce() + Send + 'w>;

/// Gives texts, and hands. The front end reads nothing by itself, and begins no threads.
pub trait World {
    /// The text of a module by its path relative to the project's root, with `/` between folders:
    /// `shop/payments.flow`. The same path gives the same text within one compilation.
    ///
    /// # Errors
    /// Why it cannot be read, in words for the author.
    fn read(&self, path: &str) -> Result<String, String>;

    /// Does all of some work, in any order, and comes back when it is done. A world with several threads can use them.
    fn work(&self, all: Vec<Work<'_>>) {
        all.into_iter().for_each(|work| work());
    }
}

/// Reads a module: `std/...` from the library, everything else from the world.
pub(crate) fn read(world: &dyn World, path: &str) -> Result<String, String> {
    if path.starts_with("std/") {
        let text = flowmesh_stdlib::sources::source(path);
        return text
            .map(str::to_owned)
            .ok_or_else(|| "the library has no such module".to_owned());
    }
    world.read(path)
}
