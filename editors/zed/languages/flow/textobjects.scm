(flow body: (block) @function.inside) @function.around
(function body: (_) @function.inside) @function.around
(operation) @function.around
(on body: (block) @function.inside) @function.around
(test body: (test_block) @function.inside) @function.around
[(service) (gateway) (record_type) (enumeration) (policy) (mesh)] @class.around
[(comment) (doc_comment) (module_comment)]+ @comment.around
