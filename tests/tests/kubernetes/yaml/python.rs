//! `PyYAML`, a reader of YAML 1.1 that others wrote, where it is at hand.

use serde_json::Value;
use std::{
    io::Write,
    process::{Command, Stdio},
};

/// A JSON list of texts comes in, a list of what they say goes out; what is no document of JSON's types is an error.
const PROGRAM: &str = "
import json, sys, yaml
loader = getattr(yaml, 'CSafeLoader', yaml.SafeLoader)
def one(text):
    try:
        return {'read': yaml.load(text, loader)}
    except yaml.YAMLError as error:
        return {'error': str(error)}
print(json.dumps([one(text) for text in json.load(sys.stdin)], default=lambda odd: {'odd': repr(odd)}))
";

/// What the texts say; `None`, with a word about it, where there is no Python with `PyYAML`.
pub(crate) fn read(texts: &[String]) -> Option<Vec<Value>> {
    let at_hand = Command::new("python3")
        .args(["-c", "import yaml"])
        .stderr(Stdio::null())
        .status();
    if !at_hand.is_ok_and(|status| status.success()) {
        println!("skipped: YAML as PyYAML reads it: there is no python3 with PyYAML");
        return None;
    }
    let mut python = Command::new("python3")
        .args(["-c", PROGRAM])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 begins");
    let mut input = python.stdin.take().expect("it was piped");
    input
        .write_all(serde_json::to_string(texts).expect("it is JSON").as_bytes())
        .expect("it is read");
    drop(input);
    let output = python.wait_with_output().expect("it ends");
    assert!(output.status.success(), "PyYAML ends well");
    Some(serde_json::from_slice(&output.stdout).expect("it is JSON"))
}
