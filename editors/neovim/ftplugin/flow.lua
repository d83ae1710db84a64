-- What holds in every buffer with a program, and its language server.

if vim.b.did_ftplugin then
  return
end
vim.b.did_ftplugin = true

vim.bo.commentstring = "// %s"
vim.bo.comments = "://!,:///,://"
vim.bo.shiftwidth = 2
vim.bo.expandtab = true
vim.b.undo_ftplugin = "setlocal commentstring< comments< shiftwidth< expandtab<"

require("flowmesh").attach(vim.api.nvim_get_current_buf())
