-- Files of the flowmesh language.

vim.api.nvim_create_autocmd({ "BufRead", "BufNewFile" }, {
  pattern = "*.flow",
  command = "setfiletype flow",
})
