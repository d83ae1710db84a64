//! Memory of this process.

/// From here on memory comes in pages of the usual size. The allocator asks for huge ones, which are quicker for servers; of
/// what an editor's server uses now and then, a part of each would lie there and hold nothing.
pub(crate) fn small_pages() {
    // Where that cannot be said, all works as before, and takes more.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}
