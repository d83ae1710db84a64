//! A real disk that is full: a clear error, nothing acknowledged lost, and work goes on once there is room.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test ends by a panic and says what it saw"
)]

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

/// A small file system in memory for as long as the value lives.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// Needs the right to mount; without it the test says that it was skipped.
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=256k", "tmpfs"])
            .arg(folder.path())
            .output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self(folder));
        }
        println!("skipped: a small file system cannot be mounted here");
        None
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).status();
    }
}

#[test]
fn a_full_disk_is_named_and_costs_nothing() {
    let Some(disk) = SmallDisk::mount() else { return };
    let filler = disk.path().join("filler");
    let before = hello(&disk, "first");
    assert!(
        before.status.success(),
        "{}",
        String::from_utf8_lossy(&before.stderr)
    );

    // Longer than what may be left of the last page.
    let long = "second".repeat(2_000);
    fill(&filler);
    let full = hello(&disk, &long);
    let said = String::from_utf8_lossy(&full.stderr).into_owned();
    assert_eq!(full.status.code(), Some(4), "{said}");
    assert!(said.contains("no space") || said.contains("full"), "{said}");

    fs::remove_file(&filler).unwrap();
    let after = hello(&disk, &long);
    assert!(
        after.status.success(),
        "{}",
        String::from_utf8_lossy(&after.stderr)
    );
    let runs = hello(&disk, "first");
    assert!(
        runs.status.success(),
        "the store was damaged: {}",
        String::from_utf8_lossy(&runs.stderr)
    );
}

fn hello(disk: &SmallDisk, name: &str) -> Output {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/hello.flow");
    let input = format!(r#"{{"names": ["{name}"], "pause": "1ms"}}"#);
    Command::new(env!("CARGO_BIN_EXE_flowmesh"))
        .arg("run")
        .arg(program)
        .args(["hello", "--input", &input, "--dir"])
        .arg(disk.path().join("store"))
        .output()
        .unwrap()
}

/// Writes until nothing more fits.
fn fill(path: &Path) {
    use std::io::Write;
    let mut file = fs::File::create(path).unwrap();
    for size in [4096, 1] {
        while file.write_all(&vec![0; size]).is_ok() {}
    }
}
