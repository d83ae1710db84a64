[(flow) (function) (block) (lambda) (for) (on) (operation) (test_block) (expr_arm) (arm)] @local.scope

(params (field name: (name) @local.definition.parameter))
(heard_name . (name) @local.definition.parameter)
(lambda_head (name) @local.definition.parameter)
(let name: (name) @local.definition.var)
(test_let name: (name) @local.definition.var)
(for name: (name) @local.definition.var)
(bind (name) @local.definition.var .)
(flow name: (name) @local.definition.function)
(function name: (name) @local.definition.function)
(record_type name: (name) @local.definition.type)
(enumeration name: (name) @local.definition.type)

(reference) @local.reference
(named_type (name) @local.reference)
