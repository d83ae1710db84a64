//! Collects `pages/F0000.md` into one sorted table, so that a new page is only a new file.

use std::{env, fs, io, path::Path};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=pages");
    let mut names = Vec::new();
    for entry in fs::read_dir("pages")? {
        let path = entry?.path();
        if let Some(stem) = path.file_stem().and_then(|stem| stem.to_str()) {
            names.push((stem.to_owned(), fs::canonicalize(&path)?));
        }
    }
    names.sort();
    let mut table = String::from("const PAGES: &[Page] = &[\n");
    for (stem, path) in names {
        let number: u16 = stem.trim_start_matches('F').parse().map_err(io::Error::other)?;
        table += &format!("    Page {{ code: Code({number}), text: include_str!({path:?}) }},\n");
    }
    table += "];\n";
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    fs::write(Path::new(&out).join("pages.rs"), table)
}
