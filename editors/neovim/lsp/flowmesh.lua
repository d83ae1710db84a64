-- The language server, for `vim.lsp.enable("flowmesh")` of Neovim 0.11 and later.

return {
  cmd = { vim.g.flowmesh_path or "flowmesh", "lsp" },
  filetypes = { "flow" },
  root_markers = { "flowmesh.toml", ".git" },
}
