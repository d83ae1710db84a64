//! Where the text of modules comes from: the caller's world, and the library inside the binary.

/// Gives texts. The front end reads nothing by itself.
pub trait World {
    /// The text of a module by its path relative to the project's root, with `/` between folders:
    /// `shop/payments.flow`. The same path gives the same text within one compilation.
    ///
    /// # Errors
    /// Why it cannot be read, in words for the author.
    fn read(&self, path: &str) -> Result<String, String>;
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
