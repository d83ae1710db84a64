; What stands behind `matches` is a regular expression.
((chain "matches" . (text (chars) @injection.content))
  (#set! injection.language "regex"))

([(doc_comment) (module_comment)] @injection.content
  (#set! injection.language "comment"))
