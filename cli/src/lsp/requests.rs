//! What the editor asks, each with who answers it.

mod act;
pub(super) mod command;
mod complete;
mod edit;
mod graph;
mod hierarchy;
pub(super) mod kinds;
mod names;
mod outline;
mod show;
mod text;

pub(super) use complete::MOST;

use super::{findings, state::State};
use lsp_server::{ErrorCode, Message, Request, Response};
use serde_json::Value;

/// Answers a request, and says what is to be told beside.
pub(super) fn answer(state: &mut State, request: Request) -> Vec<Message> {
    let Request { id, method, params } = request;
    let params = &params;
    let mut beside = Vec::new();
    let answer = match method.as_str() {
        "textDocument/hover" => show::hover(state, params),
        "textDocument/definition" | "textDocument/declaration" => names::definition(state, params),
        "textDocument/typeDefinition" => names::type_definition(state, params),
        "textDocument/references" => names::references(state, params),
        "textDocument/documentHighlight" => names::highlights(state, params),
        "textDocument/prepareRename" => names::prepare_rename(state, params),
        "textDocument/rename" => names::rename(state, params),
        "workspace/willRenameFiles" => names::files_moved(state, params),
        "textDocument/completion" => complete::complete(state, params),
        "completionItem/resolve" => Ok(complete::resolve(state, params)),
        "textDocument/signatureHelp" => complete::signature(state, params),
        "textDocument/semanticTokens/full" | "textDocument/semanticTokens/range" => {
            text::tokens(state, params)
        }
        "textDocument/inlayHint" => text::hints(state, params),
        "textDocument/foldingRange" => text::folds(state, params),
        "textDocument/selectionRange" => text::selections(state, params),
        "textDocument/documentLink" => text::links(state, params),
        "textDocument/prepareCallHierarchy" => hierarchy::prepare(state, params),
        "callHierarchy/incomingCalls" => hierarchy::incoming(state, params),
        "callHierarchy/outgoingCalls" => hierarchy::outgoing(state, params),
        "textDocument/codeAction" => act::actions(state, params),
        "textDocument/codeLens" => act::lenses(state, params),
        "codeLens/resolve" => Ok(act::resolved(state, params)),
        "workspace/executeCommand" => {
            let (answer, messages) = command::execute(state, params);
            beside = messages;
            answer
        }
        "textDocument/rangeFormatting" => edit::part(state, params),
        "textDocument/formatting" => edit::formatting(state, params),
        "textDocument/documentSymbol" => outline::document(state, params),
        "workspace/symbol" => outline::workspace(state, params),
        "textDocument/diagnostic" => findings::asked(state, params),
        "workspace/diagnostic" => Ok(findings::everywhere(state, params)),
        "flowmesh/graph" => graph::graph(state, params),
        _ => {
            let code = ErrorCode::MethodNotFound as i32;
            return vec![Response::new_err(id, code, format!("`{method}` is not spoken here")).into()];
        }
    };
    let response = match answer {
        Ok(value) => Response::new_ok(id, value),
        Err(why) => Response::new_err(id, ErrorCode::InvalidParams as i32, why),
    };
    beside.push(response.into());
    beside
}

/// An answer, or why there can be none.
type Answer = Result<Value, String>;
