[(flow) (function) (block) (lambda) (for) (on) (operation) (test_block) (expr_arm) (arm)] @local.scope

(params (field name: (name) @local.definition.variable.parameter))
(heard_name . (name) @local.definition.variable.parameter)
(lambda_head (name) @local.definition.variable.parameter)

(reference) @local.reference
