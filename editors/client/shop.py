"""A project in a directory, and places in its texts."""

from lsprotocol import types

MAIN = '''//! The shop.

use parts.price
use std.policy.resilient

error Declined(reason: string)

enum Payment { Card(number: string), Cash }

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

flow again(id: string) fails Declined {
  order(id, 2)
}

gateway front {
  listen: "http://127.0.0.1:8080"
  POST "/orders/{id}" -> order(id, count: 1)
}

// See https://example.com/orders for more.
allow anyone to order, payments

test "an order is paid" {
  mock payments.charge("1", 20) -> none
  let run = start order("1", 2)
  expect run is done
}
'''

PARTS = "/// What some cost.\nfn price(count: int) -> int = count * 10\n"


class Project:
    """The project and its client."""

    def __init__(self, client, folder):
        self.client, self.folder = client, folder

    def uri(self, name):
        return (self.folder / name).as_uri()

    def document(self, name="main.flow"):
        return types.TextDocumentIdentifier(uri=self.uri(name))

    def open(self, name="main.flow", text=MAIN):
        item = types.TextDocumentItem(uri=self.uri(name), language_id="flow", version=1, text=text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(text_document=item))

    def change(self, text, version, name="main.flow"):
        document = types.VersionedTextDocumentIdentifier(uri=self.uri(name), version=version)
        whole = types.TextDocumentContentChangeWholeDocument(text=text)
        params = types.DidChangeTextDocumentParams(text_document=document, content_changes=[whole])
        self.client.text_document_did_change(params)

    def at(self, after, word, text=MAIN):
        """The place within the first such word after some text."""
        offset = text.index(word, text.index(after)) + 1
        before = text[:offset]
        return types.Position(line=before.count("\n"), character=offset - before.rfind("\n") - 1)

    def place(self, kind, after, word, **more):
        return kind(text_document=self.document(), position=self.at(after, word), **more)

    def line(self, range_, name="main.flow"):
        text = MAIN if name == "main.flow" else (self.folder / name).read_text()
        return text.splitlines()[range_.start.line].strip()


def changed(text, edits):
    """A text with edits made; the last comes first, so that places stay."""
    lines = text.splitlines(keepends=True)

    def offset(position):
        return sum(len(line) for line in lines[: position.line]) + position.character

    for edit in sorted(edits, key=lambda edit: offset(edit.range.start), reverse=True):
        text = text[: offset(edit.range.start)] + edit.new_text + text[offset(edit.range.end) :]
    return text
