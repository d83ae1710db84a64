; Colours. No node is caught by two patterns, since editors differ in which of two wins.

; ---- Comments and literals

(comment) @comment
[(doc_comment) (module_comment)] @comment.documentation
(text ["\"" "\"\"\""] @string)
(chars) @string
(hole ["{" "}"] @punctuation.special)
(number) @number
(constant) @constant.builtin
(any_pattern) @constant.builtin

; ---- Words

["flow" "fn" "op"] @keyword.function
["type" "enum" "error" "event"] @keyword.type
["use"] @keyword.import
[
  "service" "gateway" "policy" "config" "secret" "schedule" "mesh" "migrate" "test" "allow" "deny" "route" "from" "to"
  "fails" "key" "on" "produces" "produced" "stream" "subset" "where" "at"
] @keyword
["let" "var" "signal" "transient" "view" "state" "step" "goto" "tag" "emit" "log" "shift" "restart" "cancel"] @keyword
["if" "else" "match" "when"] @keyword.conditional
["for" "while"] @keyword.repeat
[(break) (continue)] @keyword.repeat
["parallel" "race" "spawn" "start" "await" "sleep" "until" "after" "lock" "limit" "within"] @keyword.coroutine
(forever) @keyword.coroutine
["try" "finally" "catch" "fail" "undo"] @keyword.exception
["return"] @keyword.return
["with" "cache"] @keyword
["and" "or" "not" "in" "has" "matches" "of" "as"] @keyword.operator
["mock" "then" "status" "once" "twice" "times" "send" "advance" "expect" "always" "least" "most" "spans" "is" "before"
  "returns" "logs"] @keyword
[(attempted) (answer_never) (crash)] @keyword
(count "never" @keyword)
[(binding) (gateway_method)] @keyword

; ---- Signs

["->" "=>" "=" "==" "!=" "<" "<=" ">" ">=" "+" "-" "*" "/" "%" ".." "??" "?"] @operator
["." "?." "," ":"] @punctuation.delimiter
(paren ["(" ")"] @punctuation.bracket)
(arguments ["(" ")"] @punctuation.bracket)
(params ["(" ")"] @punctuation.bracket)
(lambda_head ["(" ")"] @punctuation.bracket)
(heard_names ["(" ")"] @punctuation.bracket)
(binds ["(" ")"] @punctuation.bracket)
(produced ["(" ")"] @punctuation.bracket)
(list ["[" "]"] @punctuation.bracket)
(list_type ["[" "]"] @punctuation.bracket)
(index_expression ["[" "]"] @punctuation.bracket)
(block ["{" "}"] @punctuation.bracket)
(fields ["{" "}"] @punctuation.bracket)
(settings ["{" "}"] @punctuation.bracket)
(enumeration ["{" "}"] @punctuation.bracket)
(service ["{" "}"] @punctuation.bracket)
(gateway ["{" "}"] @punctuation.bracket)
(migrate ["{" "}"] @punctuation.bracket)
(route ["{" "}"] @punctuation.bracket)
(zones ["{" "}"] @punctuation.bracket)
(operation_body ["{" "}"] @punctuation.bracket)
(test_block ["{" "}"] @punctuation.bracket)
(match ["{" "}"] @punctuation.bracket)
(match_expr ["{" "}"] @punctuation.bracket)
(await_arms ["{" "}"] @punctuation.bracket)
(record ["{" "}"] @punctuation.bracket)
(value_block ["{" "}"] @punctuation.bracket)
(map_type ["{" "}"] @punctuation.bracket)

; ---- Names

(flow name: (name) @function)
(function name: (name) @function)
(operation name: (name) @function)
(record_type name: (name) @type)
(enumeration name: (name) @type)
(error name: (name) @type)
(event name: (name) @type)
(fails (name) @type)
(named_type (name) @type)
(case name: (name) @constant)
[
  (service name: (name) @module)
  (gateway name: (name) @module)
  (policy name: (name) @module)
  (schedule name: (name) @module)
  (migrate name: (name) @module)
]
(import (name) @module)
(config name: (name) @constant)
(secret name: (name) @constant)
(field name: (name) @property)
(setting name: (name) @property)
(entry name: (name) @property)
(argument name: (name) @property)
(signal name: (name) @label)
(on name: (name) @label)
(view name: (name) @label)
(state name: (name) @label)
(step name: (name) @label)
(goto (name) @label)
(let name: (name) @variable)
(assign name: (name) @variable)
(for name: (name) @variable)
(lambda_head (name) @variable.parameter)
(heard_name (name) @variable.parameter)
(catch (name) @type)
(awaited_event . (name) @type)
(case_pattern (name) @constant)

((call_expression function: (reference) @function.call) (#match? @function.call "^[a-z_]"))
((call_expression function: (reference) @constructor) (#match? @constructor "^[A-Z]"))
(call_expression function: (member_expression name: (name) @function.method))
(call_expression function: (optional_member_expression name: (name) @function.method))
