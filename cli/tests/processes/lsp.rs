//! A real editor's way through the server, over standard input and output of the binary.

mod answers;

use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Stdio},
};

/// An editor that talks to the binary.
struct Editor {
    server: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    next: i64,
    /// What the server can.
    offered: Value,
}

impl Editor {
    fn start() -> Self {
        Self::with(&json!({ "processId": null, "rootUri": null, "capabilities": {} }))
    }

    /// One that says of itself what it can.
    fn with(able: &Value) -> Self {
        let mut command = super::common::command(&["lsp"]);
        let mut server = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let to = server.stdin.take().expect("a pipe");
        let from = BufReader::new(server.stdout.take().expect("a pipe"));
        let mut editor = Self {
            server,
            to,
            from,
            next: 0,
            offered: Value::Null,
        };
        editor.offered = editor.ask("initialize", able)["capabilities"].clone();
        assert_eq!(editor.offered["hoverProvider"], true);
        editor.tell("initialized", &json!({}));
        editor
    }

    fn write(&mut self, message: &Value) {
        let text = message.to_string();
        write!(self.to, "Content-Length: {}\r\n\r\n{text}", text.len()).expect("the server listens");
        self.to.flush().expect("the server listens");
    }

    fn read(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert!(
                self.from.read_line(&mut line).expect("the server speaks") > 0,
                "the server has gone"
            );
            if let Some(number) = line.strip_prefix("Content-Length: ") {
                length = number.trim().parse().expect("a number");
            }
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        self.from.read_exact(&mut body).expect("the server speaks");
        serde_json::from_slice(&body).expect("the message is JSON")
    }

    fn tell(&mut self, method: &str, params: &Value) {
        self.write(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    fn ask(&mut self, method: &str, params: &Value) -> Value {
        let answer = self.try_ask(method, params);
        answer.unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// The answer, or what the server says instead.
    fn try_ask(&mut self, method: &str, params: &Value) -> Result<Value, Value> {
        self.next += 1;
        self.write(&json!({ "jsonrpc": "2.0", "id": self.next, "method": method, "params": params }));
        loop {
            let message = self.read();
            if message["id"] == self.next && message.get("method").is_none() {
                return match message.get("error") {
                    Some(error) => Err(error.clone()),
                    None => Ok(message["result"].clone()),
                };
            }
        }
    }

    fn open(&mut self, uri: &str, text: &str) -> Vec<Value> {
        let document = json!({ "uri": uri, "languageId": "flowmesh", "version": 1, "text": text });
        self.tell("textDocument/didOpen", &json!({ "textDocument": document }));
        self.diagnostics(uri)
    }

    fn diagnostics(&mut self, uri: &str) -> Vec<Value> {
        loop {
            let message = self.read();
            if message["method"] == "textDocument/publishDiagnostics" && message["params"]["uri"] == uri {
                return message["params"]["diagnostics"]
                    .as_array()
                    .expect("a list")
                    .clone();
            }
        }
    }

    fn leave(mut self) {
        self.ask("shutdown", &Value::Null);
        self.tell("exit", &Value::Null);
        drop(self.to);
        assert!(self.server.wait().expect("the server ends").success());
    }
}

fn uri(path: &Path) -> String {
    format!(
        "file://{}",
        path.canonicalize().expect("the file is there").display()
    )
}

const WRONG: &str =
    "/// Says hello.\nflow greet(name: string) -> string {\n  return \"\u{1f600}\" + nmae\n}\n";

#[test]
fn an_error_is_shown_and_goes_when_it_is_mended() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("greet.flow");
    fs::write(&file, "").expect("the file is written");
    let uri = uri(&file);
    let mut editor = Editor::start();
    assert_eq!(editor.offered["positionEncoding"], "utf-16");
    let found = editor.open(&uri, WRONG);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0]["source"], "flowmesh");
    assert!(found[0]["code"].as_str().expect("a code").starts_with('F'));
    // The smile is two units of UTF-16.
    assert_eq!(found[0]["range"]["start"], json!({ "line": 2, "character": 16 }));
    let range = json!({ "start": { "line": 2, "character": 16 }, "end": { "line": 2, "character": 20 } });
    editor.tell(
        "textDocument/didChange",
        &json!({ "textDocument": { "uri": uri, "version": 2 }, "contentChanges": [{ "range": range, "text": "name" }] }),
    );
    assert_eq!(editor.diagnostics(&uri), Vec::<Value>::new());
    let place = json!({ "textDocument": { "uri": uri }, "position": { "line": 2, "character": 17 } });
    let hover = editor.ask("textDocument/hover", &place);
    assert!(
        hover["contents"]["value"]
            .as_str()
            .expect("a text")
            .contains("string"),
        "{hover}"
    );
    editor.leave();
}

#[test]
fn a_document_is_formatted() {
    let mut editor = Editor::start();
    let uri = "untitled:Untitled-1";
    editor.open(uri, "flow   greet( )   {\nlog    \"hello\"\n}\n");
    let options = json!({ "tabSize": 2, "insertSpaces": true });
    let edits = editor.ask(
        "textDocument/formatting",
        &json!({ "textDocument": { "uri": uri }, "options": options }),
    );
    assert_eq!(edits[0]["newText"], "flow greet() {\n  log \"hello\"\n}\n");
    editor.leave();
}

#[test]
fn an_unsaved_module_is_seen_by_the_one_that_uses_it() {
    let dir = tempfile::tempdir().expect("a directory");
    let (root, part) = (dir.path().join("main.flow"), dir.path().join("part.flow"));
    fs::write(&root, "").expect("the file is written");
    fs::write(&part, "fn half(x: int) -> int = x / 2\n").expect("the file is written");
    let (root, part) = (uri(&root), uri(&part));
    let mut editor = Editor::start();
    let text = "use part.half\n\nfn quarter(x: int) -> int = half(half(x))\n";
    assert_eq!(editor.open(&root, text), Vec::<Value>::new());
    editor.open(&part, "fn hlaf(x: int) -> int = x / 2\n");
    let document = json!({ "uri": root, "version": 2 });
    editor.tell(
        "textDocument/didChange",
        &json!({ "textDocument": document, "contentChanges": [{ "text": text }] }),
    );
    // One publication came with the opening of the part, one with this change.
    let found = editor.diagnostics(&root);
    assert!(!found.is_empty(), "the unsaved text counts");
    editor.leave();
}
