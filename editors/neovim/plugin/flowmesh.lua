-- Commands; what else there is begins with the first program that is opened.

if vim.g.loaded_flowmesh then
  return
end
vim.g.loaded_flowmesh = true

vim.api.nvim_create_user_command("FlowmeshParser", function()
  require("flowmesh.parser").build()
end, { desc = "Compile the tree-sitter parser of the flowmesh language" })

vim.api.nvim_create_user_command("FlowmeshTest", function(given)
  local filter = given.args ~= "" and { "--filter", given.args } or {}
  require("flowmesh").run("test", filter)
end, { nargs = "?", desc = "Test this program, or its tests with this text in their title" })

vim.api.nvim_create_user_command("FlowmeshCheck", function()
  require("flowmesh").run("check", {})
end, { desc = "Check this program" })
