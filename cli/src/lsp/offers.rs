//! What the editor is offered.

use super::{
    client::Client,
    requests::{command, kinds},
};
use flowmesh_frontend::ide::position::Encoding;
use serde_json::{Map, Value, json};

/// The answer to `initialize`.
pub(super) fn to(client: &Client) -> Value {
    let encoding = match client.encoding {
        Encoding::Utf8 => "utf-8",
        Encoding::Utf16 => "utf-16",
    };
    let programs = json!({ "scheme": "file", "pattern": { "glob": "**/*.flow" } });
    let folders = json!({ "scheme": "file", "pattern": { "glob": "**", "matches": "folder" } });
    let mut all = Map::new();
    let mut offer = |name: &str, value: Value| all.insert(name.to_owned(), value);
    offer("positionEncoding", json!(encoding));
    offer(
        "textDocumentSync",
        json!({ "openClose": true, "change": 2, "save": true }),
    );
    for plain in [
        "hoverProvider",
        "definitionProvider",
        "declarationProvider",
        "typeDefinitionProvider",
        "referencesProvider",
        "documentHighlightProvider",
        "documentSymbolProvider",
        "workspaceSymbolProvider",
        "documentFormattingProvider",
        "documentRangeFormattingProvider",
        "inlayHintProvider",
        "foldingRangeProvider",
        "selectionRangeProvider",
        "callHierarchyProvider",
    ] {
        offer(plain, json!(true));
    }
    offer("renameProvider", json!({ "prepareProvider": true }));
    let legend = json!({ "tokenTypes": kinds::TOKENS, "tokenModifiers": kinds::MODIFIERS });
    offer(
        "semanticTokensProvider",
        json!({ "legend": legend, "full": true, "range": true }),
    );
    offer(
        "signatureHelpProvider",
        json!({ "triggerCharacters": ["(", ","] }),
    );
    offer("documentLinkProvider", json!({ "resolveProvider": false }));
    offer("codeLensProvider", json!({ "resolveProvider": true }));
    let actions = [
        "quickfix",
        "refactor.extract",
        "refactor.inline",
        "refactor.rewrite",
        "refactor.generate",
    ];
    offer("codeActionProvider", json!({ "codeActionKinds": actions }));
    if !client.commands {
        offer("executeCommandProvider", json!({ "commands": command::COMMANDS }));
    }
    offer(
        "completionProvider",
        json!({ "triggerCharacters": [".", ":", "{", "(", "\"", "/"], "resolveProvider": true }),
    );
    if client.pulls {
        offer(
            "diagnosticProvider",
            json!({ "identifier": "flowmesh", "interFileDependencies": true, "workspaceDiagnostics": true }),
        );
    }
    offer(
        "workspace",
        json!({
            "workspaceFolders": { "supported": true, "changeNotifications": true },
            "fileOperations": {
                "willRename": { "filters": [programs, folders] },
                "didRename": { "filters": [programs, folders] },
                "didDelete": { "filters": [programs, folders] },
                "didCreate": { "filters": [programs] },
            },
        }),
    );
    json!({
        "capabilities": all,
        "serverInfo": { "name": "flowmesh", "version": env!("CARGO_PKG_VERSION") },
    })
}
