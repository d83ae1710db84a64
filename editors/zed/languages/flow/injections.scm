; What stands behind `matches` is a regular expression.
((chain "matches" . (text (chars) @injection.content))
  (#set! injection.language "regex"))
