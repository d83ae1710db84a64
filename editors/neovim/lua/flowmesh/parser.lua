-- The tree-sitter parser: compiles it once, and colours by it.

local M = {}

local here = vim.fn.fnamemodify(debug.getinfo(1, "S").source:sub(2), ":p:h")
-- From `editors/neovim/lua/flowmesh` to `editors/tree-sitter-flow/src`.
local source = vim.fn.resolve(here .. "/../../../tree-sitter-flow/src")

-- Where every version of Neovim looks for parsers.
function M.place()
  return vim.fn.stdpath("data") .. "/site/parser/flow.so"
end

-- Compiles the parser with the C compiler of this machine.
function M.build()
  vim.fn.mkdir(vim.fn.fnamemodify(M.place(), ":h"), "p")
  local command = { vim.env.CC or "cc", "-O2", "-fPIC", "-shared", "-std=c11", "-I", source, "-o", M.place() }
  vim.list_extend(command, { source .. "/parser.c", source .. "/scanner.c" })
  local said = vim.fn.system(command)
  if vim.v.shell_error ~= 0 then
    error("flowmesh: the parser cannot be compiled: " .. said)
  end
end

-- Colours a buffer by its tree. Before Neovim 0.8, and without a parser, `syntax/flow.vim` does it by lines.
function M.start(buffer)
  if not vim.treesitter.start or vim.fn.filereadable(M.place()) == 0 then
    return
  end
  -- By its path, since a folder that was made after the start is not searched.
  if vim.treesitter.language.add then
    vim.treesitter.language.add("flow", { path = M.place() })
  else
    vim.treesitter.require_language("flow", M.place())
  end
  vim.treesitter.start(buffer, "flow")
end

return M
