//! Compiles the tree-sitter grammar, which `tests/editors.rs` holds against the compiler's own.

fn main() {
    let source = std::path::Path::new("../editors/tree-sitter-flow/src");
    for file in ["parser.c", "scanner.c"] {
        println!("cargo::rerun-if-changed={}", source.join(file).display());
    }
    cc::Build::new()
        .std("c11")
        .include(source)
        .files(["parser.c", "scanner.c"].map(|file| source.join(file)))
        .warnings(false)
        .compile("tree-sitter-flow");
}
