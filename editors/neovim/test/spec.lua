-- Run inside of Neovim by `test.sh`: a program with an error is opened, read, mended and laid out.

local LONG = 60000
local folder = vim.env.FLOWMESH_FOLDER
local checks = 0

local function check(fact, words)
  checks = checks + 1
  if not fact then
    error(words, 2)
  end
end

local function wait(words, fact)
  check(vim.wait(LONG, fact, 20), "waited for nothing: " .. words)
end

local function lines()
  return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), "\n")
end

local function open(name, text)
  local path = folder .. "/" .. name
  vim.fn.writefile(vim.split(text, "\n"), path)
  vim.cmd("edit " .. path)
end

local function diagnostics()
  open("wrong.flow", "flow total(price: int) -> int {\n  return prize * 2\n}")
  check(vim.bo.filetype == "flow", "the file type is " .. vim.bo.filetype)
  check(vim.bo.commentstring == "// %s", "comments are not set")
  wait("the diagnostic", function()
    return #vim.diagnostic.get(0) == 1
  end)
  local found = vim.diagnostic.get(0)[1]
  check(found.lnum == 1 and found.col == 9, vim.inspect(found))
  check(found.message:find("unknown name `prize`", 1, true), found.message)
  check(found.code == "F0204" or found.user_data.lsp.code == "F0204", vim.inspect(found))
  vim.api.nvim_buf_set_lines(0, 1, 2, false, { "  return price * 2" })
  wait("the diagnostic to go", function()
    return #vim.diagnostic.get(0) == 0
  end)
end

local function hover()
  vim.api.nvim_win_set_cursor(0, { 2, 10 })
  vim.lsp.buf.hover()
  local text
  wait("the hover", function()
    for _, window in ipairs(vim.api.nvim_list_wins()) do
      if vim.api.nvim_win_get_config(window).relative ~= "" then
        local buffer = vim.api.nvim_win_get_buf(window)
        text = table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), "\n")
        return true
      end
    end
  end)
  check(text:find("int", 1, true), text)
end

local function layout()
  vim.api.nvim_buf_set_lines(0, 1, 2, false, { "return   price*2" })
  if vim.lsp.buf.format then
    vim.lsp.buf.format({ timeout_ms = LONG })
  else
    vim.lsp.buf.formatting_sync(nil, LONG)
  end
  check(lines() == "flow total(price: int) -> int {\n  return price * 2\n}", lines())
end

local function indentation()
  open("indent.flow", "flow a() {\nlog \"b {c}\"\nif x {\nlog \"d\"\n}\n}")
  vim.cmd("silent normal! gg=G")
  check(lines() == "flow a() {\n  log \"b {c}\"\n  if x {\n    log \"d\"\n  }\n}", lines())
end

-- What `flowmesh fmt` lays out is not moved.
local function example()
  vim.cmd("edit " .. vim.env.FLOWMESH_EXAMPLE)
  local before = lines()
  vim.cmd("silent normal! gg=G")
  local after = vim.split(lines(), "\n")
  for number, line in ipairs(vim.split(before, "\n")) do
    check(after[number] == line, ("line %d was moved: %s"):format(number, after[number]))
  end
  vim.cmd("edit!")
end

local function group_at(line, column)
  return vim.fn.synIDattr(vim.fn.synID(line, column, 1), "name")
end

local function syntax()
  open("syntax.flow", "flow a(x: Order) {\n  log \"b {x.id}\" // c\n}")
  vim.cmd("syntax on")
  vim.cmd("setlocal syntax=flow")
  check(group_at(1, 1) == "flowDeclaration", group_at(1, 1))
  check(group_at(1, 11) == "flowType", group_at(1, 11))
  check(group_at(2, 8) == "flowText", group_at(2, 8))
  check(group_at(2, 19) == "flowComment", group_at(2, 19))
end

-- Only where this version colours by trees.
local function tree()
  if not vim.treesitter.start then
    print("skipped: this version of Neovim has no `vim.treesitter.start`")
    return
  end
  vim.cmd("FlowmeshParser")
  open("tree.flow", "flow a(x: Order) {\n  step step \"b\" { log \"{x.id}\" }\n}")
  local parser = vim.treesitter.get_parser(0, "flow")
  local root = parser:parse()[1]:root()
  check(root:type() == "module" and not root:has_error(), root:type())
  check(vim.treesitter.highlighter.active[vim.api.nvim_get_current_buf()], "there are no colours")
  local function captures(line, column)
    local found = vim.treesitter.get_captures_at_pos(0, line, column)
    return table.concat(vim.tbl_map(function(one) return one.capture end, found), " ")
  end
  check(captures(0, 0) == "keyword.function", captures(0, 0))
  check(captures(0, 10):find("type", 1, true), captures(0, 10))
  check(captures(1, 2) == "keyword", captures(1, 2))
  check(captures(1, 7) == "label", captures(1, 7))
end

local ok, why = xpcall(function()
  diagnostics()
  hover()
  layout()
  indentation()
  example()
  syntax()
  tree()
end, debug.traceback)
if not ok then
  io.stdout:write("failed: " .. tostring(why) .. "\n")
  vim.cmd("cquit 1")
end
local version = vim.version()
io.stdout:write(("Neovim %d.%d: %d checks hold\n"):format(version.major, version.minor, checks))
vim.cmd("quitall!")
