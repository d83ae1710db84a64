[
  (block) (fields) (settings) (enumeration) (service) (gateway) (migrate) (route) (zones) (operation_body) (test_block)
  (match) (match_expr) (await_arms) (record) (value_block) (list) (arguments) (params) (paren)
] @indent

["}" ")" "]"] @outdent

; What follows a call stands below it, further in.
[(let) (assign) (expr_statement) (return) (await)] @indent
