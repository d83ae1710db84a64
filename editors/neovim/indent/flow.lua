-- A line stands two further in than the one before it for every bracket that is open at its end.

if vim.b.did_indent then
  return
end
vim.b.did_indent = true

vim.bo.indentexpr = "v:lua.require'flowmesh.indent'.of(v:lnum)"
vim.bo.indentkeys = "0{,0},0),0],!^F,o,O"
vim.b.undo_indent = "setlocal indentexpr< indentkeys<"
