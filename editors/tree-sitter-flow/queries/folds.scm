[
  (block) (fields) (settings) (enumeration) (service) (gateway) (migrate) (route) (zones) (operation_body) (test_block)
  (match) (match_expr) (await_arms) (record) (list) (arguments) (params)
] @fold
