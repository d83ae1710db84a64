; As nvim-treesitter reads them.

[
  (block) (fields) (settings) (enumeration) (service) (gateway) (migrate) (route) (zones) (operation_body) (test_block)
  (match) (match_expr) (await_arms) (record) (value_block) (list) (arguments) (params) (paren)
] @indent.begin

["}" ")" "]"] @indent.branch @indent.end
(text) @indent.ignore
