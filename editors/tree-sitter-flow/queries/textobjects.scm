; As nvim-treesitter-textobjects reads them.

(flow body: (block) @function.inner) @function.outer
(function body: (_) @function.inner) @function.outer
(operation) @function.outer
(on body: (block) @function.inner) @function.outer
(test body: (test_block) @function.inner) @function.outer

[(service) (gateway) (record_type) (enumeration) (policy) (mesh)] @class.outer

(for body: (block) @loop.inner) @loop.outer
(while body: (block) @loop.inner) @loop.outer
[(if) (match) (if_expr) (match_expr)] @conditional.outer
[(try) (deadline) (lock) (limited) (step) (state) (parallel) (race)] @block.outer

(params (field) @parameter.inner)
(arguments (argument) @parameter.inner)
(call_expression) @call.outer
[(comment) (doc_comment) (module_comment)] @comment.outer
