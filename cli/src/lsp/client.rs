//! What the editor can, as it says at the beginning.

use super::uri;
use flowmesh_frontend::ide::position::Encoding;
use serde_json::Value;
use std::path::PathBuf;

/// What an editor can, and what it wants.
#[derive(Clone, Debug, Default)]
pub(super) struct Client {
    /// What columns count.
    pub(super) encoding: Encoding,
    /// Whether it takes places to go to in what it writes.
    pub(super) snippets: bool,
    /// Whether it takes where a link begins.
    pub(super) links: bool,
    /// Whether it takes edits by the version of a text.
    pub(super) versions: bool,
    /// Whether it asks for what is wrong, so that it need not be told.
    pub(super) pulls: bool,
    /// Whether it can watch files for the server.
    pub(super) watches: bool,
    /// Whether it shows Markdown under the cursor, and beside what is offered.
    pub(super) markdown: (bool, bool),
    /// Whether it has the commands of lenses itself.
    pub(super) commands: bool,
    /// Where a server of runs is, for lenses that lead to its runs.
    pub(super) server: Option<String>,
    /// The folders that are open.
    pub(super) roots: Vec<PathBuf>,
}

impl Client {
    /// As the parameters of `initialize` say it.
    pub(super) fn of(params: &Value) -> Self {
        let can = |place: &str| params.pointer(&format!("/capabilities/{place}"));
        let is = |place: &str| can(place).and_then(Value::as_bool) == Some(true);
        let listed = |place: &str, word: &str| {
            let list = can(place).and_then(Value::as_array);
            list.is_some_and(|list| list.iter().any(|one| one == word))
        };
        let folders = params.get("workspaceFolders").and_then(Value::as_array);
        let folders = folders
            .into_iter()
            .flatten()
            .filter_map(|folder| folder.get("uri"));
        let mut roots: Vec<PathBuf> = folders.filter_map(Value::as_str).filter_map(uri::path).collect();
        if roots.is_empty() {
            let root = params.get("rootUri").and_then(Value::as_str);
            roots.extend(root.and_then(uri::path));
        }
        let wanted = |name: &str| params.pointer(&format!("/initializationOptions/{name}"));
        Self {
            encoding: match listed("general/positionEncodings", "utf-8") {
                true => Encoding::Utf8,
                false => Encoding::Utf16,
            },
            snippets: is("textDocument/completion/completionItem/snippetSupport"),
            links: is("textDocument/definition/linkSupport"),
            versions: is("workspace/workspaceEdit/documentChanges"),
            pulls: can("textDocument/diagnostic").is_some(),
            watches: is("workspace/didChangeWatchedFiles/dynamicRegistration"),
            markdown: (
                listed("textDocument/hover/contentFormat", "markdown"),
                listed(
                    "textDocument/completion/completionItem/documentationFormat",
                    "markdown",
                ),
            ),
            commands: wanted("commands").and_then(Value::as_bool) == Some(true),
            server: wanted("server")
                .and_then(Value::as_str)
                .filter(|server| !server.is_empty())
                .map(str::to_owned),
            roots,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Client;
    use flowmesh_frontend::ide::position::Encoding;
    use serde_json::json;

    #[test]
    fn what_nothing_is_said_of_an_editor_cannot() {
        let client = Client::of(&json!({ "capabilities": {}, "rootUri": "file:///tmp/a" }));
        assert_eq!(
            (client.encoding, client.snippets, client.pulls),
            (Encoding::Utf16, false, false)
        );
        assert_eq!(client.roots, [std::path::PathBuf::from("/tmp/a")]);
    }

    #[test]
    fn bytes_are_counted_where_the_editor_can() {
        let can = json!({
            "capabilities": { "general": { "positionEncodings": ["utf-16", "utf-8"] } },
            "workspaceFolders": [{ "uri": "file:///a" }, { "uri": "file:///b" }],
        });
        let client = Client::of(&can);
        assert_eq!((client.encoding, client.roots.len()), (Encoding::Utf8, 2));
    }
}
