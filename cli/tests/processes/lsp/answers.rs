//! What an editor asks, and what it is answered.

use super::{Editor, uri};
use serde_json::{Value, json};
use std::{fs, path::PathBuf};
use tempfile::TempDir;

const MAIN: &str = r#"//! The shop.

use parts.price
use std.policy.resilient

error Declined(reason: string)

service payments {
  at: "http://127.0.0.1:7002"
  policy: resilient
  /// Takes the money, and has a charge once.
  op charge(order: string, amount: int) fails Declined = PUT "/charges/{order}" {
    on 402: Declined(reason: "no")
  }
}

/// Takes an order.
flow order(id: string, count: int) fails Declined {
  let amount = price(count)
  payments.charge(id, amount)
  log "took {amount}"
}

test "an order is paid" {
  mock payments.charge("1", 20) -> none
  let run = start order("1", 2)
  expect run is done
}
"#;

const PARTS: &str = "/// What some cost.\nfn price(count: int) -> int = count * 10\n";

/// A project in a directory, open in an editor.
struct Desk {
    dir: TempDir,
    editor: Editor,
}

impl Desk {
    fn new(more: &Value) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        fs::write(dir.path().join("flowmesh.toml"), "").expect("a file");
        fs::write(dir.path().join("main.flow"), MAIN).expect("a file");
        fs::write(dir.path().join("parts.flow"), PARTS).expect("a file");
        let mut able = json!({ "processId": null, "rootUri": uri(dir.path()), "capabilities": {} });
        able.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        Self {
            dir,
            editor: Editor::with(&able),
        }
    }

    fn opened() -> Self {
        let mut desk = Self::new(&json!({}));
        let uri = desk.uri("main.flow");
        assert_eq!(desk.editor.open(&uri, MAIN), Vec::<Value>::new());
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().canonicalize().unwrap().join(name)
    }

    fn uri(&self, name: &str) -> String {
        format!("file://{}", self.path(name).display())
    }

    /// Asks at a place of the main file: that of a word, the first after another.
    fn at(&mut self, method: &str, after: &str, word: &str, more: &Value) -> Result<Value, Value> {
        let start = MAIN.find(after).unwrap();
        let place = start + MAIN[start..].find(word).unwrap() + 1;
        let line = MAIN[..place].matches('\n').count();
        let character = place - MAIN[..place].rfind('\n').map_or(0, |at| at + 1);
        let mut params = json!({
            "textDocument": { "uri": self.uri("main.flow") },
            "position": { "line": line, "character": character },
        });
        params
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        self.editor.try_ask(method, &params)
    }

    fn text(&self, place: &Value) -> String {
        let name = place["uri"].as_str().unwrap().rsplit('/').next().unwrap();
        let text = fs::read_to_string(self.path(name)).unwrap();
        let line = text
            .lines()
            .nth(place["range"]["start"]["line"].as_u64().unwrap() as usize);
        format!("{name}: {}", line.unwrap().trim())
    }

    fn texts(&self, places: &Value) -> Vec<String> {
        places
            .as_array()
            .unwrap()
            .iter()
            .map(|place| self.text(place))
            .collect()
    }
}

#[test]
fn names_lead_to_where_they_are_declared_in_other_modules_and_in_the_library_too() {
    let mut desk = Desk::opened();
    let found = desk
        .at("textDocument/definition", "let amount", "price", &json!({}))
        .unwrap();
    assert_eq!(
        desk.texts(&found),
        ["parts.flow: fn price(count: int) -> int = count * 10"]
    );
    let found = desk
        .at(
            "textDocument/definition",
            "policy: resilient",
            "resilient",
            &json!({}),
        )
        .unwrap();
    let library = found[0]["uri"]
        .as_str()
        .unwrap()
        .strip_prefix("file://")
        .unwrap()
        .to_owned();
    assert!(library.ends_with("std/policy.flow"), "{library}");
    assert!(fs::read_to_string(library).unwrap().contains("policy resilient"));
    let found = desk.at(
        "textDocument/references",
        "let amount",
        "amount",
        &json!({ "context": { "includeDeclaration": true } }),
    );
    assert_eq!(
        desk.texts(&found.unwrap()),
        [
            "main.flow: let amount = price(count)",
            "main.flow: payments.charge(id, amount)",
            "main.flow: log \"took {amount}\"",
        ]
    );
    let found = desk.at(
        "textDocument/references",
        "op charge",
        "charge",
        &json!({ "context": { "includeDeclaration": false } }),
    );
    assert_eq!(
        desk.texts(&found.unwrap()),
        [
            "main.flow: payments.charge(id, amount)",
            "main.flow: mock payments.charge(\"1\", 20) -> none"
        ]
    );
    let marks = desk
        .at(
            "textDocument/documentHighlight",
            "let amount",
            "amount",
            &json!({}),
        )
        .unwrap();
    let kinds: Vec<u64> = marks
        .as_array()
        .unwrap()
        .iter()
        .map(|mark| mark["kind"].as_u64().unwrap())
        .collect();
    assert_eq!(kinds, [3, 2, 2]);
    desk.editor.leave();
}

#[test]
fn names_get_others_everywhere_or_not_at_all() {
    let mut desk = Desk::opened();
    let now = desk
        .at("textDocument/prepareRename", "let amount", "price", &json!({}))
        .unwrap();
    assert_eq!(now["placeholder"], "price");
    let edits = desk
        .at(
            "textDocument/rename",
            "let amount",
            "price",
            &json!({ "newName": "cost" }),
        )
        .unwrap();
    let changes = edits["changes"].as_object().unwrap();
    let counts: Vec<(String, usize)> = changes
        .iter()
        .map(|(uri, edits)| {
            (
                uri.rsplit('/').next().unwrap().to_owned(),
                edits.as_array().unwrap().len(),
            )
        })
        .collect();
    assert_eq!(
        counts,
        [("main.flow".to_owned(), 2), ("parts.flow".to_owned(), 1)]
    );
    let refused = desk.at(
        "textDocument/rename",
        "policy: resilient",
        "resilient",
        &json!({ "newName": "mine" }),
    );
    assert!(
        refused.unwrap_err()["message"]
            .as_str()
            .unwrap()
            .contains("library")
    );
    let refused = desk.at(
        "textDocument/rename",
        "let amount",
        "amount",
        &json!({ "newName": "when" }),
    );
    assert!(refused.is_err());
    // A module that gets another name is used under that one.
    let files = json!([{ "oldUri": desk.uri("parts.flow"), "newUri": desk.uri("costs.flow") }]);
    let edits = desk
        .editor
        .ask("workspace/willRenameFiles", &json!({ "files": files }));
    let edit = &edits["changes"][desk.uri("main.flow")][0];
    assert!(edit["newText"].as_str().unwrap().contains("costs"), "{edits}");
    desk.editor.leave();
}

#[test]
fn what_can_stand_at_a_place_is_offered_with_its_words() {
    let mut desk = Desk::opened();
    let found = desk
        .at(
            "textDocument/completion",
            "payments.charge(id",
            "charge",
            &json!({}),
        )
        .unwrap();
    let items = found["items"].as_array().unwrap();
    assert_eq!(items[0]["label"], "charge", "{found}");
    let resolved = desk.editor.ask("completionItem/resolve", &items[0]);
    assert!(
        resolved["documentation"]["value"]
            .as_str()
            .unwrap()
            .contains("charge"),
        "{resolved}"
    );
    // No places to go to for an editor that knows none.
    assert!(
        items
            .iter()
            .all(|item| !item["textEdit"]["newText"].as_str().unwrap().contains("$0"))
    );
    let hover = desk
        .at("textDocument/hover", "let amount", "price", &json!({}))
        .unwrap();
    assert!(
        hover["contents"]["value"]
            .as_str()
            .unwrap()
            .contains("What some cost."),
        "{hover}"
    );
    desk.editor.leave();
}

#[test]
fn texts_have_an_outline_and_projects_have_names() {
    let mut desk = Desk::opened();
    let uri = desk.uri("main.flow");
    let found = desk.editor.ask(
        "textDocument/documentSymbol",
        &json!({ "textDocument": { "uri": uri } }),
    );
    let names: Vec<&str> = found
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    for name in ["Declined", "payments", "order", "an order is paid"] {
        assert!(names.contains(&name), "{names:?}");
    }
    let found = desk.editor.ask("workspace/symbol", &json!({ "query": "pri" }));
    assert_eq!(found[0]["name"], "price");
    assert_eq!(
        desk.text(&found[0]["location"]),
        "parts.flow: fn price(count: int) -> int = count * 10"
    );
    desk.editor.leave();
}

#[test]
fn an_editor_that_asks_for_what_is_wrong_is_told_only_then() {
    let mut desk = Desk::new(&json!({
        "capabilities": {
            "general": { "positionEncodings": ["utf-8", "utf-16"] },
            "textDocument": { "diagnostic": {} },
        },
    }));
    assert_eq!(desk.editor.offered["positionEncoding"], "utf-8");
    assert_eq!(
        desk.editor.offered["diagnosticProvider"]["workspaceDiagnostics"],
        true
    );
    let uri = desk.uri("main.flow");
    let text = MAIN.replace("took {amount}", "\u{1f600} {amuont}");
    let document = json!({ "uri": uri, "languageId": "flowmesh", "version": 1, "text": text });
    desk.editor
        .tell("textDocument/didOpen", &json!({ "textDocument": document }));
    let params = json!({ "textDocument": { "uri": uri } });
    let report = desk.editor.ask("textDocument/diagnostic", &params);
    assert_eq!(report["kind"], "full");
    let found = &report["items"][0];
    // The smile is four bytes.
    assert_eq!(found["range"]["start"]["character"], 13, "{found}");
    let page = found["codeDescription"]["href"]
        .as_str()
        .unwrap()
        .strip_prefix("file://")
        .unwrap()
        .to_owned();
    assert!(
        fs::read_to_string(page)
            .unwrap()
            .starts_with(&format!("# {}", found["code"].as_str().unwrap()))
    );
    let again = json!({ "textDocument": { "uri": uri }, "previousResultId": report["resultId"] });
    assert_eq!(
        desk.editor.ask("textDocument/diagnostic", &again)["kind"],
        "unchanged"
    );
    fs::write(desk.path("wrong.flow"), "fn f() -> int = \"a\"\n").unwrap();
    let all = desk
        .editor
        .ask("workspace/diagnostic", &json!({ "previousResultIds": [] }));
    let counts: Vec<(String, usize)> = all["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|report| {
            let name = report["uri"]
                .as_str()
                .unwrap()
                .rsplit('/')
                .next()
                .unwrap()
                .to_owned();
            (name, report["items"].as_array().unwrap().len())
        })
        .collect();
    assert_eq!(
        counts,
        [
            ("main.flow".to_owned(), 1),
            ("parts.flow".to_owned(), 0),
            ("wrong.flow".to_owned(), 1)
        ]
    );
    desk.editor.leave();
}

#[test]
fn the_flow_under_the_cursor_is_drawn() {
    let mut desk = Desk::opened();
    let picture = desk
        .at("flowmesh/graph", "payments.charge(id", "charge", &json!({}))
        .unwrap();
    assert_eq!(
        (&picture["flow"], &picture["title"]),
        (&json!("order"), &json!("flow order"))
    );
    assert_eq!(picture["current"], "payments.charge");
    let svg = picture["svg"].as_str().unwrap();
    assert!(svg.starts_with("<svg") && svg.contains("data-id=\"payments.charge\""));
    let nodes = picture["nodes"].as_array().unwrap();
    let call = nodes.iter().find(|node| node["id"] == "payments.charge").unwrap();
    assert_eq!(
        desk.text(&call["location"]),
        "main.flow: payments.charge(id, amount)"
    );
    let all = desk
        .at("flowmesh/graph", "error Declined", "Declined", &json!({}))
        .unwrap();
    assert_eq!(
        (&all["flow"], &all["title"]),
        (&Value::Null, &json!("calls of main"))
    );
    desk.editor.leave();
}

#[test]
fn what_is_no_request_of_the_protocol_is_answered_too() {
    let mut desk = Desk::opened();
    let refused = desk
        .editor
        .try_ask("textDocument/hover", &json!({ "textDocument": 7 }))
        .unwrap_err();
    assert_eq!(refused["code"], -32602);
    let refused = desk
        .editor
        .try_ask("textDocument/moniker", &json!({}))
        .unwrap_err();
    assert_eq!(refused["code"], -32601);
    let far = json!({
        "textDocument": { "uri": desk.uri("main.flow") },
        "position": { "line": 4_000_000_000_u64, "character": 4_000_000_000_u64 },
    });
    assert_eq!(desk.editor.ask("textDocument/hover", &far), Value::Null);
    let gone = json!({ "textDocument": { "uri": "file:///nowhere/gone.flow" }, "position": { "line": 0, "character": 0 } });
    for method in [
        "textDocument/hover",
        "textDocument/definition",
        "textDocument/references",
        "flowmesh/graph",
    ] {
        let answer = desk.editor.ask(method, &gone);
        assert!(
            answer.is_null() || answer == json!([]) || method == "flowmesh/graph",
            "{method}: {answer}"
        );
    }
    desk.editor.leave();
}

#[test]
fn a_test_that_never_rests_is_stopped_and_the_server_goes_on() {
    let mut desk = Desk::opened();
    let text = "flow f() {\n  for i in 0..1000000000 { sleep 1s }\n}\n\ntest \"t\" {\n  let run = start f()\n  advance 20000d\n  expect run is done\n}\n";
    let uri = desk.uri("long.flow");
    assert_eq!(desk.editor.open(&uri, text), Vec::<Value>::new());
    let params = json!({ "command": "flowmesh.test", "arguments": [uri, "t"] });
    let results = desk.editor.ask("workspace/executeCommand", &params);
    assert_eq!(results[0]["passed"], false, "{results}");
    let hover = desk.at("textDocument/hover", "let amount", "price", &json!({}));
    assert!(hover.unwrap().is_object());
    desk.editor.leave();
}
