"""The editor server, driven by a client that holds every answer to the protocol's own types.

FLOWMESH=target/debug/flowmesh pytest editors/client
"""

import asyncio
import os

import pytest
import pytest_lsp
from lsprotocol import types as lsp
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities
from shop import MAIN, PARTS, Project, changed

SERVER = os.environ.get("FLOWMESH", "flowmesh")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "flowmesh.toml").write_text("")
    (tmp_path / "main.flow").write_text(MAIN)
    (tmp_path / "parts.flow").write_text(PARTS)
    return tmp_path


@pytest_lsp.fixture(
    params=["neovim", "visual-studio-code", "emacs"],
    config=ClientServerConfig(server_command=[SERVER, "lsp"]),
)
async def client(request, lsp_client: LanguageClient, folder):
    lsp_client.capabilities = client_capabilities(request.param)

    @lsp_client.feature(lsp.CLIENT_REGISTER_CAPABILITY)
    def _register(params):
        return None

    params = lsp.InitializeParams(
        capabilities=lsp_client.capabilities,
        workspace_folders=[lsp.WorkspaceFolder(uri=folder.as_uri(), name="shop")],
        root_uri=folder.as_uri(),
    )
    await lsp_client.initialize_session(params)
    yield
    await lsp_client.shutdown_session()


@pytest.fixture
def project(client, folder):
    project = Project(client, folder)
    project.open()
    return project


def pulls(project):
    return project.client.capabilities.text_document.diagnostic is not None


async def findings(project, some=False, name="main.flow"):
    """What is wrong, as the editor learns it: when there is something, or nothing any more."""
    if pulls(project):
        params = lsp.DocumentDiagnosticParams(text_document=project.document(name))
        report = await project.client.text_document_diagnostic_async(params)
        return report.items
    # What was told of the text before may come first.
    while True:
        await project.client.wait_for_notification("textDocument/publishDiagnostics")
        found = project.client.diagnostics.get(project.uri(name), [])
        if bool(found) == some:
            return found


async def comes(is_so, look):
    """Whether something comes to be so: what others have is looked at when nothing else is to be done."""
    for _ in range(8):
        if is_so(await look()):
            return True
        await asyncio.sleep(0.8)
    return False


def edits_of(action):
    """The edits of an action, whichever form they have."""
    edits = [edit for change in action.edit.document_changes or [] for edit in change.edits]
    return edits + [edit for of in (action.edit.changes or {}).values() for edit in of]


async def test_what_is_wrong_is_told_with_its_code_and_taken_back(project):
    assert not await findings(project)
    project.change(MAIN.replace("took {amount}", "took {amuont}"), 2)
    (found,) = await findings(project, some=True)
    assert found.severity == lsp.DiagnosticSeverity.Error and found.code.startswith("F")
    assert found.code_description.href.startswith("file://")
    project.change(MAIN, 3)
    assert not await findings(project)


async def test_unused_names_are_pale(project):
    project.change(MAIN.replace("log \"took {amount}\"", "let unused = 1"), 2)
    found = await findings(project, some=True)
    assert any(lsp.DiagnosticTag.Unnecessary in (one.tags or []) for one in found), found


async def test_hover_says_what_holds(project):
    hover = await project.client.text_document_hover_async(project.place(lsp.HoverParams, "let amount", "price"))
    assert "What some cost." in hover.contents.value
    hover = await project.client.text_document_hover_async(
        project.place(lsp.HoverParams, "payments.charge(id", "charge")
    )
    assert "attempt" in hover.contents.value


async def test_completion_is_ranked_and_resolved(project):
    params = project.place(lsp.CompletionParams, "payments.charge(id", "charge")
    offered = await project.client.text_document_completion_async(params)
    first = offered.items[0]
    assert first.label == "charge"
    resolved = await project.client.completion_item_resolve_async(first)
    assert "Takes the money" in resolved.documentation.value


async def test_completion_takes_a_name_of_another_module_with_its_use(project):
    text = MAIN.replace("use parts.price\n", "")
    project.change(text, 2)
    position = project.at("let amount = ", "price", text)
    params = lsp.CompletionParams(text_document=project.document(), position=position)
    offered = await project.client.text_document_completion_async(params)
    price = next(item for item in offered.items if item.label == "price")
    assert any("use parts.price" in edit.new_text for edit in price.additional_text_edits), price


async def test_signature_help_marks_the_parameter(project):
    params = project.place(lsp.SignatureHelpParams, "payments.charge(id, ", "amount")
    help_ = await project.client.text_document_signature_help_async(params)
    (signature,) = help_.signatures
    active = help_.active_parameter if help_.active_parameter is not None else signature.active_parameter
    start, end = signature.parameters[active].label
    assert "amount" in signature.label[start:end]


async def test_names_lead_to_their_declarations_and_types(project):
    def first(found):
        return found[0] if isinstance(found, (list, tuple)) else found

    found = first(
        await project.client.text_document_definition_async(project.place(lsp.DefinitionParams, "let amount", "price"))
    )
    uri = getattr(found, "target_uri", None) or found.uri
    assert uri == project.uri("parts.flow")
    library = first(
        await project.client.text_document_definition_async(
            project.place(lsp.DefinitionParams, "policy: resilient", "resilient")
        )
    )
    uri = getattr(library, "target_uri", None) or library.uri
    assert uri.endswith("std/policy.flow")


async def test_references_are_found_in_flows_gateways_and_tests(project):
    context = lsp.ReferenceContext(include_declaration=False)
    params = project.place(lsp.ReferenceParams, "flow order", "order", context=context)
    found = await project.client.text_document_references_async(params)
    lines = [project.line(one.range) for one in found]
    for line in ["order(id, 2)", 'POST "/orders/{id}" -> order(id, count: 1)', 'let run = start order("1", 2)']:
        assert line in lines, lines


async def test_highlights_tell_reads_from_writes(project):
    params = project.place(lsp.DocumentHighlightParams, "let amount", "amount")
    found = await project.client.text_document_document_highlight_async(params)
    assert [one.kind for one in found] == [
        lsp.DocumentHighlightKind.Write,
        lsp.DocumentHighlightKind.Read,
        lsp.DocumentHighlightKind.Read,
    ]


async def test_rename_goes_everywhere_or_is_refused(project):
    params = project.place(lsp.PrepareRenameParams, "let amount", "price")
    assert (await project.client.text_document_prepare_rename_async(params)).placeholder == "price"
    params = project.place(lsp.RenameParams, "let amount", "price", new_name="cost")
    edit = await project.client.text_document_rename_async(params)
    edits = {}
    for change in edit.document_changes or []:
        edits[change.text_document.uri] = change.edits
    edits.update(edit.changes or {})
    assert "fn cost(" in changed(PARTS, edits[project.uri("parts.flow")])
    text = changed(MAIN, edits[project.uri("main.flow")])
    assert "use parts.cost" in text and "let amount = cost(count)" in text
    with pytest.raises(Exception, match="library"):
        await project.client.text_document_rename_async(
            project.place(lsp.RenameParams, "policy: resilient", "resilient", new_name="mine")
        )


async def test_files_that_get_other_names_are_used_under_those(project):
    file = lsp.FileRename(old_uri=project.uri("parts.flow"), new_uri=project.uri("costs.flow"))
    edit = await project.client.workspace_will_rename_files_async(lsp.RenameFilesParams(files=[file]))
    edits = [edit_ for change in edit.document_changes or [] for edit_ in change.edits]
    edits += [edit_ for of in (edit.changes or {}).values() for edit_ in of]
    assert "use costs.price" in changed(MAIN, edits)


async def test_symbols_of_a_document_and_of_the_workspace(project):
    params = lsp.DocumentSymbolParams(text_document=project.document())
    names = [one.name for one in await project.client.text_document_document_symbol_async(params)]
    assert {"payments", "order", "front", "an order is paid"} <= set(names)
    found = await project.client.workspace_symbol_async(lsp.WorkspaceSymbolParams(query="price"))
    assert found[0].name == "price" and found[0].location.uri == project.uri("parts.flow")


async def test_hints_say_types_and_times(project):
    whole = lsp.Range(start=lsp.Position(0, 0), end=lsp.Position(200, 0))
    params = lsp.InlayHintParams(text_document=project.document(), range=whole)
    hints = await project.client.text_document_inlay_hint_async(params)
    labels = [hint.label for hint in hints]
    assert any("int" in label for label in labels), labels
    assert any("attempt" in label for label in labels), labels


async def test_tokens_follow_the_legend(project):
    params = lsp.SemanticTokensParams(text_document=project.document())
    tokens = await project.client.text_document_semantic_tokens_full_async(params)
    legend = project.client.protocol
    assert legend and len(tokens.data) % 5 == 0
    line = column = 0
    words = []
    for at in range(0, len(tokens.data), 5):
        down, right, length = tokens.data[at : at + 3]
        line, column = line + down, right if down else column + right
        words.append(MAIN.splitlines()[line][column : column + length])
    assert "flow" in words and "payments" in words and "price" in words
    whole = lsp.Range(start=lsp.Position(0, 0), end=lsp.Position(5, 0))
    params = lsp.SemanticTokensRangeParams(text_document=project.document(), range=whole)
    part = await project.client.text_document_semantic_tokens_range_async(params)
    assert 0 < len(part.data) < len(tokens.data) and tokens.data[: len(part.data)] == part.data


async def test_folds_selections_and_links(project):
    params = lsp.FoldingRangeParams(text_document=project.document())
    folds = await project.client.text_document_folding_range_async(params)
    lines = MAIN.splitlines()
    assert any(lines[fold.start_line].startswith("flow order") for fold in folds)
    params = lsp.SelectionRangeParams(text_document=project.document(), positions=[project.at("let amount", "amount")])
    (selection,) = await project.client.text_document_selection_range_async(params)
    sizes = []
    while selection:
        sizes.append((selection.range.end.line - selection.range.start.line, selection.range.end.character))
        selection = selection.parent
    assert len(sizes) > 3 and sizes[0][0] == 0 and sizes[-1][0] > 10
    params = lsp.DocumentLinkParams(text_document=project.document())
    targets = [link.target for link in await project.client.text_document_document_link_async(params)]
    assert project.uri("parts.flow") in targets and "https://example.com/orders" in targets


async def test_calls_are_followed_both_ways(project):
    params = project.place(lsp.CallHierarchyPrepareParams, "flow order", "order")
    (item,) = await project.client.text_document_prepare_call_hierarchy_async(params)
    incoming = await project.client.call_hierarchy_incoming_calls_async(lsp.CallHierarchyIncomingCallsParams(item=item))
    assert {"again", "front"} <= {call.from_.name for call in incoming}
    outgoing = await project.client.call_hierarchy_outgoing_calls_async(lsp.CallHierarchyOutgoingCallsParams(item=item))
    assert any("charge" in call.to.name for call in outgoing)


async def test_lenses_run_test_and_count(project):
    params = lsp.CodeLensParams(text_document=project.document())
    lenses = await project.client.text_document_code_lens_async(params)
    titles = {lens.command.title for lens in lenses if lens.command}
    assert {"run", "test", "explore"} <= titles
    open_ = [lens for lens in lenses if not lens.command]
    resolved = [await project.client.code_lens_resolve_async(lens) for lens in open_]
    of_order = [lens for lens in resolved if project.line(lens.range).startswith("flow order")]
    assert "reference" in of_order[0].command.title


async def test_a_test_is_carried_out_by_a_command(project):
    params = lsp.ExecuteCommandParams(command="flowmesh.test", arguments=[project.uri("main.flow"), "an order is paid"])
    (result,) = await project.client.workspace_execute_command_async(params)
    assert result["passed"] is True, result


async def test_an_action_mends_what_is_wrong(project):
    text = MAIN.replace("took {amount}", "took {amuont}")
    project.change(text, 2)
    found = await findings(project, some=True)
    params = lsp.CodeActionParams(
        text_document=project.document(),
        range=found[0].range,
        context=lsp.CodeActionContext(diagnostics=found),
    )
    actions = await project.client.text_document_code_action_async(params)
    fix = next(action for action in actions if action.kind == lsp.CodeActionKind.QuickFix)
    assert changed(text, edits_of(fix)) == MAIN
    assert fix.diagnostics and fix.diagnostics[0].code == found[0].code


async def test_a_warning_is_ignored_by_an_action_that_says_why(project):
    text = MAIN.replace('log "took {amount}"', "let unused = 1")
    project.change(text, 2)
    found = [one for one in await findings(project, some=True) if one.code == "F0407"]
    params = lsp.CodeActionParams(
        text_document=project.document(),
        range=found[0].range,
        context=lsp.CodeActionContext(diagnostics=found),
    )
    actions = await project.client.text_document_code_action_async(params)
    ignore = next(action for action in actions if action.title == "ignore F0407 here")
    meant = changed(text, edits_of(ignore))
    assert "  // ignore F0407: why this is meant\n  let unused = 1\n" in meant
    project.change(meant, 3)
    assert not await findings(project)
    project.change(meant.replace("F0407: why", "F: why"), 4)
    position = project.at("// ignore F", ": why", meant.replace("F0407: why", "F: why"))
    position = lsp.Position(position.line, position.character - 1)
    params = lsp.CompletionParams(text_document=project.document(), position=position)
    offered = await project.client.text_document_completion_async(params)
    assert offered.items[0].label == "F0407" and "never read" in offered.items[0].detail


async def test_names_of_modules_that_come_and_go_are_offered(project):
    text = MAIN.replace("price(count)", "pric(count)")
    project.change(text, 2)
    params = lsp.CompletionParams(
        text_document=project.document(), position=project.at("let amount", "pric", text)
    )

    async def offered():
        found = await project.client.text_document_completion_async(params)
        return {item.label for item in found.items}

    assert "price_of_all" not in await offered()
    (project.folder / "more.flow").write_text("fn price_of_all(count: int) -> int = count\n")
    change = lsp.FileEvent(uri=project.uri("more.flow"), type=lsp.FileChangeType.Created)
    project.client.workspace_did_change_watched_files(lsp.DidChangeWatchedFilesParams(changes=[change]))
    assert await comes(lambda names: "price_of_all" in names, offered)
    (project.folder / "more.flow").unlink()
    change = lsp.FileEvent(uri=project.uri("more.flow"), type=lsp.FileChangeType.Deleted)
    project.client.workspace_did_change_watched_files(lsp.DidChangeWatchedFilesParams(changes=[change]))
    assert await comes(lambda names: "price_of_all" not in names, offered)


async def test_formatting_of_all_and_of_a_part(project):
    text = MAIN.replace("  let amount = price(count)", "  let   amount=price( count )")
    project.change(text, 2)
    options = lsp.FormattingOptions(tab_size=2, insert_spaces=True)
    params = lsp.DocumentFormattingParams(text_document=project.document(), options=options)
    assert changed(text, await project.client.text_document_formatting_async(params)) == MAIN
    line = text[: text.index("let   amount")].count("\n")
    part = lsp.Range(start=lsp.Position(line, 0), end=lsp.Position(line + 1, 0))
    params = lsp.DocumentRangeFormattingParams(text_document=project.document(), range=part, options=options)
    assert changed(text, await project.client.text_document_range_formatting_async(params)) == MAIN


async def test_the_picture_of_a_flow_follows_what_is_typed(project):
    def params():
        return {"textDocument": {"uri": project.uri("main.flow")}, "position": {"line": 22, "character": 4}}

    picture = await project.client.protocol.send_request_async("flowmesh/graph", params())
    assert picture.flow == "order" and picture.svg.startswith("<svg")
    project.change(MAIN.replace('  log "took {amount}"', '  log "took {amount}"\n  sleep 1h'), 2)
    picture = await project.client.protocol.send_request_async("flowmesh/graph", params())
    assert "sleep" in [node.id for node in picture.nodes]


async def test_texts_that_are_nowhere_and_files_that_go(project):
    item = lsp.TextDocumentItem(uri="untitled:Untitled-1", language_id="flow", version=1, text="flow f() {\n  log x\n}\n")
    project.client.text_document_did_open(lsp.DidOpenTextDocumentParams(text_document=item))
    document = lsp.TextDocumentIdentifier(uri="untitled:Untitled-1")
    params = lsp.DocumentSymbolParams(text_document=document)
    assert [one.name for one in await project.client.text_document_document_symbol_async(params)] == ["f"]
    (project.folder / "parts.flow").unlink()
    change = lsp.FileEvent(uri=project.uri("parts.flow"), type=lsp.FileChangeType.Deleted)
    project.client.workspace_did_change_watched_files(lsp.DidChangeWatchedFilesParams(changes=[change]))
    hover = await project.client.text_document_hover_async(project.place(lsp.HoverParams, "flow order", "order"))
    assert hover is not None
