-- Starts the language server and the colours, in whichever way this version of Neovim has.

local M = {}

-- The program: `vim.g.flowmesh_path`, or what `PATH` leads to.
function M.path()
  return vim.g.flowmesh_path or "flowmesh"
end

-- The nearest folder above with one of the marks, else the folder of the file.
local function root(file)
  local own = vim.fn.fnamemodify(file, ":p:h")
  for _, mark in ipairs({ "flowmesh.toml", ".git" }) do
    for _, find in ipairs({ vim.fn.findfile, vim.fn.finddir }) do
      local found = find(mark, own .. ";")
      if found ~= "" then
        return vim.fn.fnamemodify(found, ":p:s?/$??:h")
      end
    end
  end
  return own
end

-- Neovim 0.7 starts clients by hand: one for each folder.
local clients = {}

local function start_client(buffer, config)
  local id = clients[config.root_dir]
  if not (id and vim.lsp.get_client_by_id(id)) then
    id = vim.lsp.start_client(config)
    clients[config.root_dir] = id
  end
  if id then
    vim.lsp.buf_attach_client(buffer, id)
  end
end

local function serve(buffer)
  if vim.lsp.enable then
    vim.lsp.enable("flowmesh")
    return
  end
  local config = {
    name = "flowmesh",
    cmd = { M.path(), "lsp" },
    root_dir = root(vim.api.nvim_buf_get_name(buffer)),
  }
  if vim.lsp.start then
    vim.lsp.start(config, { bufnr = buffer })
  else
    start_client(buffer, config)
  end
end

-- The server, unless `vim.g.flowmesh_server` is false, and the colours of the tree where there is a parser.
function M.attach(buffer)
  if vim.g.flowmesh_server ~= false then
    if vim.fn.executable(M.path()) == 1 then
      serve(buffer)
    else
      vim.notify_once("flowmesh: there is no program `" .. M.path() .. "`", vim.log.levels.WARN)
    end
  end
  require("flowmesh.parser").start(buffer)
end

-- A command of the program on this file, in a terminal below.
function M.run(command, arguments)
  vim.cmd("silent update")
  local line = { M.path(), command, vim.fn.expand("%:p") }
  vim.list_extend(line, arguments)
  vim.cmd("botright 12new")
  vim.fn.termopen(line)
end

return M
