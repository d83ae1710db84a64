(flow body: (block) @function.inside) @function.around
(function body: (_) @function.inside) @function.around
(operation) @function.around
(on body: (block) @function.inside) @function.around

(test body: (test_block) @test.inside) @test.around

[(service) (gateway) (record_type) (enumeration) (policy) (mesh)] @class.around

(params (field) @parameter.inside)
(arguments (argument) @parameter.inside)
(entry) @entry.around
(setting) @entry.around

[(comment) (doc_comment) (module_comment)] @comment.inside
[(comment) (doc_comment) (module_comment)]+ @comment.around
